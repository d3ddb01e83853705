import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { generateSshKey } from '../../src/lab/keys.ts'

/** A key pair made for one test run: the private key's text, and the public key as it goes over the wire. */
export interface TestKey {
  readonly privateText: string
  readonly publicText: string
  readonly publicKey: Buffer
}

/** A fresh ed25519 key. */
export function makeKey({ passphrase }: { readonly passphrase?: string } = {}): TestKey {
  if (passphrase === undefined) {
    const { privateKey, publicKey } = generateSshKey('test')
    return { privateText: privateKey, publicText: publicKey, publicKey: blobOf(publicKey) }
  }
  // About one in two hundred of the keys that ssh2 makes is malformed (its parser and OpenSSH refuse it): take the next.
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', { passphrase, cipher: 'aes256-ctr', rounds: 16 })
    if (!(ssh2.utils.parseKey(pair.public) instanceof Error))
      return { privateText: pair.private, publicText: pair.public, publicKey: blobOf(pair.public) }
  }
}

const blobOf = (publicText: string) => Buffer.from(publicText.split(' ')[1] ?? '', 'base64')

/** Writes a file readable by nobody else, as private keys must be. */
export function writePrivate(folder: string, name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}
