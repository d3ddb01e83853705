import { createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'

const magic = '$ANSIBLE_VAULT;'

/** A password, and the label that `--vault-id` gave it. */
export interface VaultPassword {
  readonly label?: string
  readonly password: string
}
export interface Vault {
  /** Of `$ANSIBLE_VAULT;1.2;AES256;prod`: which password locks it. */
  readonly label?: string
  readonly salt: Buffer
  readonly hmac: Buffer
  readonly encrypted: Buffer
}

/** Whether a text is encrypted by Ansible Vault. */
export function isVault(text: string): boolean {
  return text.trimStart().startsWith(magic)
}

/** Takes an encrypted text apart; a sentence where it is damaged, or of a kind that nobody writes any more. */
export function parseVault(text: string): Vault | { readonly problem: string } {
  const [header = '', ...body] = text.trim().split(/\r?\n/)
  const [, version = '', cipher = '', label] = header.trim().split(';')
  if (version !== '1.1' && version !== '1.2')
    return { problem: `it is of version ${/^[\d.]{1,8}$/.test(version) ? version : '?'}, and 1.1 and 1.2 are known` }
  if (cipher !== 'AES256') return { problem: 'its cipher is none that is known: AES256 is' }
  const parts = unhex(body.map((line) => line.trim()).join(''))
    ?.toString('latin1')
    .split('\n')
    .map(unhex)
  const [salt, hmac, encrypted] = parts ?? []
  if (parts?.length !== 3 || !salt || hmac?.length !== 32 || !encrypted || encrypted.length === 0)
    return { problem: 'it is cut off, or a line of it was changed' }
  return { ...(label !== undefined && label !== '' && { label }), salt, hmac, encrypted }
}

/**
 * What a vault holds: PBKDF2 makes two keys of the password, one of which signs (HMAC-SHA256) and one encrypts (AES-256-CTR).
 * Undefined where the signature is another: with a wrong password that cannot be told from a damaged text.
 */
export function decryptVault({ salt, hmac, encrypted }: Vault, password: string): Buffer | undefined {
  const derived = pbkdf2Sync(password, salt, 10_000, 80, 'sha256')
  const signature = createHmac('sha256', derived.subarray(32, 64)).update(encrypted).digest()
  if (!timingSafeEqual(signature, hmac)) return undefined
  const decipher = createDecipheriv('aes-256-ctr', derived.subarray(0, 32), derived.subarray(64, 80))
  const padded = Buffer.concat([decipher.update(encrypted), decipher.final()])
  return padded.subarray(0, padded.length - padded.at(-1)!)
}

function unhex(text: string): Buffer | undefined {
  return text.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(text) ? Buffer.from(text, 'hex') : undefined
}
