import { RollcallError } from '../model/errors.ts'

/** One line of an ssh_config. */
export interface Directive {
  /** In lower case. */
  readonly keyword: string
  readonly words: readonly string[]
  /** All behind the keyword as it stands, for what takes a command. */
  readonly rest: string
  readonly file: string
  readonly line: number
  /** Of an Include: the files that it names, in their order. */
  readonly included?: readonly SshConfig[]
}

/** The lines of one file, with those of the files that it includes below them. */
export type SshConfig = readonly Directive[]

/** Keywords that have, or had, another name as well. */
const aliases: Readonly<Record<string, string>> = {
  challengeresponseauthentication: 'kbdinteractiveauthentication',
  skeyauthentication: 'kbdinteractiveauthentication',
  tisauthentication: 'kbdinteractiveauthentication',
  dsaauthentication: 'pubkeyauthentication',
  identityfile2: 'identityfile',
  pubkeyacceptedkeytypes: 'pubkeyacceptedalgorithms',
}

/**
 * Reads the text of one file as OpenSSH does. Keywords that nobody knows are kept: a newer ssh may.
 * @throws RollcallError for quotes that are not closed, and a keyword without a value.
 */
export function parseSshConfig(text: string, file = 'ssh_config'): SshConfig {
  return text.split('\n').flatMap((content, at) => {
    const [, written = '', rest = ''] = /^\s*([^\s="]*)(?:\s*=\s*|\s+|$)(.*?)[\s\f]*$/s.exec(content) ?? []
    if (written === '' || written.startsWith('#')) return []
    const where = { file, line: at + 1 }
    const words = splitConfigWords(rest)
    if (words === undefined) throw wrongConfig('a quote is not closed', content.trim(), where)
    const keyword = aliases[written.toLowerCase()] ?? written.toLowerCase()
    if (rest === '') throw wrongConfig('a keyword has no value', written, where)
    return [{ keyword, words, rest, ...where }]
  })
}

/** OpenSSH's own way of splitting: both quotes, few escapes, and a `#` that begins a word ends the line. */
export function splitConfigWords(text: string): readonly string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!
    const next = text[at + 1]
    if (word === undefined) {
      if (letter === ' ' || letter === '\t') continue
      if (letter === '#') break
      word = ''
    }
    if (letter === '\\' && next !== undefined && (`'"\\`.includes(next) || (quote === '' && next === ' '))) {
      word += next
      at += 1
    } else if (quote === '' && (letter === ' ' || letter === '\t')) {
      words.push(word)
      word = undefined
    } else if (quote === '' && (letter === '"' || letter === "'")) quote = letter
    else if (letter === quote) quote = ''
    else word += letter
  }
  if (quote !== '') return undefined
  return word === undefined ? words : [...words, word]
}

/** What OpenSSH would not accept, either. */
export function wrongConfig(what: string, value: string, { file, line }: { readonly file: string; readonly line: number }): RollcallError {
  return new RollcallError({
    summary: 'The ssh configuration is wrong',
    detail: `${file}:${line}: ${what}: ${value}`,
    fix: 'Correct it; this shows what ssh makes of it:\nssh -G localhost',
  })
}
