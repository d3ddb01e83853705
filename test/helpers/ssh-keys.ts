import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ssh2 from 'ssh2'

/** A key pair made for one test run: the private key's text, and the public key as it goes over the wire. */
export interface TestKey {
  readonly privateText: string
  readonly publicText: string
  readonly publicKey: Buffer
}

export function makeKey(options: { readonly passphrase?: string } = {}): TestKey {
  const pair =
    options.passphrase === undefined
      ? ssh2.utils.generateKeyPairSync('ed25519')
      : ssh2.utils.generateKeyPairSync('ed25519', { passphrase: options.passphrase, cipher: 'aes256-ctr', rounds: 16 })
  const parsed = ssh2.utils.parseKey(pair.public)
  if (parsed instanceof Error) throw parsed
  return { privateText: pair.private, publicText: pair.public, publicKey: parsed.getPublicSSH() }
}

/** Writes a file readable by nobody else, as private keys must be. */
export function writePrivate(folder: string, name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}
