import { resolve } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { blamed } from './connect-errors.ts'
import { option } from './openssh-program.ts'
import type { SshTarget, Via } from './target.ts'

const literal = (value: string) => value.replaceAll('%', '%%')

/** All that Rollcall itself has resolved of a login, in words for ssh, which then reads no configuration. */
export function explicitWords(target: SshTarget): readonly string[] {
  const { address, port, user, agent, hostKeyAlias, knownHosts, via, family, bindAddress, algorithms = {} } = target
  const files = knownHosts.files.map((file) => resolve(file))
  const keys = (target.identityFiles ?? []).map((file) => resolve(file))
  const list = (keyword: string, value: string | undefined) => (value === undefined ? [] : option(keyword, value))
  return [
    ...['-F', '/dev/null'],
    ...option('HostName', literal(address)),
    ...option('Port', String(port)),
    ...option('User', user),
    ...(keys.length > 0 ? keys.flatMap((file) => option('IdentityFile', literal(file))) : option('IdentityFile', 'none')),
    ...option('IdentitiesOnly', target.identitiesOnly === true ? 'yes' : 'no'),
    ...option('IdentityAgent', agent === undefined ? 'none' : literal(agent)),
    ...option('UserKnownHostsFile', ...(files.length > 0 ? files.map(literal) : ['/dev/null'])),
    ...option('GlobalKnownHostsFile', '/dev/null'),
    ...(knownHosts.hashed === true ? option('HashKnownHosts', 'yes') : []),
    ...list('RevokedHostKeys', knownHosts.revoked),
    ...option('UpdateHostKeys', 'no'),
    ...(hostKeyAlias === undefined ? [] : option('HostKeyAlias', hostKeyAlias)),
    ...(target.methods === undefined ? [] : option('PreferredAuthentications', target.methods.join(',') || 'none')),
    ...(target.certificateFiles ?? []).flatMap((file) => option('CertificateFile', literal(file))),
    ...list('KexAlgorithms', algorithms.kex),
    ...list('Ciphers', algorithms.cipher),
    ...list('MACs', algorithms.hmac),
    ...list('HostKeyAlgorithms', algorithms.serverHostKey),
    ...(family === undefined ? [] : option('AddressFamily', family === 4 ? 'inet' : 'inet6')),
    ...list('BindAddress', bindAddress),
    ...viaWords(via),
  ]
}

/** The way to a host, as a proxy command of ssh. */
export function viaWords(via: Via | undefined): readonly string[] {
  if (via === undefined) return []
  const command = via.kind === 'command' ? literal(via.command) : overJump(via.target)
  // A command is the rest of its line: no quotes around it.
  return ['-o', `ProxyCommand=${command}`]
}

function overJump(jump: SshTarget): string {
  if (jump.password !== undefined || jump.passphrase !== undefined || jump.dial !== undefined)
    throw new RollcallError({
      summary: "A jump host needs Rollcall's own client",
      detail: `'${jump.host}': ${jump.dial === undefined ? 'its password or passphrase is given in the inventory' : 'it stands in the lab'}`,
      host: blamed(jump),
      fix: "Leave transport: 'openssh' and controlPersistSeconds out for hosts behind it, or let it be logged in to by a key.",
    })
  const timeout = Math.max(1, Math.ceil((jump.connectTimeoutMs ?? 10_000) / 1000))
  const words = [
    ...['ssh', ...explicitWords(jump)],
    ...option('BatchMode', 'yes'),
    ...option('StrictHostKeyChecking', jump.knownHosts.policy === 'acceptNew' ? 'accept-new' : 'yes'),
    ...option('ConnectTimeout', String(timeout)),
    ...option('ServerAliveInterval', String(Math.ceil((jump.keepaliveMs ?? 15_000) / 1000))),
  ]
  return `${literal(words.map(bare).join(' '))} -W '[%h]:%p' -- ${bare(literal(jump.host))}`
}

/**
 * A word for a shell without any quotes: ssh counts those of a command too, by rules of its own, in which a backslash takes
 * the meaning of a quote also between quotes.
 */
function bare(word: string): string {
  return word === '' ? '""' : word.replace(/[^A-Za-z0-9_@%+=:,./-]/g, '\\$&')
}
