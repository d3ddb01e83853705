import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import type { Secret } from '../util/secret.ts'
import { readSshConfig } from './ssh-config-file.ts'
import { lookUp, type SshConfigValues } from './ssh-config-lookup.ts'
import type { SshTarget } from './target.ts'

/** What an inventory may declare about the way to a host; all of it wins over `~/.ssh/config`. */
export interface DeclaredTarget {
  readonly host: string
  readonly address?: string | undefined
  /** Used when neither `address` nor the configuration names one; the host's name otherwise. */
  readonly fallbackAddress?: string | undefined
  readonly port?: number | undefined
  readonly user?: string | undefined
  readonly identityFile?: string | undefined
  readonly password?: Secret | undefined
  readonly knownHostsFiles?: readonly string[] | undefined
  readonly hostKey?: string | readonly string[] | undefined
  readonly hostKeyAlias?: string | undefined
  readonly connectTimeoutSeconds?: number | undefined
}

const defaultKeys = ['id_ed25519', 'id_ecdsa', 'id_rsa']

/**
 * Decides where and how to log in: declared settings, then those of an ssh_config (of `~/.ssh/config` when no text is
 * given), then OpenSSH's defaults.
 * @throws RollcallError for what the configuration asks and only the transport `openssh` can do (ProxyJump,
 * ProxyCommand): going another way than the one that is written there would be a surprise.
 */
export async function resolveTarget(declared: DeclaredTarget, configText?: string): Promise<SshTarget> {
  const text = configText ?? (await readSshConfig(join(homedir(), '.ssh', 'config')))
  const values = lookUp(text, declared.host, declared.address)
  refuseProxies(values, declared.host)

  const lookedUpName = declared.address ?? declared.fallbackAddress ?? declared.host
  const user = declared.user ?? values.one('user') ?? userInfo().username
  const hostName = values.one('hostname')
  const address = declared.address ?? (hostName === undefined ? lookedUpName : expand(hostName, { h: declared.host }, declared.host))
  const port = declared.port ?? number(values, 'port', declared.host) ?? 22
  const tokens = { h: address, n: declared.host, p: String(port), r: user, u: userInfo().username, d: homedir() }
  const path = (value: string) => expand(value.replace(/^~(?=\/|$)/, homedir()), tokens, declared.host)

  const configured = values.all('identityfile').filter((file) => file !== 'none')
  const identityFiles =
    declared.identityFile !== undefined
      ? [declared.identityFile]
      : values.all('identityfile').length > 0
        ? configured
        : defaultKeys.map((name) => `~/.ssh/${name}`)
  const knownHostsFiles = declared.knownHostsFiles ?? [
    ...(values.list('userknownhostsfile') ?? ['~/.ssh/known_hosts']),
    '/etc/ssh/ssh_known_hosts',
  ]
  const agent = agentSocket(values, path)
  const hostKeyAlias = declared.hostKeyAlias ?? values.one('hostkeyalias')
  const seconds = declared.connectTimeoutSeconds ?? number(values, 'connecttimeout', declared.host)
  return {
    host: declared.host,
    address,
    port,
    user,
    identityFiles: identityFiles.map(path),
    identitiesOnly: values.one('identitiesonly')?.toLowerCase() === 'yes',
    knownHosts: {
      files: knownHostsFiles.filter((file) => file !== 'none').map(path),
      policy: policyOf(values.one('stricthostkeychecking')),
      ...(declared.hostKey !== undefined && { keys: [declared.hostKey].flat() }),
    },
    ...(agent !== undefined && { agent }),
    ...(declared.password !== undefined && { password: declared.password }),
    ...(hostKeyAlias !== undefined && { hostKeyAlias }),
    ...(seconds !== undefined && { connectTimeoutMs: seconds * 1000 }),
  }
}

/** `no` gives no more than `accept-new`: a key that has changed never passes here. */
function policyOf(checking: string | undefined): 'strict' | 'acceptNew' {
  return ['accept-new', 'no', 'off'].includes(checking?.toLowerCase() ?? '') ? 'acceptNew' : 'strict'
}

function refuseProxies(values: SshConfigValues, host: string): void {
  for (const keyword of ['ProxyJump', 'ProxyCommand']) {
    const value = values.one(keyword.toLowerCase())
    if (value === undefined || value.toLowerCase() === 'none') continue
    throw new RollcallError({
      summary: `${keyword} needs the system's ssh`,
      detail: `the ssh configuration sends '${host}' through '${value}'`,
      host,
      fix: `Let it log in, by the host's connection in the inventory:\nconnection: ssh({ transport: 'openssh' })\nOr set '${keyword} none' for it in ~/.ssh/config if it is reachable from here.`,
    })
  }
}

function agentSocket(values: SshConfigValues, path: (value: string) => string): string | undefined {
  const fromEnvironment = process.env.SSH_AUTH_SOCK || undefined
  const agent = values.one('identityagent')
  if (agent === undefined || agent === 'SSH_AUTH_SOCK') return fromEnvironment
  if (agent === 'none') return undefined
  return agent.startsWith('$') ? process.env[agent.slice(1)] : path(agent)
}

function number(values: SshConfigValues, keyword: string, host: string): number | undefined {
  const value = values.one(keyword)
  if (value === undefined || value === 'none') return undefined
  if (/^[1-9]\d*$/.test(value)) return Number(value)
  throw new RollcallError({
    summary: 'The ssh configuration holds a value that is no number',
    detail: `${keyword} ${value}`,
    host,
    fix: 'Correct it in ~/.ssh/config.',
  })
}

function expand(value: string, tokens: Readonly<Record<string, string>>, host: string): string {
  const withTokens = value.replace(/%(.?)/g, (token, letter: string) => {
    const found = letter === '%' ? '%' : tokens[letter]
    if (found !== undefined) return found
    throw new RollcallError({
      summary: 'The ssh configuration holds a token that is not supported',
      detail: `${token} in '${value}'`,
      host,
      fix: 'Write the value out in ~/.ssh/config, or declare it in the inventory.',
    })
  })
  return withTokens.replace(/\$\{(\w+)\}/g, (_, name: string) => process.env[name] ?? '')
}
