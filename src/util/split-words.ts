/** A text that cannot be split into words; the message says where and why. */
export class WordsError extends Error {
  override readonly name = 'WordsError'
}

/** What only a shell gives a meaning; a program that gets it as a word is not what was meant. */
const forShell: readonly { readonly pattern: RegExp; readonly is: string }[] = [
  { pattern: /^\n/, is: 'a second line' },
  { pattern: /^(\|\|?|&&?|;)/, is: 'to join commands' },
  { pattern: /^[<>]/, is: 'to redirect' },
  { pattern: /^`/, is: 'to insert the output of a command' },
  { pattern: /^\$\(/, is: 'to insert the output of a command' },
  { pattern: /^\$(\{|[A-Za-z_0-9?@*#!$-])/, is: 'to insert a variable' },
  { pattern: /^[()]/, is: 'to group commands' },
  { pattern: /^\*/, is: 'a pattern of file names' },
]
/** These mean something within double quotes as well. */
const inDoubleQuotes = /^(`|\$\(|\$\{|\$[A-Za-z_])/

/**
 * Splits a command line into words as a POSIX shell does, quotes and backslashes honoured, and expands nothing.
 * @throws WordsError for an open quote, and for what is meant for a shell: a pipe, a redirection, a variable, a pattern.
 */
export function splitWords(text: string): readonly string[] {
  const words: string[] = []
  let word: string | undefined
  const add = (part: string) => {
    word = (word ?? '') + part
  }
  const refuse = (at: number, within = false) => {
    const rest = text.slice(at)
    if (within && !inDoubleQuotes.test(rest)) return
    const found =
      forShell.find(({ pattern }) => pattern.test(rest)) ??
      (word === undefined && /^~[/a-z]?/.test(rest) && { pattern: /^~/, is: 'a home directory' })
    if (found)
      throw new WordsError(`'${found.pattern.exec(rest)![0].replace('\n', '\\n')}' at character ${at + 1} is for a shell (${found.is})`)
  }
  for (let at = 0; at < text.length; at++) {
    const here = text[at]!
    if (here === ' ' || here === '\t' || (here === '\n' && text.slice(at).trim() === '')) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (here === "'") {
      const end = text.indexOf("'", at + 1)
      if (end < 0) throw new WordsError(`the quote ' at character ${at + 1} is not closed`)
      add(text.slice(at + 1, end))
      at = end
    } else if (here === '"') {
      const start = at
      add('')
      for (at++; text[at] !== '"'; at++) {
        if (at >= text.length) throw new WordsError(`the quote " at character ${start + 1} is not closed`)
        if (text[at] === '\\' && '$`"\\'.includes(text[at + 1] ?? ' ')) add(text[++at]!)
        else if (text[at] === '\\' && text[at + 1] === '\n') at++
        else {
          refuse(at, true)
          add(text[at]!)
        }
      }
    } else if (here === '\\') {
      if (at + 1 === text.length) throw new WordsError('the backslash at the end quotes nothing')
      if (text[++at] !== '\n') add(text[at]!)
    } else {
      refuse(at)
      add(here)
    }
  }
  if (word !== undefined) words.push(word)
  return words
}
