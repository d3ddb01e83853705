import { withChosenInventory } from './chosen-inventory.ts'

/** Where in a user's file something stands, e.g. `playbooks/prepare.ts:12:5`. */
export interface SourceLine {
  readonly file: string
  readonly line: number
  readonly column?: number
}

/** What an error knows; {@link formatError} is the one place that turns it into text. */
export interface ErrorDetails {
  /** What happened, one fixed sentence without values that vary. */
  readonly summary: string
  /** The values: names, output, the reason. May span lines. */
  readonly detail?: string
  readonly host?: string
  readonly task?: string
  readonly at?: SourceLine
  /** What to do next; a command to copy stands alone on its line. */
  readonly fix?: string
  readonly exitCode?: number
}

/** An error written for the person who has to act on it: what, where, why, what next. */
export class RollcallError extends Error {
  override readonly name: string = 'RollcallError'
  readonly details: ErrorDetails
  constructor(details: ErrorDetails, options?: { cause?: unknown }) {
    super(details.detail === undefined ? details.summary : `${details.summary}: ${details.detail}`, options)
    this.details = details
  }
}

/** The host could not be reached or the link was lost: counts as unreachable (exit code 4), not as failed. */
export class UnreachableError extends RollcallError {
  override readonly name = 'UnreachableError'
}

/** `file:line:column` as editors and terminals understand it. */
export function formatLine(at: SourceLine): string {
  return `${at.file}:${at.line}${at.column === undefined ? '' : `:${at.column}`}`
}

/** The text of an error for a terminal: summary, detail, place, fix; without colour. */
export function formatError(details: ErrorDetails): string {
  const where = [
    details.host && `host ${details.host}`,
    details.task && `task '${details.task}'`,
    details.at && formatLine(details.at),
  ].filter(Boolean)
  return [
    details.summary,
    ...(details.detail === undefined ? [] : details.detail.split('\n').map((line) => `  ${line}`)),
    ...(where.length === 0 ? [] : [`  at ${where.join(', ')}`]),
    ...(details.fix === undefined ? [] : details.fix.split('\n').map((line) => `  ${withChosenInventory(line)}`)),
  ].join('\n')
}
