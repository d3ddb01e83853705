import type { Token } from './tokens.ts'

/** Tokens `from` to before `to`. */
export interface Span {
  readonly from: number
  readonly to: number
}
export type Property =
  | { readonly kind: 'key'; readonly key: string; readonly at: number; readonly value: Span }
  /** Keys that are not written here: a spread, or a computed name. */
  | { readonly kind: 'other'; readonly at: number; readonly value: Span | undefined }

const closing: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' }

export function isMark(token: Token | undefined, text: string): boolean {
  return token?.kind === 'mark' && token.text === text
}

/** What stands between the commas of a pair of brackets. */
export function partsOf(tokens: readonly Token[], open: number): Span[] {
  const parts: Span[] = []
  const end = endOf(tokens, open)
  for (let at = open + 1; at < end; ) {
    const to = until(tokens, at, end)
    parts.push({ from: at, to })
    at = to + 1
  }
  return parts
}

/** The properties of the object whose brace stands at `open`. */
export function propertiesOf(tokens: readonly Token[], open: number): Property[] {
  return partsOf(tokens, open).map(({ from, to }) => propertyAt(tokens, from, to))
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

/** The bracket that closes the one at `open`. */
export function endOf(tokens: readonly Token[], open: number): number {
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
