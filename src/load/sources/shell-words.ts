/**
 * The words of a line as Python's `shlex.split(line, comments=True)` takes them apart, which is what Ansible does with a host's
 * line: a `#` outside quotes ends it, even within a word.
 * @throws SyntaxError for a quote that is not closed, and a backslash at the end.
 */
export function shellWords(line: string): readonly string[] {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < line.length; at++) {
    const here = line[at]!
    if (' \t\r\n'.includes(here)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (here === '#') break
    else if (here === '\\') {
      at += 1
      if (at >= line.length) throw new SyntaxError('No escaped character')
      word = (word ?? '') + line[at]
    } else if (here === "'" || here === '"') {
      const end = endOfQuote(line, at)
      word = (word ?? '') + insideOf(line.slice(at + 1, end), here)
      at = end
    } else word = (word ?? '') + here
  }
  if (word !== undefined) words.push(word)
  return words
}

function endOfQuote(line: string, open: number): number {
  const quote = line[open]
  for (let at = open + 1; at < line.length; at++) {
    if (line[at] === quote) return at
    if (quote === '"' && line[at] === '\\') at += 1
  }
  throw new SyntaxError('No closing quotation')
}

/** In double quotes a backslash stands before a quote and before itself; before all else it is one. */
function insideOf(text: string, quote: string): string {
  return quote === '"' ? text.replace(/\\(["\\])/g, '$1') : text
}
