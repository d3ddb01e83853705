import { isDeepStrictEqual } from 'node:util'
import { mask } from '../util/redact.ts'
import { Secret } from '../util/secret.ts'
import { suggest } from '../util/suggest.ts'
import { hostKeyProblem } from './host-key.ts'
import type { NewSet } from './host-set.ts'
import type { ConnectionSettings, GivenConnection, HostRecord, InventoryModel, Vars } from './inventory.ts'

/** A host as a task asks to add it. */
export interface AskedHost {
  readonly set: NewSet
  readonly name: string
  readonly address?: string
  readonly privateIp?: string
  readonly publicIp?: string
  readonly hostKeys: readonly string[]
  readonly vars: Vars
  readonly connection?: GivenConnection | 'local'
}

/** Why a host cannot be added. */
export class NotAdded extends Error {
  override readonly name = 'NotAdded'
  readonly fix: string
  constructor(message: string, fix: string) {
    super(message)
    this.fix = fix
  }
}

export const hostName = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/

/**
 * The record that a host would have in an inventory: the vars of `all` and of the groups it is like, its own over them.
 * @throws NotAdded for a name that is taken, for vars that no group declares or that have another type, and for a way that is none.
 */
export function newRecord(asked: AskedHost, inventory: InventoryModel): HostRecord {
  const { set, name, privateIp, publicIp, vars, connection } = asked
  refuseName(asked, inventory)
  const groups = [...set.like, ...groupsAbove(set.like, inventory)]
  if (privateIp === undefined) refuseWithoutPrivateIp(name, groups, inventory)
  if (!inventory.resolve) throw new NotAdded('No host can be added to an inventory of this kind', 'Declare it in the inventory.')
  const given = {
    groups: set.like,
    vars,
    ...(privateIp !== undefined && { privateIp }),
    ...(publicIp !== undefined && { publicIp }),
    ...(connection && { connection }),
  }
  const record = inventory.resolve(name, given, (detail, fix) => {
    throw new NotAdded(`Host '${name}' cannot be added: ${detail}`, fix)
  })
  refuseVars(vars, record)
  return { ...record, groups, connection: wayOf(asked, record.connection) }
}

/** The inventory with one host more, at the end of each of its groups. */
export function withHost(inventory: InventoryModel, record: HostRecord): InventoryModel {
  const groups = new Map(inventory.groups)
  for (const group of new Set(['all', ...record.groups])) groups.set(group, [...(groups.get(group) ?? []), record.name])
  return { ...inventory, hosts: new Map([...inventory.hosts, [record.name, record]]), groups }
}

/** What differs between two requests to add one host; undefined where nothing does. */
export function differenceOf(one: AskedHost, other: AskedHost): string | undefined {
  if (one.set !== other.set) return 'to'
  const keys = ['address', 'privateIp', 'publicIp', 'hostKeys', 'connection'] as const
  const field = keys.find((key) => !isDeepStrictEqual(comparable(one[key]), comparable(other[key])))
  if (field) return field === 'hostKeys' ? 'hostKey' : field
  const names = new Set([...Object.keys(one.vars), ...Object.keys(other.vars)])
  const differs = [...names].find((name) => !isDeepStrictEqual(comparable(one.vars[name]), comparable(other.vars[name])))
  return differs === undefined ? undefined : `vars.${differs}`
}

/** Two secrets look alike to everybody who may not reveal them. */
function comparable(value: unknown): unknown {
  if (value instanceof Secret) return { secret: value.reveal() }
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, comparable(inner)]))
}

function refuseName({ set, name }: AskedHost, { hosts, groups }: InventoryModel): void {
  if (!hostName.test(name)) throw new NotAdded(`'${name}' cannot be a host name`, 'Use letters, digits, dots, dashes and underscores.')
  if (hosts.has(name))
    throw new NotAdded(
      `The inventory has a host '${name}' already`,
      'What it declares of a host holds for the whole run: name it in the hosts of a play, or give the new host another name.',
    )
  if (groups.has(name) || name === set.name)
    throw new NotAdded(`'${name}' is the name of ${groups.has(name) ? 'a group' : 'these new hosts'}`, 'Give the host another name.')
}

