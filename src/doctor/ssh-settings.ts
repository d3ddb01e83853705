import type { HostRecord } from '../model/inventory.ts'
import { targetOf } from '../ssh-target.ts'
import type { SshTarget } from '../transport/target.ts'
import { type Checked, checking, ok } from './check.ts'

/** Names as ssh_config(5) writes them, for those that are shown. */
const written: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...['HostName', 'Port', 'User', 'IdentityFile', 'IdentitiesOnly', 'IdentityAgent', 'CertificateFile', 'ProxyJump', 'ProxyCommand'],
    ...['HostKeyAlias', 'UserKnownHostsFile', 'GlobalKnownHostsFile', 'StrictHostKeyChecking', 'HashKnownHosts', 'RevokedHostKeys'],
    ...['ConnectTimeout', 'ConnectionAttempts', 'ServerAliveInterval', 'ServerAliveCountMax', 'AddressFamily', 'BindAddress', 'BatchMode'],
    ...['PreferredAuthentications', 'PubkeyAuthentication', 'PasswordAuthentication', 'KbdInteractiveAuthentication'],
    ...['Ciphers', 'KexAlgorithms', 'MACs', 'HostKeyAlgorithms'],
  ].map((name) => [name.toLowerCase(), name]),
)

/** Which way a host over SSH is reached, and where each setting of that is from. Contacts nobody. */
export async function checkSettings(host: HostRecord): Promise<readonly Checked[]> {
  const { connection } = host
  // The system's ssh reads its configuration itself, and may do more with it.
  if (connection.type !== 'ssh' || connection.transport === 'openssh') return []
  return checking('ssh settings', async () => {
    const target = await targetOf(host)
    return ok('ssh settings', [wayTo(target), ...originsOf(target)].join('\n'))
  })
}

function wayTo({ user, address, port, via }: SshTarget): string {
  const here = `${user}@${address} port ${port}`
  if (via === undefined) return here
  return via.kind === 'command' ? `${here}, by the command ${via.command}` : `${here}, over ${via.target.host} (${wayTo(via.target)})`
}

function originsOf({ origins = {} }: SshTarget): readonly string[] {
  return Object.entries(origins)
    .map(([keyword, { value, from }]) => `${written[keyword] ?? keyword} ${value}  (${from})`)
    .sort()
}
