/** One item of a pattern: `&` keeps only what is in it as well, `!` takes away what is in it. */
export interface PatternItem {
  readonly operator: 'or' | 'and' | 'not'
  /** A name, a glob, `~` and a regular expression, either with a place in brackets; or `@` and a file. */
  readonly text: string
}

const operators: Readonly<Record<string, PatternItem['operator']>> = { '&': 'and', '!': 'not' }

/**
 * The items of a pattern, without empty ones. `,`, `:` and white space stand between them; not within brackets, not in
 * groups and counts of a regular expression, and not in `names`, which are those that hold such a character (an IPv6
 * address).
 */
export function itemsOf(pattern: string, names: readonly string[] = []): readonly PatternItem[] {
  const items: PatternItem[] = []
  const begin = (text: string) => text.replace(/^[\s,:]+/, '')
  let rest = begin(pattern)
  while (rest !== '') {
    const operator = operators[rest[0]!] ?? 'or'
    const from = operator === 'or' ? 0 : 1
    const end = endOf(rest, from, names)
    items.push({ operator, text: rest.slice(from, end) })
    rest = begin(rest.slice(end))
  }
  return items
}

function endOf(text: string, from: number, names: readonly string[]): number {
  const whole = names.filter((name) => text.startsWith(name, from) && /^([\s,:[]|$)/.test(text.slice(from + name.length)))
  const start = from + Math.max(0, ...whole.map((name) => name.length))
  const regex = text[from] === '~'
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const here = text[at]!
    if (here === '[') at = Math.max(at, closing(text, at))
    else if (regex && here === '\\') at += 1
    else if (regex && '({'.includes(here)) depth += 1
    else if (regex && ')}'.includes(here)) depth -= 1
    else if (depth <= 0 && (text[from] === '@' ? /[,:]/ : /[\s,:]/).test(here)) return at
  }
  return text.length
}

/** Where a bracket ends; before its begin where it does not. A `]` that comes first stands for itself, as in `[]a]`. */
function closing(text: string, open: number): number {
  return text.indexOf(']', open + (/^\[!?\]/.exec(text.slice(open))?.[0].length ?? 1))
}

/** `web[0]`, `web[-1]`, `web[0:2]`, `web[1:]`: what stands before the bracket, and the places. */
export function splitPlace(
  text: string,
): { readonly of: string; readonly from: number; readonly to?: number | 'end'; readonly old: boolean } | undefined {
  const match = text.startsWith('~') ? null : /^(.+)\[(?:(-?[0-9]+)|([0-9]+)([:-])([0-9]*))\]$/s.exec(text)
  if (!match) return undefined
  const [, of = '', one, from, sign, to] = match
  if (one !== undefined) return { of, from: Number(one), old: false }
  return { of, from: Number(from), to: to === '' ? 'end' : Number(to), old: sign === '-' }
}

/** Whether an item is more than a name. */
export function isWild(text: string): boolean {
  return /^~|[*?[]/.test(text)
}

/**
 * What a glob or a regular expression asks of a name. A glob is the whole name; an expression need only match its
 * beginning, as Python's `re.match`.
 * @throws SyntaxError for what is no regular expression.
 */
export function testOf(text: string): (name: string) => boolean {
  const expression = text.startsWith('~') ? new RegExp(`^(?:${text.slice(1)})`) : new RegExp(`^${globSource(text)}$`, 's')
  return (name) => expression.test(name)
}

/** What Python writes otherwise than JavaScript, and what to write instead. */
export function pythonOnly(expression: string): string | undefined {
  if (/\(\?P[<=]/.test(expression)) return 'JavaScript names a group (?<name>…) and refers to it by \\k<name>.'
  if (/\(\?[aiLmsux]+\)/.test(expression)) return 'Write both cases of a letter, such as [Ww]eb.'
  if (/(?<!\\)(?:\\\\)*\\[AZ]/.test(expression)) return 'JavaScript has no \\A and \\Z: write ^ and $.'
  return undefined
}

function globSource(glob: string): string {
  let source = ''
  for (let at = 0; at < glob.length; at++) {
    const here = glob[at]!
    const end = here === '[' ? closing(glob, at) : -1
    if (end > at) {
      const inside = glob.slice(at + 1, end)
      const negated = inside.startsWith('!')
      source += `[${negated ? '^' : ''}${inside.slice(negated ? 1 : 0).replace(/[\\\]^[]/g, '\\$&')}]`
      at = end
    } else source += here === '*' ? '.*' : here === '?' ? '.' : here.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  }
  return source
}
