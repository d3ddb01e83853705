import { type Token, tokensOf } from './tokens.ts'

/** Where a key stands. */
export interface FoundKey {
  readonly line: number
  readonly column: number
  /** False where the key itself is not written out (computed, spread, from another file): then this is where it enters. */
  readonly exact: boolean
}

/** Tokens `from` to before `to`. */
interface Span {
  readonly from: number
  readonly to: number
}
type Property =
  | { readonly kind: 'key'; readonly key: string; readonly at: number; readonly value: Span }
  /** Keys that are not written here: a spread, or a computed name. */
  | { readonly kind: 'other'; readonly at: number; readonly value: Span | undefined }

const closing: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' }

/**
 * Finds keys of the object that a call is given, by reading the source (types erased, positions kept). It follows
 * constants of the same file, and never guesses: where a later spread could bring the key, that spread is what it finds.
 * `line` chooses among several calls.
 */
export function keyFinder(source: string, callee: string, line?: number): (path: readonly string[]) => FoundKey | undefined {
  const tokens = tokensOf(source)
  const calls = tokens.flatMap((token, at) =>
    token.kind === 'word' && token.text === callee && isMark(tokens[at + 1], '(') && isMark(tokens[at + 2], '{') ? [at] : [],
  )
  const call = calls.find((at) => placeOf(source, tokens[at]!.start).line === line) ?? calls[0]
  return (path) => {
    if (call === undefined) return undefined
    const found = look(tokens, call + 2, path, 0)
    return found && { ...placeOf(source, tokens[found.at]!.start), exact: found.exact }
  }
}

function isMark(token: Token | undefined, text: string): boolean {
  return token?.kind === 'mark' && token.text === text
}

function placeOf(source: string, offset: number): { line: number; column: number } {
  const before = source.slice(0, offset).split('\n')
  return { line: before.length, column: before.at(-1)!.length + 1 }
}

/** `open` is the object's brace. Later properties win, so they are looked at first. */
function look(tokens: readonly Token[], open: number, path: readonly string[], depth: number): { at: number; exact: boolean } | undefined {
  const [key, ...rest] = path
  // Constants that are made of each other would go on for ever.
  if (depth > 20) return undefined
  let unsure: number | undefined
  for (const property of propertiesOf(tokens, open).toReversed()) {
    const object = property.value && objectAt(tokens, property.value)
    if (property.kind === 'key') {
      if (property.key !== key) continue
      if (unsure !== undefined) break
      if (rest.length === 0) return { at: property.at, exact: true }
      const found = object === undefined ? undefined : look(tokens, object, rest, depth + 1)
      return found ?? { at: property.at, exact: false }
    }
    const spread = object === undefined ? undefined : look(tokens, object, path, depth + 1)
    if (spread !== undefined && unsure === undefined) return spread
    if (object === undefined) unsure ??= property.at
  }
  return unsure === undefined ? undefined : { at: unsure, exact: false }
}

function propertiesOf(tokens: readonly Token[], open: number): Property[] {
  const properties: Property[] = []
  const end = endOf(tokens, open)
  for (let at = open + 1; at < end; ) {
    const to = until(tokens, at, end)
    properties.push(propertyAt(tokens, at, to))
    at = to + 1
  }
  return properties
}

function propertyAt(tokens: readonly Token[], at: number, to: number): Property {
  const first = tokens[at]!
  if (isMark(first, '...')) return { kind: 'other', at, value: { from: at + 1, to } }
  if (first.kind === 'mark') return { kind: 'other', at, value: undefined }
  if (isMark(tokens[at + 1], ':') && at + 1 < to) return { kind: 'key', key: first.text, at, value: { from: at + 2, to } }
  if (at + 1 === to) return { kind: 'key', key: first.text, at, value: { from: at, to } }
  // A method or an accessor: `get port() { … }`.
  const name = isMark(tokens[at + 1], '(') ? at : at + 1
  return { kind: 'key', key: tokens[name]!.text, at: name, value: { from: to, to } }
}

/** The brace of the object that a value is: written out, in brackets, or a constant of this file. */
function objectAt(tokens: readonly Token[], { from, to }: Span): number | undefined {
  const first = tokens[from]
  if (first === undefined || from >= to) return undefined
  if (isMark(first, '{')) return endOf(tokens, from) === to - 1 ? from : undefined
  if (isMark(first, '(') && endOf(tokens, from) === to - 1) return objectAt(tokens, { from: from + 1, to: to - 1 })
  if (first.kind !== 'word' || to !== from + 1) return undefined
  const declared = tokens.findIndex(
    (token, at) => token.text === 'const' && token.kind === 'word' && tokens[at + 1]?.text === first.text && isMark(tokens[at + 2], '='),
  )
  return declared !== -1 && isMark(tokens[declared + 3], '{') ? declared + 3 : undefined
}

/** The bracket that closes the one at `open`. */
function endOf(tokens: readonly Token[], open: number): number {
  let depth = 0
  for (let at = open; at < tokens.length; at++) {
    const { kind, text } = tokens[at]!
    if (kind !== 'mark') continue
    if (text in closing) depth++
    else if (Object.values(closing).includes(text) && --depth === 0) return at
  }
  return tokens.length
}

/** The comma that ends a property, or the end of the object. */
function until(tokens: readonly Token[], from: number, end: number): number {
  for (let at = from; at < end; at++) {
    const token = tokens[at]!
    if (token.kind !== 'mark') continue
    if (token.text === ',') return at
    if (token.text in closing) at = endOf(tokens, at)
  }
  return end
}
