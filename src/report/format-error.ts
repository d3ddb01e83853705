import { isAbsolute, relative } from 'node:path'
import { type ErrorDetails, formatError, type SourceLine } from '../model/errors.ts'
import type { Colours } from './colours.ts'

/** A file as it is shortest to type from `cwd`; files outside it keep their path. */
export function shortFile(file: string, cwd: string): string {
  if (!isAbsolute(file)) return file
  const short = relative(cwd, file)
  return short === '' || short.startsWith('..') ? file : short
}

/** {@link shortFile} for a place like `/home/me/site/playbooks/prepare.ts:12:5`. */
export function shortPlace(at: string, cwd: string): string {
  const place = parsePlace(at)
  return place === undefined ? at : at.replace(place.file, shortFile(place.file, cwd))
}

/** `file:line:column` taken apart; undefined for text that is not a place. */
export function parsePlace(at: string): SourceLine | undefined {
  const match = /^(.+?):(\d+)(?::(\d+))?$/.exec(at)
  if (!match?.[1]) return undefined
  return { file: match[1], line: Number(match[2]), ...(match[3] !== undefined && { column: Number(match[3]) }) }
}

/** {@link formatError} with colour and with its place as seen from `cwd`. What to do next stays last. */
export function describeError(details: ErrorDetails, colours: Colours, cwd: string): string[] {
  const at = details.at && { ...details.at, file: shortFile(details.at.file, cwd) }
  const text = formatError({ ...details, ...(at && { at }) }).split('\n')
  const fixLines = details.fix === undefined ? 0 : details.fix.split('\n').length
  const summaryLines = details.summary.split('\n').length
  return text.map((line, index) => {
    if (index < summaryLines) return colours.failed(line)
    return index >= text.length - fixLines ? colours.hint(line) : line
  })
}
