import type { SshSettings } from './inventory.ts'

/** A public key of a host, and the type it says it has. */
export interface HostKey {
  readonly type: string
  readonly key: Buffer
}

/** A line such as `ssh-ed25519 AAAA… comment`, as `/etc/ssh/ssh_host_*_key.pub` holds it; undefined where it is none. */
export function parseHostKey(line: string): HostKey | undefined {
  const [type = '', base64 = ''] = line.trim().split(/[ \t]+/)
  const key = Buffer.from(base64, 'base64')
  if (line.trim().includes('\n') || key.length < 4) return undefined
  const length = key.readUInt32BE(0)
  return length <= key.length - 4 && type !== '' && key.toString('latin1', 4, 4 + length) === type ? { type, key } : undefined
}

/** What is wrong with the keys that a host is declared to have. */
export function hostKeyProblem(settings: SshSettings): { readonly detail: string; readonly fix: string } | undefined {
  const { hostKey, transport, controlPersistSeconds } = settings
  if (hostKey === undefined) return undefined
  const wrong = [hostKey].flat().find((line) => parseHostKey(line) === undefined)
  if (wrong !== undefined)
    return {
      detail: `hostKey: '${wrong}' is no public key`,
      fix: "Give the line of the host's public key file: 'ssh-ed25519 AAAA…'. A fingerprint is not enough.",
    }
  const other = transport === 'openssh' ? "transport: 'openssh'" : controlPersistSeconds !== undefined && 'controlPersistSeconds'
  if (!other) return undefined
  return { detail: `hostKey cannot be checked with ${other}`, fix: 'Leave that out, or put the key into a file: knownHostsFiles.' }
}
