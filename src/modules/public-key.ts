import { Refusal } from '../dsl/definition.ts'

/** A line of an authorized_keys file that is a key. */
export interface PublicKey {
  /** What restricts its use, as written: `from="192.0.2.0/24",no-pty`. Empty for none. */
  readonly options: string
  readonly type: string
  /** The key itself: two lines with one blob are the same key. */
  readonly blob: string
  readonly comment: string
}

const keyType =
  /^(ssh-(rsa|dss|ed25519|ed448)|ecdsa-sha2-[a-z0-9-]+|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)(-cert-v01@openssh\.com)?$|^[a-z0-9-]+-cert-v01@openssh\.com$/

/** A line as a key; undefined for comments, empty lines and what is no key. */
export function parseKeyLine(line: string): PublicKey | undefined {
  const text = line.trim()
  if (text === '' || text.startsWith('#')) return undefined
  const first = wordOf(text)
  const options = keyType.test(first) ? '' : first
  const rest = options === '' ? text : text.slice(first.length).trim()
  const [, type = '', blob = '', comment = ''] = /^(\S+)\s+(\S+)\s*(.*)$/.exec(rest) ?? []
  return keyType.test(type) && /^[A-Za-z0-9+/]+={0,2}$/.test(blob) ? { options, type, blob, comment } : undefined
}

/** The text up to the first blank that stands in no quotes. */
function wordOf(text: string): string {
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\' && text[at + 1] === '"') at += 1
    else if (text[at] === '"') quoted = !quoted
    else if (!quoted && /\s/.test(text[at]!)) return text.slice(0, at)
  }
  return text
}

/** A key as its line. */
export function keyLine({ options, type, blob, comment }: PublicKey): string {
  return [options, type, blob, comment].filter((part) => part !== '').join(' ')
}

/**
 * The keys that a user gave, a line each.
 * @throws Refusal for what is no public key, or one that lost its end on the way here.
 */
export function parseKeys(text: string): readonly PublicKey[] {
  if (text.includes('PRIVATE KEY'))
    throw new Refusal(
      'key holds a private key',
      'Give the public one, which stands in the file that ends in .pub, and keep the other secret.',
    )
  const keys = text.split('\n').flatMap((line) => {
    if (line.trim() === '' || line.trim().startsWith('#')) return []
    const key = parseKeyLine(line)
    if (!key || !holdsItsType(key))
      throw new Refusal(
        `this is not a public key: ${shorten(line.trim())}`,
        "Give whole lines of a file that ends in .pub: 'ssh-ed25519 AAAA… who'.",
      )
    return [key]
  })
  if (keys.length === 0) throw new Refusal('key holds no key', "Give at least one line: 'ssh-ed25519 AAAA… who'.")
  return keys
}

/**
 * A key is made of parts, each behind its length; the first is its type once more. Certificates hold other parts as well, so of
 * those only the first is looked at.
 */
function holdsItsType({ type, blob }: PublicKey): boolean {
  if (blob.length % 4 !== 0) return false
  const certificate = type.includes('-cert-')
  const bytes = Buffer.from(blob, 'base64')
  const parts: string[] = []
  let at = 0
  while (at + 4 <= bytes.length && !(certificate && parts.length === 1)) {
    const end = at + 4 + bytes.readUInt32BE(at)
    if (end > bytes.length) return false
    parts.push(bytes.subarray(at + 4, end).toString('latin1'))
    at = end
  }
  return parts[0] === type && (certificate || (parts.length > 1 && at === bytes.length))
}

const shorten = (line: string) => JSON.stringify(line.length <= 80 ? line : `${line.slice(0, 60)}…`)
