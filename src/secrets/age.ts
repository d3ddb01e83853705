import { RollcallError } from '../model/errors.ts'

const armorStart = '-----BEGIN AGE ENCRYPTED FILE-----'
const magic = 'age-encryption.org/v1\n'

/** How a file is locked: for keys of people and machines, or by a passphrase alone. */
export type Lock =
  | { readonly kind: 'recipients'; readonly recipients: readonly string[] }
  | { readonly kind: 'passphrase'; readonly passphrase: string }

/** What opens a file. */
export type Key = { readonly kind: 'identities'; readonly identities: readonly string[] } | Extract<Lock, { kind: 'passphrase' }>

/** Whether bytes are an age file, and of which kind; undefined for anything else. */
export function lockKindOf(bytes: Uint8Array): Lock['kind'] | undefined {
  const raw = Buffer.from(bytes)
  let text = raw.toString('latin1')
  if (text.trimStart().startsWith(armorStart))
    text = Buffer.from(text.trim().split(/\r?\n/).slice(1, -1).join(''), 'base64').toString('latin1')
  if (!text.startsWith(magic)) return undefined
  return text.slice(magic.length).startsWith('-> scrypt ') ? 'passphrase' : 'recipients'
}

/** Encrypts text as an armored age file: lines of text, so that git shows which of them changed hands. */
export async function encrypt(text: string | Uint8Array, lock: Lock): Promise<string> {
  const { Encrypter, armor } = await import('age-encryption')
  const encrypter = new Encrypter()
  if (lock.kind === 'passphrase') encrypter.setPassphrase(lock.passphrase)
  else for (const recipient of lock.recipients) encrypter.addRecipient(recipient)
  return armor.encode(await encrypter.encrypt(text))
}

export type Opened =
  | { readonly text: string }
  /** `noMatch`: it is whole, as far as can be seen, and locked for others. */
  | { readonly failure: 'noMatch' | 'damaged'; readonly reason: string }

/** Decrypts an age file, armored or not. */
export async function decrypt(bytes: Uint8Array, key: Key): Promise<Opened> {
  const { Decrypter, armor } = await import('age-encryption')
  try {
    const text = Buffer.from(bytes).toString('latin1')
    const raw = text.trimStart().startsWith(armorStart) ? armor.decode(text) : bytes
    const decrypter = new Decrypter()
    if (key.kind === 'passphrase') decrypter.addPassphrase(key.passphrase)
    else for (const identity of key.identities) decrypter.addIdentity(identity)
    const plain = await decrypter.decrypt(raw)
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(plain) }
  } catch (error) {
    const reason = (error as Error).message
    return { failure: /no identity matched/.test(reason) ? 'noMatch' : 'damaged', reason }
  }
}

/** A recipient as written; throws for what age knows and Rollcall does not, and for what is none. */
export async function checkRecipient(recipient: string, from: string): Promise<string> {
  const wrong = (detail: string, fix: string) =>
    new RollcallError({ summary: 'This is no recipient', detail: `${from}: ${detail}`, fix, exitCode: 1 })
  if (/^AGE-SECRET-KEY-/i.test(recipient))
    throw wrong(
      'it is a secret key',
      'Take it out at once and make a new one: a recipient is the public key, age1….\nrollcall secret keygen',
    )
  if (/^(ssh-|ecdsa-)/.test(recipient))
    throw wrong('it is an SSH key, and these are not supported', 'Use a key of age:\nrollcall secret keygen')
  try {
    await encrypt('', { kind: 'recipients', recipients: [recipient] })
    return recipient
  } catch {
    throw wrong(`'${recipient.slice(0, 80)}'`, 'A recipient is a public key of age: age1…. It may have been cut off when it was copied.')
  }
}

/** The public key of an identity. */
export async function recipientOf(identity: string): Promise<string> {
  const { identityToRecipient } = await import('age-encryption')
  return identityToRecipient(identity)
}

/** A new identity. */
export async function newIdentity(): Promise<string> {
  const { generateX25519Identity } = await import('age-encryption')
  return generateX25519Identity()
}
