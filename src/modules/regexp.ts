import { Refusal } from '../dsl/definition.ts'
import { instanceOf, Type } from '../dsl/schema.ts'

const asRegExp = instanceOf('RegExp', RegExp)

/** A parameter that is a regular expression: its source, or one written as /…/. */
export const regexp = (description: string) =>
  Type.Unsafe<string | RegExp>({
    anyOf: [{ type: 'string', minLength: 1 }, asRegExp],
    description: `${description}; a regular expression of JavaScript, as text or /…/`,
  })

/** What Python writes otherwise than JavaScript: without a word about it `\Z` would be taken for a Z. */
const ofPython: readonly (readonly [RegExp, string])[] = [
  [/\(\?P[<=]/, 'JavaScript names a group (?<name>…) and refers to it by \\k<name>.'],
  [/\(\?[aiLmsux]+\)/, 'Write it as a RegExp with flags, such as /…/i.'],
  [/(?<!\\)(?:\\\\)*\\[AZ]/, 'JavaScript has no \\A and \\Z: write ^ and $.'],
]

/**
 * The expression of a parameter. Text is read as Unicode where that is possible (`.` is then a whole character).
 * @throws Refusal, naming the parameter, for text that is no regular expression.
 */
export function compile(name: string, given: string | RegExp, extraFlags = ''): RegExp {
  if (given instanceof RegExp) return new RegExp(given.source, flagsOf(given.flags.replace(/[gy]/g, '') + extraFlags))
  const python = ofPython.find(([sign]) => sign.test(given))
  if (python) throw new Refusal(`${name} '${given}' is a regular expression of Python, not of JavaScript`, python[1])
  try {
    // Escapes of what needs none, such as \- or \", are allowed only without the flag.
    return attempt(given, `u${extraFlags}`) ?? new RegExp(given, flagsOf(extraFlags))
  } catch (error) {
    throw new Refusal(
      `${name} '${given}' is no regular expression: ${(error as Error).message.replace(/^.*: /s, '')}`,
      'To look for text as it stands, put a backslash before each of \\ ^ $ . | ? * + ( ) [ ] { }.',
    )
  }
}

function attempt(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flagsOf(flags))
  } catch {
    return undefined
  }
}

const flagsOf = (flags: string) => [...new Set(flags)].join('')

const escapes: { readonly [letter: string]: string } = { n: '\n', r: '\r', t: '\t', '\\': '\\' }

/**
 * Text in which `\1`, `\g<1>` and `\g<name>` stand for what groups matched, as in Ansible. `$1` is plain text.
 * @throws Refusal for a group the expression does not have.
 */
export function replacement(name: string, text: string, expression: RegExp): (match: RegExpExecArray) => string {
  const groups = new RegExp(`${expression.source}|`, expression.flags.replace('g', '')).exec('')!
  const parts = text.split(/(\\g<[^>]*>|\\[1-9]\d?|\\[a-z\\]|\\0)/i).map((part, index) => {
    if (index % 2 === 0) return part
    const reference = /^\\(?:g<(.*)>|(\d+))$/s.exec(part)
    if (!reference) {
      const meant = escapes[part[1]!]
      if (meant === undefined)
        throw new Refusal(`${name} holds ${part}, which means nothing there`, 'For a backslash write \\\\ (two of them).')
      return meant
    }
    const group = reference[1] ?? reference[2]!
    const there = /^\d+$/.test(group) ? Number(group) < groups.length : groups.groups !== undefined && group in groups.groups
    if (!there || part === '\\0')
      throw new Refusal(
        `${name} holds ${part}, and the expression ${String(expression)} has no such group`,
        part === '\\0' ? 'The whole match is \\g<0>.' : undefined,
      )
    return /^\d+$/.test(group) ? Number(group) : { group }
  })
  return (match) =>
    parts
      .map((part) => (typeof part === 'string' ? part : ((typeof part === 'number' ? match[part] : match.groups?.[part.group]) ?? '')))
      .join('')
}
