/** A regular expression that grep cannot be asked for; the message says what in it. */
export class RegexError extends Error {
  override readonly name = 'RegexError'
}

const classes: Readonly<Record<string, string>> = { d: '0-9', w: 'A-Za-z0-9_', s: '[:space:]' }

/**
 * A JavaScript regular expression as an extended one of POSIX, which matches in the same lines. What changes only the
 * extent of a match is dropped (names of groups, laziness).
 * @throws RegexError for what POSIX has no words for: lookaround, backreferences, Unicode classes, line breaks.
 */
export function extendedRegex(source: string): string {
  let out = ''
  for (let at = 0; at < source.length; at++) {
    const here = source[at]!
    const next = source[at + 1] ?? ''
    if (here === '\\') {
      out += escaped(next)
      at++
    } else if (here === '[') {
      const [text, end] = bracket(source, at + 1)
      out += text
      at = end
    } else if (here === '(' && next === '?') {
      const [opening] = /^\(\?(?::|<[A-Za-z_$][\w$]*>)/.exec(source.slice(at)) ?? []
      if (opening === undefined) throw new RegexError('it looks ahead or behind')
      out += '('
      at += opening.length - 1
    } else if (here === '\n' || here === '\0') throw new RegexError('lines are looked at one by one, so it cannot hold a line break')
    else {
      out += here
      if ('*+?}'.includes(here) && next === '?') at++ // Lazy or not, it matches in the same lines.
    }
  }
  return out
}

function escaped(letter: string): string {
  const lower = letter.toLowerCase()
  if (classes[lower] !== undefined) return letter === lower ? `[${classes[lower]}]` : `[^${classes[lower]}]`
  if (letter === 't') return '\t'
  if (letter === 'b' || letter === 'B') return `\\${letter}`
  if (letter === 'n' || letter === 'r') throw new RegexError('lines are looked at one by one, so it cannot hold a line break')
  if (/[A-Za-z0-9]/.test(letter) || letter === '') throw new RegexError(`grep knows no \\${letter}`)
  return '.^$*+?()[]{}|\\'.includes(letter) ? `\\${letter}` : letter
}

/** A class from behind its bracket: the POSIX text and where it ends. There a backslash quotes nothing, places do. */
function bracket(source: string, from: number): readonly [string, number] {
  const negated = source[from] === '^'
  let at = negated ? from + 1 : from
  let set = ''
  const apart = new Set<string>()
  for (; source[at] !== ']'; at++) {
    if (at >= source.length) throw new RegexError('a [ is not closed')
    let here = source[at]!
    if (here === '\\') {
      here = source[++at] ?? ''
      if (classes[here] !== undefined) set += classes[here]
      else if (here === 't') set += '\t'
      else if (/[A-Za-z0-9]/.test(here)) throw new RegexError(`grep knows no \\${here} in a class`)
      else if (']^-['.includes(here)) apart.add(here)
      else set += here
    } else if ('[^'.includes(here) || (here === '-' && (set === '' || source[at + 1] === ']'))) apart.add(here)
    else set += here
  }
  if (set === '' && apart.size === 0) throw new RegexError('a class is empty')
  if (set === '' && !negated && apart.size === 1 && apart.has('^')) return ['\\^', at]
  const has = (letter: string) => (apart.has(letter) ? letter : '')
  return [`[${negated ? '^' : ''}${has(']')}${set}${has('[')}${has('^')}${has('-')}]`, at]
}
