import { generateKeyPairSync, randomBytes } from 'node:crypto'

/** An ed25519 key pair in OpenSSH's own formats. */
export interface SshKey {
  readonly privateKey: string
  /** `ssh-ed25519 AAAA…`, without a comment. */
  readonly publicKey: string
}

function field(value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** Made here and not by ssh-keygen, which a machine without an SSH client does not have. */
export function generateSshKey(comment: string): SshKey {
  const pair = generateKeyPairSync('ed25519')
  const raw = (jwkField: string | undefined) => Buffer.from(jwkField ?? '', 'base64url')
  const seed = raw(pair.privateKey.export({ format: 'jwk' }).d)
  const point = raw(pair.publicKey.export({ format: 'jwk' }).x)
  const publicBlob = Buffer.concat([field('ssh-ed25519'), field(point)])
  const check = randomBytes(4)
  const secret = Buffer.concat([check, check, publicBlob, field(Buffer.concat([seed, point])), field(comment)])
  // The format pads the secret part to the cipher's block (8 for `none`) with 1, 2, 3 …
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1))
  const one = Buffer.from([0, 0, 0, 1])
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    one,
    field(publicBlob),
    field(Buffer.concat([secret, padding])),
  ])
  const lines = file.toString('base64').match(/.{1,70}/g) ?? []
  return {
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey: `ssh-ed25519 ${publicBlob.toString('base64')}`,
  }
}
