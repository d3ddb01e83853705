import { isAbsolute } from 'node:path'
import { type BecomeMethod, becomeMethods, isUserName } from '../../model/become.ts'
import type { SourceLine } from '../../model/errors.ts'
import type { BecomeSettings, ConnectionSettings, SshSettings } from '../../model/inventory.ts'
import { Secret } from '../../util/secret.ts'
import { suggest } from '../../util/suggest.ts'
import { refused } from './refuse.ts'
import { type SshArgs, sshArgs } from './ssh-args.ts'
import { isTemplate } from './values.ts'

/** A var of a host with the line that counts. */
export interface HostVar {
  readonly value: unknown
  readonly at: SourceLine
  readonly templated: boolean
}
type HostVars = ReadonlyMap<string, HostVar>

/** How a host is reached, by its `ansible_*` vars. */
export interface ReadConnection {
  readonly connection: ConnectionSettings
  /** Setting of the connection → the var that gives it. */
  readonly setBy: ReadonlyMap<string, string>
  /** Vars that Ansible has a use for and Rollcall has not, and that change what happens. */
  readonly ignored: readonly string[]
  /** Arguments of ssh that are left out. */
  readonly leftOut: readonly string[]
}

/** Where Ansible knows several names the last one wins, if more than one is set. */
const names = {
  address: ['ansible_host', 'ansible_ssh_host'],
  port: ['ansible_port', 'ansible_ssh_port'],
  user: ['ansible_user', 'ansible_ssh_user'],
  password: ['ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'],
  identityFile: ['ansible_private_key_file', 'ansible_ssh_private_key_file'],
  timeout: ['ansible_timeout', 'ansible_ssh_timeout'],
  connection: ['ansible_connection'],
  becomeMethod: ['ansible_become_method'],
} as const
const args = ['ansible_ssh_common_args', 'ansible_ssh_extra_args', 'ansible_ssh_args']

/** Passwords in clear are secrets from here on, wherever a var of these names stands. */
export function holdsPassword(name: string): boolean {
  return /^ansible_(?:\w+_)?(?:password|pass|passphrase)$/.test(name)
}

/** How Ansible itself works on a host: of no meaning here, and nobody misses it. */
const silent =
  /^ansible_(?:(?:\w+_)?interpreter|(?:ssh_)?pipelining|ssh_transfer_method|(?:scp|sftp)_\w+|module_compression|ssh_(?:retries|use_tty|executable|common_args|extra_args|args)|control_path\w*|remote_tmp|async_dir|become|facts_\w+|python_\w+)$/

/** Whether a var is nothing but a setting of the connection, or means something to Ansible alone that nobody misses. */
export function isConnectionVar(name: string): boolean {
  const methods = becomeMethods.flatMap((method) => [...userVars(method), ...passwordVars(method)])
  return silent.test(name) || [...Object.values(names).flat(), ...methods].includes(name)
}

/**
 * @throws RollcallError for what Rollcall cannot do: another kind of connection, another program to become root, a value that only
 * Ansible's templates would give.
 */
export function connectionOf(host: string, vars: HostVars): ReadConnection {
  const used = new Set<string>(args)
  const given = (aliases: readonly string[]): { readonly name: string; readonly value: unknown; readonly at: SourceLine } | undefined => {
    for (const alias of aliases) used.add(alias)
    const name = aliases.findLast((alias) => vars.get(alias) !== undefined && vars.get(alias)!.value !== null)
    if (name === undefined) return undefined
    const { value, at, templated } = vars.get(name)!
    if (templated) throw templatedSetting(host, name, value, at)
    return { name, value, at }
  }
  const text = (aliases: readonly string[]): string | undefined => {
    const found = given(aliases)
    if (found === undefined || found.value === '') return undefined
    if (typeof found.value !== 'string' && typeof found.value !== 'number')
      throw refused(`${found.name} of host '${host}' is no text`, 'Give it one.', found.at)
    return String(found.value)
  }
  const whole = (aliases: readonly string[], fallback?: string): number | undefined => {
    const said = text(aliases) ?? fallback
    if (said === undefined) return undefined
    if (/^[0-9]{1,5}$/.test(said)) return Number(said)
    throw refused(`${aliases[0]} of host '${host}' is '${said}'`, 'It is a whole number.', given(aliases)?.at)
  }
  const secret = (aliases: readonly string[]): Secret | undefined => {
    const value = given(aliases)?.value
    if (value instanceof Secret || value === undefined) return value
    return new Secret(String(value))
  }

  const become = becomeOf(host, given, secret)
  const kind = kindOf(host, given(names.connection))
  const own = become.becomeMethod ?? 'sudo'
  const aliases = {
    ...names,
    connectTimeoutSeconds: names.timeout,
    type: names.connection,
    becomeUser: userVars(own),
    becomePassword: passwordVars(own),
  }
  const setters = Object.entries(aliases).map(([setting, each]) => [setting, given(each)?.name] as const)
  const { found, leftOut } = argsOf(host, vars)
  const address = text(names.address)
  const port = whole(names.port, found.port)
  const user = text(names.user) ?? found.user
  const identityFile = text(names.identityFile) ?? found.identityFile
  const password = secret(names.password)
  const timeout = whole(names.timeout, found.connectTimeout)
  const ssh: SshSettings = {
    type: 'ssh',
    ...(address !== undefined && { address }),
    ...(port !== undefined && { port }),
    ...(user !== undefined && { user }),
    ...(identityFile !== undefined && { identityFile }),
    ...(password !== undefined && { password }),
    ...(found.knownHostsFiles && { knownHostsFiles: found.knownHostsFiles }),
    ...(found.hostKeyAlias !== undefined && { hostKeyAlias: found.hostKeyAlias }),
    ...(found.proxyJump !== undefined && { proxyJump: found.proxyJump }),
    ...(timeout !== undefined && { connectTimeoutSeconds: timeout }),
    ...become,
  }
  const other = (): ConnectionSettings => {
    if (kind === 'local') return { type: 'local', ...become }
    const as = { ...(user !== undefined && { user }), ...become }
    // Ansible takes the address, else the host's name, for the container or the directory.
    if (kind === 'docker' || kind === 'podman')
      return { type: 'container', program: kind, ...(address !== undefined && { container: address }), ...as }
    const directory = address ?? host
    if (!isAbsolute(directory))
      throw refused(
        `the directory of host '${host}' is '${directory}'`,
        'Give its directory, from / on: ansible_host=/srv/jail',
        (given(names.address) ?? given(names.connection))?.at,
      )
    return { type: kind, directory, ...as }
  }
  return {
    connection: kind === 'ssh' ? ssh : other(),
    setBy: new Map(setters.flatMap(([setting, name]) => (name === undefined ? [] : [[setting, name]]))),
    ignored: [...vars.keys()].filter((name) => name.startsWith('ansible_') && !used.has(name) && !silent.test(name)),
    leftOut: kind === 'ssh' ? leftOut : [],
  }
}

