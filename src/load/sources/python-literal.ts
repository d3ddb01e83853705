/** What Python's `ast.literal_eval` makes of a text. */
export interface PythonLiteral {
  readonly value: unknown
  /** Numbers that Python prints otherwise than JavaScript, or that JavaScript cannot hold: as they are written. */
  readonly odd: readonly string[]
}

/** `{[1]: 2}`, `{{1}}`: Python can make no key of a list, and Ansible then reads nothing of the whole inventory. */
export class UnhashableKey extends Error {
  override readonly name = 'UnhashableKey'
}
/** This is no literal: Ansible takes the text as it stands. */
class NoLiteral extends Error {}

/** Lists, dictionaries and sets can be no keys; a tuple of them neither. */
const unhashable = new WeakSet<object>()

/**
 * Reads a value of an INI inventory the way Ansible does: as a literal of Python. Undefined: it is none, and stays text.
 * @throws UnhashableKey where Ansible refuses the file.
 */
export function pythonLiteral(text: string): PythonLiteral | undefined {
  const odd: string[] = []
  const keys: unknown[] = []
  const reader = literalReader(text.replace(/^[ \t]+/, ''), odd, keys)
  let value: unknown
  try {
    value = reader()
  } catch (error) {
    if (error instanceof NoLiteral) return undefined
    throw error
  }
  // Only now: whether all of it is a literal is asked first.
  if (keys.some((key) => typeof key === 'object' && key !== null && unhashable.has(key))) throw new UnhashableKey()
  return { value, odd }
}

