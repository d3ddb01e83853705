import { readFileSync } from 'node:fs'
import { isAbsolute, relative } from 'node:path'
import type { SourceLine } from '../model/errors.ts'

/** The line in question with its neighbours and, where a column is known, a caret; empty when the line is not there. */
export function codeFrame(source: string, line: number, column?: number): string {
  const lines = source.split(/\r\n|\n|\r/)
  if (lines[line - 1] === undefined) return ''
  const shown = lines.slice(Math.max(0, line - 2), line + 1)
  const first = Math.max(1, line - 1)
  const width = String(first + shown.length - 1).length
  return shown
    .flatMap((text, index) => {
      const number = first + index
      const row = `${number === line ? '>' : ' '} ${String(number).padStart(width)} | ${text}`.trimEnd()
      if (number !== line || column === undefined) return [row]
      // Tabs are kept so that the caret stands below its character whatever the terminal's tab width.
      const before = text.slice(0, column - 1).replace(/[^\t]/g, ' ')
      return [row, `  ${' '.repeat(width)} | ${before}^`]
    })
    .join('\n')
}

/** {@link codeFrame} of a file on disk; empty when it cannot be read. */
export function frameOf(at: SourceLine): string {
  try {
    return codeFrame(readFileSync(at.file, 'utf8'), at.line, at.column)
  } catch {
    return ''
  }
}

/** A path as the user thinks of it: from the project's root, or absolute when it lies outside. */
export function shortPath(root: string, path: string): string {
  const short = relative(root, path)
  return short === '' || short.startsWith('..') || isAbsolute(short) ? path : short
}
