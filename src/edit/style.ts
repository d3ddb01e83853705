import { type AnyNode, nameOf, nodesIn, type Property, type Source } from './source.ts'

/** How a file is written, as its own lines show it. */
export interface Style {
  readonly quote: `'` | '"'
  /** One step of indentation. */
  readonly unit: string
  /** Inside of braces and of brackets that stand on one line. */
  readonly brace: string
  readonly bracket: string
  /** Behind a comma, and behind a colon. */
  readonly gap: string
  readonly colon: string
  /** Whether lists of several lines end with a comma. */
  readonly trailing: boolean
  readonly semicolons: boolean
  /** Quotes around keys that need none. */
  readonly quotedKeys: boolean
  /** As long as a line may be. */
  readonly width: number
}

export const newlineOf = (text: string) => (/\r\n/.test(text) ? '\r\n' : '\n')

/** The most frequent of what was seen. */
function most<T>(seen: readonly T[], otherwise: T): T {
  const counts = new Map<T, number>()
  for (const each of seen) counts.set(each, (counts.get(each) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? otherwise
}

export function styleOf({ text, plain, program }: Source): Style {
  const seen = {
    quote: [] as (`'` | '"')[],
    unit: [] as string[],
    brace: [] as string[],
    bracket: [] as string[],
    gap: [] as string[],
    colon: [] as string[],
    trailing: [] as boolean[],
    quotedKeys: [] as boolean[],
  }
  for (const node of nodesIn(program)) {
    if (node.type === 'Literal' && typeof node.value === 'string') seen.quote.push(node.raw?.[0] === '"' ? '"' : `'`)
    if (node.type !== 'ObjectExpression' && node.type !== 'ArrayExpression') continue
    const items: readonly (AnyNode | null)[] = node.type === 'ObjectExpression' ? node.properties : node.elements
    const first = items[0]
    if (!first) continue
    const lead = plain.slice(node.start + 1, first.start)
    if (lead.includes('\n')) {
      const [outer, inner] = [indentOf(text, node.start), indentOf(text, first.start)]
      if (inner.startsWith(outer) && inner.length > outer.length) seen.unit.push(inner.slice(outer.length))
      seen.trailing.push(/,\s*$/.test(withoutComments(plain.slice(items.at(-1)?.end ?? node.end, node.end - 1))))
    } else if (/^[ \t]*$/.test(lead)) seen[node.type === 'ObjectExpression' ? 'brace' : 'bracket'].push(lead)
    for (const [index, item] of items.entries()) {
      const between = plain.slice(items[index - 1]?.end ?? item?.start ?? 0, item?.start)
      if (index > 0 && /^,[ \t]*$/.test(between)) seen.gap.push(between.slice(1))
      if (item?.type !== 'Property' || item.shorthand || nameOf(item as Property) === undefined) continue
      const colon = plain.slice(item.key.end, item.value.start)
      if (/^[ \t]*:[ \t]*$/.test(colon)) seen.colon.push(colon)
      if (/^[A-Za-z_$][\w$]*$/.test(nameOf(item as Property)!)) seen.quotedKeys.push(item.key.type === 'Literal')
    }
  }
  return {
    quote: most(seen.quote, `'`),
    unit: most(seen.unit, '  '),
    brace: most(seen.brace, ' '),
    bracket: most(seen.bracket, ''),
    gap: most(seen.gap, ' '),
    colon: most(seen.colon, ': '),
    trailing: most(seen.trailing, true),
    semicolons: /;\s*$/m.test(plain.replace(/\/\/.*$/gm, '')),
    quotedKeys: most(seen.quotedKeys, false),
    width: Math.max(100, ...text.split('\n').map((line) => line.trimEnd().length)),
  }
}

function indentOf(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1))![0]
}

const withoutComments = (text: string) => text.replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, '')

/** A value as source, on one line. */
export function printed(value: unknown, style: Style): string {
  if (typeof value === 'string') return quoted(value, style)
  if (Array.isArray(value))
    return value.length === 0
      ? '[]'
      : `[${style.bracket}${value.map((each) => printed(each, style)).join(`,${style.gap}`)}${style.bracket}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
    return entries.length === 0
      ? '{}'
      : object(
          entries.map(([name, each]) => property(name, printed(each, style), style)),
          style,
        )
  }
  return Object.is(value, -0) ? '-0' : String(value)
}

export function object(properties: readonly string[], style: Style): string {
  return `{${style.brace}${properties.join(`,${style.gap}`)}${style.brace}}`
}

export function property(name: string, source: string, style: Style): string {
  return `${key(name, style)}${style.colon}${source}`
}

export function key(name: string, style: Style, quote = style.quotedKeys): string {
  return quote || !/^[A-Za-z_$][\w$]*$/.test(name) ? quoted(name, style) : name
}

/** With the other quotes where that saves escapes. */
export function quoted(text: string, { quote }: Pick<Style, 'quote'>): string {
  const other = quote === `'` ? '"' : `'`
  const used = text.includes(quote) && !text.includes(other) ? other : quote
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
  return `${used}${inner.replaceAll(used, `\\${used}`)}${used}`
}
