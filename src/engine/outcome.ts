import type { TaskRecord } from '../dsl/record.ts'
import { type ErrorDetails, RollcallError } from '../model/errors.ts'
import type { Confidence, DiffEntry } from '../model/event.ts'
import { redact } from '../util/redact.ts'
import type { Unsure } from './unsure.ts'

/** What one call did, or in check mode would do, on one host. */
export interface CallOutcome {
  readonly changed: boolean
  readonly confidence: Confidence
  /** Why it is not certain, or why an action had nothing to do. */
  readonly reason?: string
  /** What `result(task)` gives, without `changed` and `skipped`; undefined where check mode cannot tell. */
  readonly result: object | undefined
  readonly diff: readonly DiffEntry[]
  readonly steps: readonly string[]
  readonly message?: string
  /** How many -v it takes to show the message. */
  readonly verbosity?: number
  /** An action that had nothing to do: nothing of it can have failed or changed. */
  readonly idle?: boolean
  /** It failed, and the task's `failedWhen` says that this is no failure. */
  readonly pardoned?: boolean
  /** Check mode: the result holds only what is known before the run. */
  readonly partial?: boolean
  /** What check mode says the action would do, where that is not `run`. */
  readonly would?: string
}

/** A call failed and left something all the same: what `failedWhen` judges and `ignoreErrors` passes on. */
export class CallFailed extends RollcallError {
  override readonly name = 'CallFailed'
  readonly result: object | undefined
  /** Whether the host may be another than before. */
  readonly touched: boolean
  /** When the step that failed had ended, where that is known. */
  readonly ended: Date | undefined
  constructor(
    details: ErrorDetails,
    left: { readonly result: object | undefined; readonly touched: boolean; readonly ended?: Date | undefined },
    options?: { cause?: unknown },
  ) {
    super(details, options)
    this.result = left.result
    this.touched = left.touched
    this.ended = left.ended
  }
}

/** Confidence and reason as an outcome shows them. */
export function sureness(unsure: Unsure | undefined): Pick<CallOutcome, 'confidence' | 'reason'> {
  return unsure ? { confidence: unsure.confidence, reason: `after '${unsure.because}', which is only planned` } : { confidence: 'certain' }
}

/** Check mode: a closure needs the result of a task of which nothing can be told before the run. */
export class UnknownResult extends RollcallError {
  override readonly name = 'UnknownResult'
}

/** Stands for a result that cannot be told: `changed`, `skipped` and what is known may be read, all else is an `UnknownResult`. */
export function unknownResult(task: TaskRecord, changed: boolean, known: object = {}): object {
  return guarded(
    { ...known, changed, skipped: false, failed: false },
    (field) => new UnknownResult({ summary: 'In check mode this result is not known', detail: `'${field}' of '${task.name}'` }),
  )
}

/** What a failed call left, if anything; reading more of it says so and repeats the failure. */
export function failedResult(task: TaskRecord, error: RollcallError, changed: boolean, failed = true): object {
  const left = error instanceof CallFailed ? (error.result ?? {}) : {}
  return guarded(
    { msg: error.message, ...left, changed, skipped: false, failed },
    (field) =>
      new RollcallError({
        summary: 'The result of a failed task was read',
        detail: `'${task.name}' failed, so it has no '${field}'\n${error.message}`,
        fix: 'Ask result(task).failed first.',
      }),
  )
}

/** A skipped task left `changed` and `skipped`; reading more of it is an error, not `undefined`. */
export function skippedResult(task: TaskRecord): object {
  const detail = (field: string) => `'${task.name}' was skipped, so it has no '${field}'`
  return guarded(
    { changed: false, skipped: true, failed: false },
    (field) =>
      new RollcallError({
        summary: 'The result of a skipped task was read',
        detail: detail(field),
        fix: 'Ask result(task).skipped first.',
      }),
  )
}

function guarded(known: object, refuse: (field: string) => Error): object {
  return new Proxy(known as Record<string | symbol, unknown>, {
    get: (target, field) => {
      if (field in target || typeof field === 'symbol' || field === 'then' || field === 'toJSON') return target[field]
      throw refuse(field)
    },
  })
}

/** A step failed on the host: carries what the operator needs to see. */
export function stepFailure(module: string, step: string, reply: { code: number; stdout: string; stderr: string }): ErrorDetails {
  const output = outputOf(reply)
  return {
    summary: `A step of ${module} failed`,
    detail: `${step}\nexit code ${reply.code}${output === '' ? ', no output' : `\n${output}`}`,
  }
}

/** What a command said, its errors first, cut where it is long. */
export function outputOf({ stdout, stderr }: { readonly stdout?: unknown; readonly stderr?: unknown }): string {
  const said = [stderr, stdout].filter((text) => typeof text === 'string')
  // Before it is cut: of half a secret nothing would be recognised.
  const texts = said.map((text) => redact(text).trim()).filter((text) => text !== '')
  return tail(texts.join('\n'))
}

const shown = 4000
/** The end of a long output: that is where errors stand. */
function tail(text: string): string {
  return text.length <= shown ? text : `…\n${text.slice(-shown)}`
}
