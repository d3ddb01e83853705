/** A piece of JavaScript as far as finding an object's keys needs it. */
export interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'mark' | 'opaque'
  /** The source itself; of `text` what it says, without quotes and escapes. */
  readonly text: string
  /** Offset in the source. */
  readonly start: number
}

const space = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\//y
const word = /[\p{ID_Start}$_#][\p{ID_Continue}$\u200c\u200d]*/uy
const number = /(?:0[xob][\da-f_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?)n?/iy
const quoted = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y
const expression = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
const mark = /\.\.\.|=>|[\s\S]/y

/** Words behind which a slash begins a regular expression. */
const beforeValue = new Set(['return', 'typeof', 'case', 'in', 'of', 'delete', 'void', 'throw', 'new', 'do', 'else', 'await', 'yield'])

/** JavaScript (types erased) as tokens; comments and white space are left out, a template or expression is one token. */
export function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(source)?.[0]
  }
  while (at < source.length) {
    const skipped = match(space)
    if (skipped !== undefined) {
      at += skipped.length
      continue
    }
    const token = next(tokens.at(-1))
    tokens.push({ ...token.token, start: at })
    at += token.length
  }
  return tokens

  function next(last: Token | undefined): { token: Omit<Token, 'start'>; length: number } {
    const as = (kind: Token['kind'], text: string) => ({ token: { kind, text }, length: text.length })
    if (source[at] === '`') return as('opaque', source.slice(at, endOfTemplate(source, at)))
    const text = match(quoted)
    if (text !== undefined) return { token: { kind: 'text', text: unquote(text) }, length: text.length }
    const name = match(word)
    if (name !== undefined) return as('word', name)
    const digits = /[\d.]/.test(source[at]!) ? match(number) : undefined
    if (digits) return as('number', digits)
    const regular = source[at] === '/' && mayBeginValue(last) ? match(expression) : undefined
    return regular === undefined ? as('mark', match(mark)!) : as('opaque', regular)
  }
}

function mayBeginValue(last: Token | undefined): boolean {
  if (last === undefined) return true
  if (last.kind === 'mark') return ![')', ']', '}'].includes(last.text)
  return last.kind === 'word' && beforeValue.has(last.text)
}

/** Where a template literal ends; what it embeds may hold templates again. */
function endOfTemplate(source: string, start: number): number {
  let at = start + 1
  for (let depth = 0; at < source.length; at++) {
    const character = source[at]
    if (character === '\\') at++
    else if (depth === 0 && character === '`') return at + 1
    else if (depth === 0 && character === '$' && source[at + 1] === '{') {
      depth = 1
      at++
    } else if (depth > 0) {
      if (character === '`') at = endOfTemplate(source, at) - 1
      else if (character === '{') depth++
      else if (character === '}') depth--
    }
  }
  return source.length
}

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(u\{([\da-f]+)\}|u([\da-f]{4})|x([\da-f]{2})|[\s\S])/gi, (_, escaped: string, ...hex: unknown[]) => {
    const code = hex.slice(0, 3).find((digits) => typeof digits === 'string')
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code as string, 16))
    return { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', '0': '\0', '\n': '' }[escaped] ?? escaped
  })
}
