/** A file's text as lines, each without its end, and the ends apart: what is put in gets the end its file has. */
export interface TextLines {
  readonly lines: readonly Line[]
  /** `\n`, or `\r\n` in a file whose first line ends so. */
  readonly end: string
}
export interface Line {
  readonly text: string
  /** Empty for a last line without one. */
  readonly end: string
}

/** Takes a text apart; together its lines are that text again. */
export function linesOf(text: string): TextLines {
  const lines = [...text.matchAll(/([^\n]*?)(\r?\n|$)/g)].map(([, line, end]) => ({ text: line!, end: end! }))
  // The expression also matches the nothing after the last line end.
  if (lines.at(-1)?.text === '' && lines.at(-1)?.end === '') lines.pop()
  return { lines, end: lines[0]?.end === '\r\n' ? '\r\n' : '\n' }
}

/** Puts lines together. */
export function joinLines(lines: readonly Line[]): string {
  return lines.map(({ text, end }) => text + end).join('')
}

/** Puts lines in at an index; the line before them gets an end if it had none. */
export function insertAt(lines: readonly Line[], index: number, added: readonly Line[], end: string): readonly Line[] {
  const before = lines.slice(0, index)
  const last = before.at(-1)
  if (last?.end === '' && added.length > 0) before[before.length - 1] = { ...last, end }
  return [...before, ...added, ...lines.slice(index)]
}