const userVars = (method: string) => ['ansible_become_user', `ansible_${method}_user`]
const passwordVars = (method: string) => ['ansible_become_password', 'ansible_become_pass', `ansible_${method}_pass`]

type Given = (aliases: readonly string[]) => { readonly name: string; readonly value: unknown; readonly at: SourceLine } | undefined

/** Collections that bring what they are named for: `containers.podman.podman`. */
const collections = /^(?:ansible\.(?:builtin|legacy)|community\.(?:docker|general)|containers\.podman)\./

function kindOf(host: string, given: ReturnType<Given>): 'ssh' | 'local' | 'docker' | 'podman' | 'chroot' | 'nspawn' {
  const said = given === undefined ? 'smart' : String(given.value).replace(collections, '')
  if (['smart', 'ssh', 'paramiko', 'paramiko_ssh', 'libssh'].includes(said)) return 'ssh'
  if (said === 'local' || said === 'docker' || said === 'podman' || said === 'chroot' || said === 'nspawn') return said
  const meant = suggest(said, ['ssh', 'local', 'smart', 'docker', 'podman', 'chroot', 'nspawn'])
  throw refused(
    `host '${host}' is to be reached by '${said}'`,
    meant
      ? `Did you mean '${meant}'?`
      : 'Rollcall reaches hosts by ssh, containers (docker, podman), directories (chroot, nspawn), and the controller itself (local): leave this host out of the inventory.',
    given!.at,
  )
}

function becomeOf(host: string, given: Given, secret: (aliases: readonly string[]) => Secret | undefined): BecomeSettings {
  const said = given(names.becomeMethod)
  const method = said === undefined ? undefined : String(said.value).replace(/^(?:ansible\.builtin|community\.general)\./, '')
  if (method !== undefined && !(becomeMethods as readonly string[]).includes(method)) {
    const meant = suggest(method, becomeMethods)
    throw refused(
      `host '${host}' has ${said!.name} '${method}'`,
      meant ? `Did you mean '${meant}'?` : `Rollcall becomes another user by ${becomeMethods.join(', ')}.`,
      said!.at,
    )
  }
  const own = method ?? 'sudo'
  const user = given(userVars(own))
  if (user !== undefined && !isUserName(user.value))
    throw refused(`${user.name} of host '${host}' cannot be the name of a user`, "Name one, such as 'postgres'.", user.at)
  const password = secret(passwordVars(own))
  return {
    ...(method !== undefined && { becomeMethod: method as BecomeMethod }),
    ...(user !== undefined && { becomeUser: user.value as string }),
    ...(password !== undefined && { becomePassword: password }),
  }
}

function argsOf(host: string, vars: HostVars): { readonly found: SshArgs; readonly leftOut: readonly string[] } {
  let found: SshArgs = { leftOut: [] }
  const leftOut: string[] = []
  for (const name of args) {
    const given = vars.get(name)
    if (given === undefined || given.value === null || given.value === '') continue
    if (given.templated) throw templatedSetting(host, name, given.value, given.at)
    try {
      const parsed = sshArgs(String(given.value))
      leftOut.push(...parsed.leftOut)
      found = { ...parsed, ...found }
    } catch (cause) {
      throw refused(
        `${name} of host '${host}' has what Rollcall cannot pass on: ${(cause as Error).message}`,
        'Put it into ~/.ssh/config, where Rollcall and ssh both look, and take it out here. What a host may say by itself are ansible_host, ansible_port, ansible_user, ansible_ssh_private_key_file.',
        given.at,
        cause,
      )
    }
  }
  return { found, leftOut }
}

function templatedSetting(host: string, name: string, value: unknown, at: SourceLine): Error {
  const shown = typeof value === 'string' && isTemplate(value) && !holdsPassword(name) ? `: ${value}` : ''
  return refused(
    `${name} of host '${host}' is a template, and Rollcall knows no Jinja${shown}`,
    'Write the value itself, on each host where they differ; or take the inventory over into TypeScript, where a value may be computed:\nrollcall inventory import …',
    at,
  )
}
