import { createHash, createHmac, randomBytes } from 'node:crypto'
import { matchesPatterns } from './wildcard.ts'

/** One usable line of a known_hosts file. */
export interface KnownHost {
  readonly file: string
  readonly line: number
  /** The host field as it stands: patterns between commas, or `|1|salt|hash`. */
  readonly hosts: string
  readonly type: string
  readonly key: Buffer
  readonly revoked: boolean
}

/** What a known_hosts file holds, and what of it is not used. */
export interface KnownHosts {
  readonly entries: readonly KnownHost[]
  /** Lines of authorities that sign host keys: known, and not used. */
  readonly authorities: readonly { readonly file: string; readonly line: number; readonly hosts: string }[]
  readonly notes: readonly string[]
}

/** What known_hosts says about a key that a host has shown. */
export type HostKeyVerdict =
  | { readonly kind: 'ok' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'changed'; readonly known: KnownHost }
  | { readonly kind: 'revoked'; readonly known: KnownHost }

/** Reads the text of one known_hosts file; lines that OpenSSH would skip are skipped, the rest of the oddities noted. */
export function parseKnownHosts(text: string, file: string): KnownHosts {
  const entries: KnownHost[] = []
  const authorities: KnownHosts['authorities'][number][] = []
  const notes: string[] = []
  for (const [at, content] of text.split('\n').entries()) {
    const words = content.trim().split(/[ \t]+/)
    if (words[0] === '' || words[0]?.startsWith('#')) continue
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined
    const [hosts, type, base64] = words
    const where = `${file}:${at + 1}`
    if (marker === '@cert-authority') {
      notes.push(`${where}: host certificates are not supported, this @cert-authority line is not used`)
      if (hosts !== undefined) authorities.push({ file, line: at + 1, hosts })
    } else if (marker !== undefined && marker !== '@revoked') notes.push(`${where}: unknown marker ${marker}`)
    else if (hosts === undefined || type === undefined || base64 === undefined || keyType(Buffer.from(base64, 'base64')) !== type)
      notes.push(`${where}: no host key`)
    else entries.push({ file, line: at + 1, hosts, type, key: Buffer.from(base64, 'base64'), revoked: marker === '@revoked' })
  }
  return { entries, authorities, notes }
}

/** The name that a host has in known_hosts: an alias as it is, another port than 22 as `[host]:port`. */
export function knownHostName(address: string, port: number, alias?: string): string {
  if (alias !== undefined) return alias.toLowerCase()
  return port === 22 ? address.toLowerCase() : `[${address.toLowerCase()}]:${port}`
}

/**
 * Judges the key a host has shown. A host that is known by keys of other types only counts as changed: the types that
 * are known were asked for first, so a host that still has its old key would have shown it.
 */
export function checkHostKey(known: readonly KnownHost[], name: string, key: Buffer): HostKeyVerdict {
  const plain = plainName(name)
  const named = known.filter((entry) => matchesHost(entry.hosts, name))
  // Like OpenSSH: an entry without the port is good for every port of the host, but only when the key is the same.
  const unported = plain === name ? [] : known.filter((entry) => matchesHost(entry.hosts, plain))
  const revoked = [...named, ...unported].find((entry) => entry.revoked && entry.key.equals(key))
  if (revoked !== undefined) return { kind: 'revoked', known: revoked }
  const valid = named.filter((entry) => !entry.revoked)
  if (valid.some((entry) => entry.key.equals(key))) return { kind: 'ok' }
  const other = valid.find((entry) => entry.type === keyType(key)) ?? valid[0]
  if (other !== undefined) return { kind: 'changed', known: other }
  return unported.some((entry) => !entry.revoked && entry.key.equals(key)) ? { kind: 'ok' } : { kind: 'unknown' }
}

const algorithms: readonly { readonly name: string; readonly type: string }[] = [
  ...['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'].map((name) => ({ name, type: name })),
  { name: 'rsa-sha2-512', type: 'ssh-rsa' },
  { name: 'rsa-sha2-256', type: 'ssh-rsa' },
]

/** Host-key algorithms in the order to offer them: first those of the keys known for this host, else it looks changed. */
export function hostKeyAlgorithms(known: readonly KnownHost[], name: string): readonly string[] {
  const plain = plainName(name)
  const types = new Set(
    known
      .filter((entry) => !entry.revoked && (matchesHost(entry.hosts, name) || matchesHost(entry.hosts, plain)))
      .map((entry) => entry.type),
  )
  const first = algorithms.filter((algorithm) => types.has(algorithm.type))
  return [...first, ...algorithms.filter((algorithm) => !first.includes(algorithm))].map((algorithm) => algorithm.name)
}

/** The fingerprint as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** A key as `ssh-keygen -l` prints it: `256 SHA256:… name (ED25519)`. */
export function keyLine(name: string, key: Buffer): string {
  const type = keyType(key)
  const kind = type.replace(/^ssh-/, '').replace(/^ecdsa-.*/, 'ecdsa')
  return `${bitsOf(type, key)} ${fingerprint(key)} ${name} (${kind.toUpperCase()})`
}

function bitsOf(type: string, key: Buffer): number {
  if (type !== 'ssh-rsa') return Number(/nistp(\d+)$/.exec(type)?.[1] ?? 256)
  let at = 4 + key.readUInt32BE(0)
  at += 4 + key.readUInt32BE(at) // the exponent
  const modulus = key.subarray(at + 4)
  return modulus[0] === 0 ? (modulus.length - 1) * 8 : modulus.length * 8
}

/** The line to add to known_hosts for a key. */
export function knownHostLine(name: string, key: Buffer): string {
  return `${name} ${keyType(key)} ${key.toString('base64')}`
}

/** The same line with the name hidden, as HashKnownHosts has it. */
export function hashedHostLine(name: string, key: Buffer): string {
  const salt = randomBytes(20)
  const hash = createHmac('sha1', salt).update(name).digest('base64')
  return `|1|${salt.toString('base64')}|${hash} ${keyType(key)} ${key.toString('base64')}`
}

/** The type that stands at the beginning of a public key; empty when the bytes are no key. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return ''
  const length = key.readUInt32BE(0)
  return length > key.length - 4 ? '' : key.toString('latin1', 4, 4 + length)
}

function plainName(name: string): string {
  return /^\[(.*)\]:\d+$/.exec(name)?.[1] ?? name
}

/** Whether the host field of a line speaks of this name. */
export function matchesHost(hosts: string, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(hosts)
  if (hashed !== null) {
    const salt = Buffer.from(hashed[1] ?? '', 'base64')
    return createHmac('sha1', salt).update(name).digest('base64') === hashed[2]
  }
  return matchesPatterns(hosts.toLowerCase().split(','), name)
}
