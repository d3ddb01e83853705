import type { ErrorDetails } from '../model/errors.ts'
import type { Confidence, DiffEntry } from '../model/event.ts'

/** What one call did, or in check mode would do, on one host. */
export interface CallOutcome {
  readonly changed: boolean
  readonly confidence: Confidence
  /** Why it is not certain, or why an action had nothing to do. */
  readonly reason?: string
  /** What `result(task)` gives, without `changed` and `skipped`. */
  readonly result: object
  readonly diff: readonly DiffEntry[]
  readonly steps: readonly string[]
  readonly message?: string
}

/** A step failed on the host: carries what the operator needs to see. */
export function stepFailure(module: string, step: string, reply: { code: number; stdout: string; stderr: string }): ErrorDetails {
  const output = [reply.stderr, reply.stdout]
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .join('\n')
  return {
    summary: `A step of ${module} failed`,
    detail: `${step}\nexit code ${reply.code}${output === '' ? ', no output' : `\n${tail(output)}`}`,
  }
}

const shown = 4000
/** The end of a long output: that is where errors stand. */
function tail(text: string): string {
  return text.length <= shown ? text : `…\n${text.slice(-shown)}`
}
