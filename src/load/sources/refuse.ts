import { RollcallError, type SourceLine } from '../../model/errors.ts'

/** An inventory that cannot be used as it is: what, where, and what to do. */
export function refused(detail: string, fix: string, at?: SourceLine, cause?: unknown): RollcallError {
  return new RollcallError(
    { summary: 'The inventory cannot be read', detail, fix, exitCode: 1, ...(at && { at }) },
    ...(cause === undefined ? [] : [{ cause }]),
  )
}
