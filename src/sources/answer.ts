import { becomeProblem } from '../dsl/become.ts'
import type { HostDefinition } from '../dsl/inventory-types.ts'
import type { GivenConnection } from '../model/inventory.ts'
import type { HostSource } from '../model/sourced.ts'
import { holdsSecret, Secret } from '../util/secret.ts'
import { suggest } from '../util/suggest.ts'
import { ansibleHosts, isAnsibleList } from './ansible-list.ts'

/** What is wrong with an answer. */
export interface WrongAnswer {
  readonly detail: string
  readonly fix: string
  readonly keys: readonly (string | number)[]
}
/** Ends the reading of an answer. */
export type Refuse = (wrong: WrongAnswer) => never

export interface ReadAnswer {
  readonly hosts: { readonly [name: string]: HostDefinition }
  /** Whether a value in it is secret: then it is never kept. */
  readonly secret: boolean
}

type Data = { readonly [key: string]: unknown }
const isObject = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret)

const hostKeys = ['groups', 'privateIp', 'publicIp', 'vars', 'connection', 'facts']
const shared = { becomeMethod: 'string', becomeUser: 'string', becomePassword: 'secret' } as const
const settings: { readonly [type: string]: { readonly [key: string]: 'string' | 'number' | 'secret' | 'strings' } } = {
  ssh: {
    ...shared,
    transport: 'string',
    address: 'string',
    port: 'number',
    user: 'string',
    identityFile: 'string',
    password: 'secret',
    knownHostsFiles: 'strings',
    hostKeyAlias: 'string',
    connectTimeoutSeconds: 'number',
    controlPersistSeconds: 'number',
  },
  lab: { ...shared, kind: 'string', user: 'string', controlPersistSeconds: 'number' },
  local: shared,
}

/** Reads the answer of a source: everything that is not expected is refused. What `groups` says is checked with the inventory. */
export function readAnswer(value: unknown, source: HostSource, declared: readonly string[], refuse: Refuse): ReadAnswer {
  const secrets = new Set(source.secrets)
  const hide = (inner: unknown, keys: WrongAnswer['keys']): Secret => {
    if (inner instanceof Secret) return inner
    if (typeof inner !== 'string') refuse({ detail: `${where(keys)} is to be secret, and is no text`, fix: 'A Secret holds text.', keys })
    return new Secret(inner as string)
  }
  const answer = isAnsibleList(value) ? { hosts: ansibleHosts(value, refuse) } : value
  if (!isObject(answer) || !isObject(answer.hosts))
    refuse({ detail: `it is no object with 'hosts'`, fix: 'It looks so: { "hosts": { "web-1": { "groups": ["web"] } } }', keys: [] })
  unknownKey(answer as Data, ['hosts'], 'the answer', [], refuse)
  const hosts = Object.entries((answer as { hosts: Data }).hosts).map(([name, given]) => {
    const keys = ['hosts', name]
    if (!isObject(given)) refuse({ detail: `host '${name}' is no object`, fix: 'Write { } where there is nothing to say of it.', keys })
    const host = given as Data
    unknownKey(host, hostKeys, `host '${name}'`, keys, refuse)
    const groups = textList(host.groups ?? [], [...keys, 'groups'], refuse)
    const vars = host.vars ?? {}
    if (!isObject(vars))
      refuse({ detail: `the vars of host '${name}' are no object`, fix: 'Write "vars": { "port": 80 }.', keys: [...keys, 'vars'] })
    const connection = host.connection === undefined ? undefined : readConnection(host.connection, name, hide, refuse)
    const definition: HostDefinition = {
      groups: source.otherGroups === 'ignore' ? groups.filter((group) => declared.includes(group)) : groups,
      vars: Object.fromEntries(
        Object.entries(vars as Data).map(([key, inner]) => [key, secrets.has(key) ? hide(inner, [...keys, 'vars', key]) : inner]),
      ),
      ...(host.privateIp !== undefined && { privateIp: host.privateIp as string }),
      ...(host.publicIp !== undefined && { publicIp: host.publicIp as string }),
      ...(connection && { connection }),
      ...(host.facts !== undefined && { facts: factsOf(host.facts, name, refuse) }),
    }
    return [name, definition] as const
  })
  const read = Object.fromEntries(hosts)
  return { hosts: read, secret: holdsSecret(read) }
}

const where = (keys: WrongAnswer['keys']) => `'${keys.slice(2).join('.')}' of host '${keys[1]}'`

function unknownKey(given: Data, known: readonly string[], what: string, keys: WrongAnswer['keys'], refuse: Refuse): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue
    const meant = suggest(key, known)
    refuse({
      detail: `${what} has '${key}', which is no setting`,
      fix: meant ? `Did you mean '${meant}'?` : `There are: ${known.join(', ')}.`,
      keys: [...keys, key],
    })
  }
}

function textList(value: unknown, keys: WrongAnswer['keys'], refuse: Refuse): readonly string[] {
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value as readonly string[]
  return refuse({ detail: `${where(keys)} is no list of names`, fix: 'Write ["web", "db"].', keys })
}

function factsOf(value: unknown, name: string, refuse: Refuse): NonNullable<HostDefinition['facts']> {
  if (isObject(value) && Object.values(value).every(isObject)) return value as NonNullable<HostDefinition['facts']>
  return refuse({
    detail: `the facts of host '${name}' are no families`,
    fix: 'Write "facts": { "hardware": { "memoryMb": 512 } }.',
    keys: ['hosts', name, 'facts'],
  })
}

function readConnection(
  value: unknown,
  name: string,
  hide: (inner: unknown, keys: WrongAnswer['keys']) => Secret,
  refuse: Refuse,
): GivenConnection {
  const keys = ['hosts', name, 'connection']
  if (value === 'local') return { type: 'local' }
  if (!isObject(value))
    return refuse({ detail: `the connection of host '${name}' is no object`, fix: `Write { "address": "…" }, or "local".`, keys })
  const { type = 'ssh', ...given } = value
  const known = settings[String(type)]
  if (!known)
    return refuse({
      detail: `the connection of host '${name}' is of type '${String(type)}'`,
      fix: `There are: ${Object.keys(settings).join(', ')}.`,
      keys: [...keys, 'type'],
    })
  unknownKey(given, Object.keys(known), `the connection of host '${name}'`, keys, refuse)
  const read = Object.entries(given).map(([key, inner]) => {
    const kind = known[key]!
    const fits =
      kind === 'strings'
        ? Array.isArray(inner) && inner.every((each) => typeof each === 'string')
        : kind === 'secret' || typeof inner === kind
    if (!fits)
      refuse({
        detail: `'${key}' of the connection of host '${name}' is ${JSON.stringify(inner)}`,
        fix: `It is a ${kind === 'strings' ? 'list of texts' : kind === 'string' ? 'text' : kind}.`,
        keys: [...keys, key],
      })
    return [key, kind === 'secret' ? hide(inner, [...keys, key]) : inner] as const
  })
  const { becomeMethod: method, becomeUser: user } = given
  const wrong = becomeProblem({ ...(method !== undefined && { method }), ...(user !== undefined && { user }) })
  if (wrong) refuse({ ...wrong, keys })
  return { type, ...Object.fromEntries(read) } as GivenConnection
}