/** Reads the whole text; everything it does not expect is no literal. */
function literalReader(text: string, odd: string[], keys: unknown[]): () => unknown {
  let at = 0
  const no = (): never => {
    throw new NoLiteral()
  }
  const skip = () => {
    while (at < text.length && ' \t\f'.includes(text[at]!)) at += 1
    if (text[at] === '#') at = text.length
  }
  const take = (mark: string): boolean => {
    skip()
    if (!text.startsWith(mark, at)) return false
    at += mark.length
    return true
  }
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    at += found?.length ?? 0
    return found
  }
  /** Values up to a closing mark; whether a comma stood at the end says whether one value in brackets is a tuple. */
  const listed = (close: string): { readonly items: unknown[]; readonly comma: boolean } => {
    const items: unknown[] = []
    for (;;) {
      if (take(close)) return { items, comma: true }
      items.push(value())
      if (take(',')) continue
      if (take(close)) return { items, comma: items.length !== 1 }
      no()
    }
  }
  const hashed = (key: unknown): unknown => {
    keys.push(key)
    return key
  }
  const braces = (): unknown => {
    if (take('}')) return marked({})
    const first = value()
    if (!take(':')) {
      const items = [first]
      if (!take('}')) {
        if (!take(',')) no()
        items.push(...listed('}').items)
      }
      return marked([...new Set(items.map(hashed))])
    }
    const entries: [string, unknown][] = [[keyText(first), value()]]
    hashed(first)
    for (;;) {
      if (take('}')) break
      if (!take(',')) no()
      if (take('}')) break
      const key = value()
      if (!take(':')) no()
      entries.push([keyText(key), value()])
      hashed(key)
    }
    return marked(Object.fromEntries(entries))
  }
  /** As `json.dumps` writes keys, for that is what can be compared. */
  const keyText = (key: unknown): string => {
    if (typeof key === 'object' && key !== null) return unhashable.has(key) ? '' : no()
    return String(key)
  }
  const signed = (sign: string): unknown => {
    skip()
    const bracketed = take('(')
    skip()
    if (!/[0-9.]/.test(text[at] ?? '')) no()
    const number = numeral(match, no, odd)
    if (bracketed && !take(')')) no()
    if (typeof number === 'string') return sign === '-' ? `-${number}` : number
    return sign === '-' && number !== 0 ? -number : number
  }
  const value = (): unknown => {
    skip()
    const here = text[at]
    if (here === undefined) no()
    if (take('[')) return marked(listed(']').items)
    if (take('{')) return braces()
    if (take('(')) {
      const { items, comma } = listed(')')
      return comma ? tuple(items) : items[0]
    }
    if (take('-')) return signed('-')
    if (take('+')) return signed('+')
    if (/[0-9.]/.test(here!)) return numeral(match, no, odd)
    if (/^[A-Za-z]{0,2}['"]/.test(text.slice(at, at + 3))) return strings()
    const name = match(/[A-Za-z_][A-Za-z0-9_]*/y)
    if (name === 'True') return true
    if (name === 'False') return false
    if (name === 'None') return null
    if (name === 'set' && take('(') && take(')')) return marked([])
    return no()
  }
  /** Strings that stand side by side are one; bytes go with bytes only. */
  const strings = (): string => {
    let whole = ''
    let kind: boolean | undefined
    while (/^[A-Za-z]{0,2}['"]/.test(text.slice(at, at + 3))) {
      const prefix = match(/[A-Za-z]*/y)!.toLowerCase()
      if (!['', 'u', 'r', 'b', 'br', 'rb'].includes(prefix)) no()
      const bytes = prefix.includes('b')
      if (kind !== undefined && kind !== bytes) no()
      kind = bytes
      const quote = match(/'''|"""|'|"/y)!
      whole += quoted(quote, prefix.includes('r'), bytes)
      skip()
    }
    return kind ? Buffer.from(whole, 'latin1').toString('utf8') : whole
  }
  const quoted = (quote: string, raw: boolean, bytes: boolean): string => {
    let body = ''
    for (;;) {
      if (text.startsWith(quote, at)) break
      const here = text[at]
      if (here === undefined) no()
      if (bytes && here!.charCodeAt(0) > 127) no()
      at += 1
      if (here !== '\\') body += here
      else if (raw) {
        if (text[at] === undefined) no()
        body += `\\${text[at++]}`
      } else body += escaped(bytes)
    }
    at += quote.length
    return body
  }
  const escaped = (bytes: boolean): string => {
    const octal = match(/[0-7]{1,3}/y)
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & (bytes ? 0xff : 0xffff))
    const sign = text[at++] ?? no()
    const plain = plainEscapes[sign!]
    if (plain !== undefined) return plain
    const digits = sign === 'x' ? 2 : bytes ? 0 : sign === 'u' ? 4 : sign === 'U' ? 8 : 0
    if (sign === 'N' && !bytes) no() // Names of characters: nobody writes them here.
    if (digits === 0) return `\\${sign}`
    const hex = text.slice(at, at + digits)
    if (!new RegExp(`^[0-9a-fA-F]{${digits}}$`).test(hex)) no()
    const code = Number.parseInt(hex, 16)
    if (code > 0x10ffff) no()
    at += digits
    return String.fromCodePoint(code)
  }
  return () => {
    const first = value()
    if (take(',')) {
      const items = [first]
      for (skip(); at < text.length; skip()) {
        items.push(value())
        if (!take(',')) break
      }
      skip()
      return at < text.length ? no() : tuple(items)
    }
    skip()
    return at < text.length ? no() : first
  }
}

const plainEscapes: { readonly [sign: string]: string } = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

function marked<T extends object>(value: T): T {
  unhashable.add(value)
  return value
}

function tuple(items: unknown[]): unknown[] {
  if (items.some((item) => typeof item === 'object' && item !== null && unhashable.has(item))) unhashable.add(items)
  return items
}

function numeral(match: (pattern: RegExp) => string | undefined, no: () => never, odd: string[]): number | string {
  const float = match(
    /(?:[0-9](?:_?[0-9])*)?\.(?:[0-9](?:_?[0-9])*)?(?:[eE][-+]?[0-9](?:_?[0-9])*)?|[0-9](?:_?[0-9])*[eE][-+]?[0-9](?:_?[0-9])*/y,
  )
  if (float !== undefined) {
    if (!/[0-9]/.test(float) || match(/[A-Za-z0-9_.]/y) !== undefined) no()
    const value = Number(float.replaceAll('_', ''))
    if (printsOtherwise(value)) odd.push(float)
    return value
  }
  const whole = match(/0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|[1-9](?:_?[0-9])*|0(?:_?0)*/y)
  if (whole === undefined || match(/[A-Za-z0-9_.]/y) !== undefined) return no()
  const value = Number(whole.replaceAll('_', ''))
  if (Number.isSafeInteger(value)) return value
  odd.push(whole)
  return BigInt(whole.replaceAll('_', '')).toString()
}

/** Whether Python writes a float otherwise than JavaScript: `1.0`, `1e+16`, `1e-05`. */
export function printsOtherwise(float: number): boolean {
  return Number.isInteger(float) || !Number.isFinite(float) || Math.abs(float) < 1e-4
}