/** Templates read a private address of every host of a group whose hosts all declare one. */
function refuseWithoutPrivateIp(name: string, groups: readonly string[], { hosts, groups: members }: InventoryModel): void {
  const relying = [...groups, 'all'].find((group) => members.get(group)?.every((host) => hosts.get(host)?.privateIp !== undefined))
  if (relying === undefined) return
  throw new NotAdded(
    `Host '${name}' has no private address, and each host of '${relying}' has one`,
    'Templates may read it of every host: give privateIp.',
  )
}

/** Groups that these are in. */
function groupsAbove(groups: readonly string[], { children }: InventoryModel): readonly string[] {
  const above = new Set<string>()
  const climb = (group: string) => {
    for (const [parent, below] of children ?? [])
      if (below.includes(group) && parent !== 'all' && !above.has(parent) && !groups.includes(parent)) {
        above.add(parent)
        climb(parent)
      }
  }
  for (const group of groups) climb(group)
  return [...above]
}

function refuseVars(vars: Vars, { varLevels }: HostRecord): void {
  const declared = new Map(
    [...(varLevels ?? [])].flatMap(([name, levels]) => {
      const level = levels.findLast((one) => one.level === 'all' || one.level === 'group')
      return level ? [[name, level.value] as const] : []
    }),
  )
  for (const [name, value] of Object.entries(vars)) {
    if (!declared.has(name)) {
      const meant = suggest(name, [...declared.keys()])
      throw new NotAdded(
        `No var '${name}' is declared by the groups of the new host`,
        meant ? `Did you mean '${meant}'?` : `They declare: ${[...declared.keys()].join(', ') || 'none'}.`,
      )
    }
    const wrong = misfit(value, declared.get(name), name)
    if (wrong) throw new NotAdded(`A var of the new host has another type than its group declares: ${wrong}`, 'Give one of that type.')
  }
}

/** Where a value is of another kind than the one that the inventory declares; undefined where it fits. */
function misfit(value: unknown, declared: unknown, path: string): string | undefined {
  if (typeof value === 'string' && value.includes(mask)) return `${path} holds the word ${mask}: pass the Secret itself`
  if (declared === undefined || declared === null) return undefined
  if (kindOf(value) !== kindOf(declared)) return `${path} is ${kindOf(value)}, not ${kindOf(declared)}`
  if (Array.isArray(declared) && declared.length > 0)
    return (value as readonly unknown[])
      .map((item, at) => {
        const wrongs = declared.map((one) => misfit(item, one, `${path}[${at}]`))
        return wrongs.includes(undefined) ? undefined : wrongs[0]
      })
      .find((wrong) => wrong !== undefined)
  if (kindOf(declared) !== 'an object') return undefined
  return Object.entries(declared)
    .map(([key, inner]) => misfit((value as Vars)[key], inner, `${path}.${key}`))
    .find((wrong) => wrong !== undefined)
}

function kindOf(value: unknown): string {
  if (value instanceof Secret) return 'a secret'
  if (value === undefined || value === null) return String(value)
  if (Array.isArray(value)) return 'a list'
  return { string: 'text', number: 'a number', boolean: 'true or false', object: 'an object' }[typeof value as string] ?? typeof value
}

/** The way to the host: as its groups say, or as it says itself, with the address and the keys that the task has learnt. */
function wayOf({ name, address, privateIp, hostKeys }: AskedHost, connection: ConnectionSettings): ConnectionSettings {
  if (connection.type === 'ssh') {
    const settings = { ...connection, ...(address !== undefined && { address }), ...(hostKeys.length > 0 && { hostKey: hostKeys }) }
    const wrong = hostKeyProblem(settings)
    if (wrong) throw new NotAdded(`Host '${name}' cannot be added: ${wrong.detail}`, wrong.fix)
    return settings
  }
  if (connection.type === 'lab' && privateIp === undefined)
    throw new NotAdded(`Lab host '${name}' has no private address`, 'The lab reaches its hosts there: give privateIp.')
  if (address === undefined && hostKeys.length === 0) return connection
  const given = address === undefined ? 'hostKey' : 'address'
  throw new NotAdded(
    `${given} of '${name}' is for hosts reached by ssh(), and its connection is ${connection.type}`,
    connection.type === 'lab' ? 'The lab knows the keys of its hosts and reaches them at privateIp.' : 'Give connection: ssh().',
  )
}
