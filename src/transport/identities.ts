import { readFile } from 'node:fs/promises'
import type { ParsedKey } from 'ssh2'
import { rememberLast } from '../util/remember-last.ts'
import type { SshTarget } from './target.ts'

type Ssh2 = typeof import('ssh2')

/** One private key that a target names. */
export interface Identity {
  readonly file: string
  /** Absent while it is encrypted. */
  readonly key?: ParsedKey
  /** As it goes over the wire; absent where only the encrypted part says it. */
  readonly publicKey?: Buffer
  /** The encrypted file. */
  readonly locked?: Buffer
}

export interface Identities {
  readonly identities: readonly Identity[]
  /** Public keys that are named without their private halves: an agent may hold those. */
  readonly publicKeys: readonly Buffer[]
  readonly notes: readonly string[]
}

/** Reads the keys of a target; files that are not there are passed over. */
export async function loadIdentities(ssh2: Ssh2, { identityFiles = [], certificateFiles = [] }: SshTarget): Promise<Identities> {
  const identities: Identity[] = []
  const publicKeys: Buffer[] = []
  const notes = certificateFiles.map((file) => `${file}: certificates are only shown by the system's ssh (transport: 'openssh')`)
  for (const file of identityFiles) {
    const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => error)
    const beside = await readKey(ssh2, `${file}.pub`)
    const pub = beside instanceof Error ? undefined : beside.getPublicSSH()
    if (pub) publicKeys.push(pub)
    if (bytes instanceof Error) {
      if (bytes.code !== 'ENOENT') notes.push(`${file}: ${bytes.message}`)
      continue
    }
    const key = parsed(ssh2)(file, bytes)
    if (key instanceof Error) {
      if (!/encrypted/i.test(key.message)) {
        notes.push(`${file}: ${key.message}`)
        continue
      }
      const publicKey = publicPart(bytes) ?? pub
      identities.push({ file, locked: bytes, ...(publicKey && { publicKey }) })
    } else if (key.isPrivateKey()) identities.push({ file, key, publicKey: key.getPublicSSH() })
    else {
      publicKeys.push(key.getPublicSSH())
      notes.push(`${file}: a public key`)
    }
  }
  return { identities, publicKeys: [...publicKeys, ...identities.flatMap(({ publicKey }) => publicKey ?? [])], notes }
}

/** Opens an encrypted key; an error where the passphrase is not its own. */
export function unlock(ssh2: Ssh2, locked: Buffer, passphrase: string): ParsedKey | Error {
  const key = ssh2.utils.parseKey(locked, passphrase)
  return Array.isArray(key) ? (key[0] as ParsedKey) : key
}

/** Parsing a key costs as much as a good part of a login; hosts share few. A key that is parsed does not change. */
function parsed(ssh2: Ssh2): (file: string, bytes: Buffer) => ParsedKey | Error {
  keys ??= rememberLast(
    (bytes: Buffer) => {
      const key = ssh2.utils.parseKey(bytes)
      // ssh2 gives a list for formats that may hold several keys; there is only ever one.
      return Array.isArray(key) ? (key[0] as ParsedKey) : key
    },
    (one, other) => one.equals(other),
  )
  return keys
}
let keys: ReturnType<typeof parsed> | undefined

async function readKey(ssh2: Ssh2, file: string): Promise<ParsedKey | Error> {
  try {
    return parsed(ssh2)(file, await readFile(file))
  } catch (error) {
    return error as Error
  }
}

/** OpenSSH's own format says in plain which key it holds: so the host can be asked before the person is. */
function publicPart(bytes: Buffer): Buffer | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(bytes.toString('latin1'))?.[1]
  const data = body === undefined ? undefined : Buffer.from(body, 'base64')
  const magic = 'openssh-key-v1\0'
  if (data?.toString('latin1', 0, magic.length) !== magic) return undefined
  try {
    let at = magic.length
    const next = () => {
      const length = data.readUInt32BE(at)
      const part = data.subarray(at + 4, at + 4 + length)
      at += 4 + length
      return part
    }
    for (let skipped = 0; skipped < 3; skipped++) next() // cipher, kdf, its options
    at += 4 // how many keys: ever one
    const key = next()
    return key.length > 4 ? key : undefined
  } catch {
    return undefined
  }
}
