import { homedir, userInfo } from 'node:os'
import type { Secret } from '../util/secret.ts'
import { readSshConfig } from './ssh-config-file.ts'
import { lookUp, type SshConfigValues } from './ssh-config-lookup.ts'
import type { SshConfig } from './ssh-config-parse.ts'
import { methodsOf, numberOf, refuseBeyondUs, saysYes, secondsOf } from './ssh-config-values.ts'
import { resolveVia, type WayOptions } from './ssh-config-way.ts'
import { expandPath, expandTokens, pathTokens } from './ssh-tokens.ts'
import type { SettingOrigin, SshTarget } from './target.ts'

/** What an inventory may declare about the way to a host; all of it wins over `~/.ssh/config`. */
export interface DeclaredTarget {
  readonly host: string
  readonly address?: string | undefined
  /** Used when neither `address` nor the configuration names one; the host's name otherwise. */
  readonly fallbackAddress?: string | undefined
  readonly port?: number | undefined
  readonly user?: string | undefined
  readonly identityFile?: string | undefined
  readonly identityPassphrase?: Secret | undefined
  readonly password?: Secret | undefined
  readonly knownHostsFiles?: readonly string[] | undefined
  readonly hostKey?: string | readonly string[] | undefined
  readonly hostKeyAlias?: string | undefined
  readonly connectTimeoutSeconds?: number | undefined
  readonly connectRetries?: number | undefined
  /** Where neither that nor the configuration says. */
  readonly usualRetries?: number | undefined
  /** As ssh_config writes it; a host of it may be one of `jumpHosts`. `none` is none, whatever the configuration says. */
  readonly proxyJump?: string | undefined
  /** How the hosts of the inventory are logged in to that `proxyJump` may name. */
  readonly jumpHosts?: ReadonlyMap<string, () => Promise<SshTarget>> | undefined
  /** A host that is in no file is let in and noted down. */
  readonly acceptNewHostKeys?: boolean | undefined
}

/** Tried again so often where nobody says: a server that is busy for a moment is no dead host. */
const presetRetries = 2
const defaultKeys = ['id_ed25519', 'id_ecdsa', 'id_rsa']

/**
 * Decides where and how to log in: declared settings, then those of an ssh_config (of `~/.ssh/config` and the system's when none is
 * given), then OpenSSH's defaults.
 * @throws RollcallError for what the configuration asks and only the transport `openssh` can do: going another way than
 * the one that is written there would be a surprise.
 */
export async function resolveTarget(declared: DeclaredTarget, config?: readonly SshConfig[], way: WayOptions = {}): Promise<SshTarget> {
  const files = config ?? (await readSshConfig())
  const { host } = declared
  const values = lookUp(files, host, declared.address ?? declared.fallbackAddress, {
    user: declared.user,
    proxyJump: declared.proxyJump,
  })
  refuseBeyondUs(values, host)

  const user = declared.user ?? values.one('user') ?? userInfo().username
  const hostName = values.one('hostname')
  const configured = hostName === undefined ? undefined : expandTokens(hostName, { h: values.name }, host)
  const address = declared.address ?? configured ?? declared.fallbackAddress ?? host
  const port = declared.port ?? numberOf(values, 'port', host) ?? 22
  const hostKeyAlias = declared.hostKeyAlias ?? values.one('hostkeyalias')
  const tokens = pathTokens({ address, name: values.name, port, user, hostKeyAlias, jump: values.one('proxyjump') })
  const path = (value: string) => expandPath(value, tokens, host)
  const paths = (found: readonly string[]) => found.filter((file) => file !== 'none').map(path)
  const via = await resolveVia(declared, values, { address, port, user, tokens, files }, way)

  const named = values.all('identityfile')
  const identityFiles = declared.identityFile !== undefined ? [declared.identityFile] : named.length > 0 ? named : undefined
  const agent = agentSocket(values, path)
  const timeout = declared.connectTimeoutSeconds ?? secondsOf(values, 'connecttimeout', host)
  const attempts = numberOf(values, 'connectionattempts', host)
  const keepalive = secondsOf(values, 'serveraliveinterval', host)
  const keepaliveCount = numberOf(values, 'serveralivecountmax', host)
  const family = familyOf(values.one('addressfamily'))
  const bindAddress = values.one('bindaddress')
  const certificateFiles = paths(values.all('certificatefile'))
  const algorithms = {
    ...wish('kex', values.one('kexalgorithms')),
    ...wish('cipher', values.one('ciphers')),
    ...wish('hmac', values.one('macs')),
    ...wish('serverHostKey', values.one('hostkeyalgorithms')),
  }
  return {
    host,
    address,
    port,
    user,
    identityFiles: identityFiles ? paths(identityFiles) : defaultKeys.map((name) => path(`~/.ssh/${name}`)),
    identitiesOnly: saysYes(values, 'identitiesonly', false),
    methods: methodsOf(values),
    knownHosts: {
      files: paths(declared.knownHostsFiles ?? knownHostsOf(values)),
      policy: declared.acceptNewHostKeys || acceptsNew(values) ? 'acceptNew' : 'strict',
      hashed: saysYes(values, 'hashknownhosts', false),
      ...revokedOf(values, path),
      ...(declared.hostKey !== undefined && { keys: [declared.hostKey].flat() }),
    },
    connectRetries: declared.connectRetries ?? (attempts === undefined ? (declared.usualRetries ?? presetRetries) : attempts - 1),
    ...((declared.connectRetries ?? attempts) !== undefined && { retryTimeouts: true }),
    ...(declared.identityFile !== undefined && { identityFirst: true }),
    ...(declared.identityPassphrase !== undefined && { passphrase: declared.identityPassphrase }),
    ...(certificateFiles.length > 0 && { certificateFiles }),
    ...(agent !== undefined && { agent }),
    ...(declared.password !== undefined && { password: declared.password }),
    ...(saysYes(values, 'batchmode', false) && { batch: true }),
    ...(hostKeyAlias !== undefined && { hostKeyAlias }),
    ...(Object.keys(algorithms).length > 0 && { algorithms }),
    ...(timeout !== undefined && { connectTimeoutMs: timeout * 1000 }),
    ...(keepalive !== undefined && { keepaliveMs: keepalive * 1000 }),
    ...(keepaliveCount !== undefined && { keepaliveCount }),
    ...(family !== undefined && { family }),
    ...(bindAddress !== undefined && { bindAddress }),
    ...(via !== undefined && { via }),
    origins: originsOf(declared, values),
  }
}

