import { sha256 } from './sha256.ts'

/** What stands where a secret stood. */
export const mask = '[secret]'

/**
 * Shorter values are not looked for in text: `no` or `22` would be replaced in every other word, and what is left of the
 * text would tell more about the value than it hides.
 */
export const shortestRedacted = 4

// Cut into lines, a private key is still recognised where a report indents it; shorter lines are anybody's.
const shortestLine = 8
const shortestPiece = 6
const lineOfBase64 = 76

const forms = new Set<string>()
let index: Index | undefined
let longest = 0

/** Makes a value known to {@link redact}, in every form in which a program may give it back. */
export function registerSecret(value: string): void {
  const before = forms.size
  for (const text of new Set([value, value.trim()])) {
    if (text === '') continue
    registerDigest(sha256(text))
    registerDigest(sha256(`${text}\n`))
    if (text.length < shortestRedacted) continue
    for (const form of formsOf(text)) forms.add(form)
    if (text.includes('\n'))
      for (const line of text.split('\n').map((line) => line.trim()))
        if (line.length >= shortestLine && !line.startsWith('-----')) for (const form of formsOf(line)) forms.add(form)
  }
  if (forms.size > before) forget()
}

/** Makes an unkeyed hash of something secret known: whoever has it can try values against it. */
export function registerDigest(hex: string): void {
  if (forms.has(hex)) return
  forms.add(hex)
  forget()
}

function forget(): void {
  index = undefined
  longest = 0
}

function* formsOf(text: string): Iterable<string> {
  yield text
  yield JSON.stringify(text).slice(1, -1)
  yield text.replaceAll(`'`, `'\\''`)
  yield text.replaceAll(`'`, `'"'"'`) // As Python's shlex has it.
  yield text.replace(/["$`\\]/g, '\\$&')
  yield text.replace(/[\s'"\\|&;()<>!{}*[\]?^$`,]/g, '\\$&') // As bash's printf %q has it.
  yield text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
  const hex = Buffer.from(text, 'utf8').toString('hex')
  yield hex
  yield hex.toUpperCase()
  yield* percentEncoded(text)
  yield* base64Of(text)
}

function* percentEncoded(text: string): Iterable<string> {
  const encoded = encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8'))
  const strict = encoded.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
  for (const form of new Set([encoded, strict, encoded.replaceAll('%2F', '/')])) {
    yield form
    yield form.replaceAll('%20', '+')
    yield form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())
  }
}

/**
 * Base64 of a text that stands alone, and what is certain of it inside a longer one (`user:password`): there it begins at
 * any of three places, and the characters at its ends depend on its neighbours.
 */
function* base64Of(text: string): Iterable<string> {
  const bytes = Buffer.from(text, 'utf8')
  const pieces = [bytes.toString('base64')]
  for (const shift of [0, 1, 2]) {
    const moved = Buffer.concat([Buffer.alloc(shift), bytes])
    const from = Math.ceil((shift * 8) / 6)
    const to = Math.floor((moved.length * 8) / 6)
    const certain = moved.toString('base64').slice(from, to)
    if (certain.length >= shortestPiece) pieces.push(certain)
  }
  const [whole = ''] = pieces
  if (whole.length > lineOfBase64)
    for (let at = 0; at < whole.length; at += lineOfBase64) {
      const line = whole.slice(at, at + lineOfBase64)
      if (line.length >= shortestLine) pieces.push(line)
    }
  for (const piece of pieces) {
    yield piece
    yield piece.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
  }
}

/** Forms by the hash of their first four characters, longest first, and which hashes there are. */
interface Index {
  readonly known: Uint8Array
  readonly byHash: ReadonlyMap<number, readonly string[]>
}

/** Of the last four characters only: each step shifts an older one further out. */
const roll = (hash: number, code: number) => ((hash << 4) ^ code) & 0xffff

function compile(): Index {
  const known = new Uint8Array(0x10000)
  const byHash = new Map<number, string[]>()
  // The mask itself is a form, so that a secret which is part of it cannot take it apart.
  for (const form of [mask, ...forms].sort((left, right) => right.length - left.length)) {
    let hash = 0
    for (let at = 0; at < shortestRedacted; at++) hash = roll(hash, form.charCodeAt(at))
    known[hash] = 1
    const alike = byHash.get(hash)
    if (alike) alike.push(form)
    else byHash.set(hash, [form])
  }
  return { known, byHash }
}

/**
 * The text with every registered value, in any of its forms, replaced by `[secret]`. One pass, whose time does not depend
 * on the number of secrets: a regular expression with thousands of alternatives took a second for each 2 MB.
 */
export function redact(text: string): string {
  if (forms.size === 0 || text.length < shortestRedacted) return text
  index ??= compile()
  const { known, byHash } = index
  const parts: string[] = []
  let from = 0
  let hash = 0
  for (let at = 0; at < text.length; at++) {
    hash = roll(hash, text.charCodeAt(at))
    const start = at + 1 - shortestRedacted
    if (known[hash] === 0 || start < from) continue
    const found = byHash.get(hash)?.find((form) => text.startsWith(form, start))
    if (found === undefined) continue
    parts.push(text.slice(from, start), mask)
    from = start + found.length
    at = from - 1
    hash = 0
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(from)
}

/** Length of the longest form of a secret: whoever has only the end of a text knows no more of what it was cut from. */
export function longestForm(): number {
  if (longest === 0) for (const form of forms) longest = Math.max(longest, form.length)
  return longest
}

/** How much of a text may be shown before the rest of it is there: at its end a secret may have begun. */
export function settledLength(text: string): number {
  if (forms.size === 0) return text.length
  const from = Math.max(0, text.length - longestForm() + 1)
  const begins = new Map<string, string[]>()
  for (const form of forms) {
    const alike = begins.get(form[0]!)
    if (alike) alike.push(form)
    else begins.set(form[0]!, [form])
  }
  for (let at = from; at < text.length; at++) {
    const rest = text.length - at
    if (begins.get(text[at]!)?.some((form) => form.length > rest && text.endsWith(form.slice(0, rest)))) return at
  }
  return text.length
}

/** {@link redact} for every string and every name inside a value made of plain data. */
export function redactDeep<T>(value: T): T {
  if (forms.size === 0) return value
  if (typeof value === 'string') return redact(value) as T
  if (Array.isArray(value)) return value.map((item) => redactDeep(item)) as T
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if ('toJSON' in value && typeof value.toJSON === 'function') return redactDeep(value.toJSON()) as T
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [redact(key), redactDeep(inner)])) as T
}