const wish = (kind: string, value: string | undefined) => (value === undefined ? {} : { [kind]: value })

function knownHostsOf(values: SshConfigValues): readonly string[] {
  return [
    ...(values.list('userknownhostsfile') ?? ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']),
    ...(values.list('globalknownhostsfile') ?? ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']),
  ]
}

function revokedOf(values: SshConfigValues, path: (value: string) => string): { readonly revoked?: string } {
  const file = values.one('revokedhostkeys')
  return file === undefined || file === 'none' ? {} : { revoked: path(file) }
}

/** `no` gives no more than `accept-new`: a key that has changed never passes here. */
function acceptsNew(values: SshConfigValues): boolean {
  return ['accept-new', 'no', 'off', 'false'].includes(values.one('stricthostkeychecking')?.toLowerCase() ?? '')
}

function familyOf(value: string | undefined): 4 | 6 | undefined {
  return value === 'inet' ? 4 : value === 'inet6' ? 6 : undefined
}

function agentSocket(values: SshConfigValues, path: (value: string) => string): string | undefined {
  const fromEnvironment = process.env.SSH_AUTH_SOCK || undefined
  const agent = values.one('identityagent')
  if (agent === undefined || agent === 'SSH_AUTH_SOCK') return fromEnvironment
  if (agent === 'none') return undefined
  return /^\$\w+$/.test(agent) ? process.env[agent.slice(1)] || undefined : path(agent)
}

const declaredKeywords = {
  address: 'hostname',
  port: 'port',
  user: 'user',
  identityFile: 'identityfile',
  knownHostsFiles: 'userknownhostsfile',
  hostKeyAlias: 'hostkeyalias',
  connectTimeoutSeconds: 'connecttimeout',
  connectRetries: 'connectionattempts',
  proxyJump: 'proxyjump',
} as const satisfies Partial<Record<keyof DeclaredTarget, string>>
const shown = [
  ...Object.values(declaredKeywords),
  ...['proxycommand', 'identityagent', 'identitiesonly', 'certificatefile', 'globalknownhostsfile', 'stricthostkeychecking'],
  ...['hashknownhosts', 'revokedhostkeys', 'serveraliveinterval', 'serveralivecountmax', 'preferredauthentications'],
  ...['pubkeyauthentication', 'passwordauthentication', 'kbdinteractiveauthentication', 'addressfamily', 'bindaddress'],
  ...['ciphers', 'kexalgorithms', 'macs', 'hostkeyalgorithms', 'batchmode'],
]

function originsOf(declared: DeclaredTarget, values: SshConfigValues): { readonly [keyword: string]: SettingOrigin } {
  const said = Object.entries(declaredKeywords).flatMap(([setting, keyword]) => {
    const value = declared[setting as keyof typeof declaredKeywords]
    return value === undefined ? [] : [[keyword, { value: [value].flat().join(' '), from: 'inventory' }] as const]
  })
  const configured = shown.flatMap((keyword) => {
    const from = values.from(keyword)?.replace(`${homedir()}/`, '~/')
    const value = keyword === 'identityfile' ? values.all(keyword).join(' ') : (values.list(keyword)?.join(' ') ?? '')
    return from === undefined ? [] : [[keyword, { value, from }] as const]
  })
  return Object.fromEntries([...configured, ...said])
}
