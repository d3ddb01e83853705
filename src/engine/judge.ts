import type { TaskRecord } from '../dsl/record.ts'
import { RollcallError, UnreachableError } from '../model/errors.ts'
import { failureOf } from './evaluate.ts'
import { HostHeld } from './host-lock.ts'
import { CallFailed, type CallOutcome, failedResult, outputOf, sureness, UnknownResult, unknownResult } from './outcome.ts'
import { withdrawPending } from './pending.ts'
import type { Due } from './run-call.ts'
import { leastSure, type Unsure } from './unsure.ts'

/** Runs a call, and lets the task's `failedWhen` and `changedWhen` decide what became of it. */
export async function judge(due: Due, run: (due: Due) => Promise<CallOutcome>): Promise<CallOutcome> {
  const { task, playHost } = due
  const { changedWhen, failedWhen } = task
  if (!changedWhen && !failedWhen) return run(due)
  const { state } = playHost
  const outcome = await pardoned(due, run)
  if (outcome.idle) return outcome
  const own = ownResult(task, outcome)
  if (failedWhen && !outcome.pardoned && ask(due, 'failedWhen', failedWhen, own, outcome.changed).verdict === true) {
    const changed = changedWhen ? ask(due, 'changedWhen', changedWhen, own, outcome.changed).verdict !== false : outcome.changed
    if (!changed && state.access.writer) await withdrawPending(state, state.access.writer, due.as, due.call)
    throw condemned(due, { ...outcome, changed })
  }
  if (!changedWhen) return outcome
  const { verdict: changed, unsure } = ask(due, 'changedWhen', changedWhen, own, outcome.changed)
  if (changed === 'unknown')
    return { ...outcome, changed: true, confidence: 'unknown', reason: 'its changedWhen needs what only a run gives' }
  if (outcome.changed && !changed && state.access.writer) await withdrawPending(state, state.access.writer, due.as, due.call)
  return { ...outcome, changed, ...(outcome.confidence === 'certain' && unsure && sureness(unsure)) }
}

/** What closures see of what a call left: of what only a run gives they are told so. */
export function ownResult(task: TaskRecord, { partial, result, changed }: CallOutcome): object {
  return partial || !result ? unknownResult(task, changed, result) : result
}

/** The call's outcome, also where it failed and `failedWhen` does not hold of what it left. */
async function pardoned(due: Due, run: (due: Due) => Promise<CallOutcome>): Promise<CallOutcome> {
  const { failedWhen } = due.task
  try {
    return await run({ ...due, harmless: isHarmless(due) })
  } catch (error) {
    if (
      !failedWhen ||
      error instanceof HostHeld ||
      !(error instanceof RollcallError) ||
      error instanceof UnreachableError ||
      error instanceof UnknownResult
    )
      throw error
    const touched = error instanceof CallFailed && error.touched
    const own = failedResult(due.task, error, touched)
    if (ask(due, 'failedWhen', failedWhen, own, touched).verdict !== false) throw error
    return {
      changed: touched,
      confidence: 'certain',
      result: failedResult(due.task, error, touched, false),
      diff: [],
      steps: [],
      pardoned: true,
    }
  }
}

/** Check mode: an action whose `changedWhen` is false whatever it leaves does not make later tasks unsure. */
function isHarmless(due: Due): boolean {
  const { changedWhen } = due.task
  if (!due.context.check || !changedWhen || due.call.definition.kind !== 'action') return false
  try {
    return ask(due, 'changedWhen', changedWhen, unknownResult(due.task, true), true).verdict === false
  } catch {
    return false // It is asked again when its turn has come.
  }
}

interface Verdict {
  /** `unknown`: in check mode, where it hangs on what only a run gives. */
  readonly verdict: boolean | 'unknown'
  /** What earlier results it hangs on make it unsure. */
  readonly unsure: Unsure | undefined
}

/** Asks a closure of the task about what its call left. */
export function ask(due: Due, name: string, closure: NonNullable<TaskRecord['failedWhen']>, own: object, changed: boolean): Verdict {
  const { context, playHost, task } = due
  const read = new Set<TaskRecord>()
  const earlier = (of: TaskRecord) => {
    read.add(of)
    const left = playHost.results.get(of)
    if (left) return left
    throw new RollcallError({
      summary: `${name} reads the result of a task that has not run`,
      detail: `'${of?.name}'`,
      fix: 'result.rc is of the task itself; result(task) takes an earlier task of the same play.',
    })
  }
  const result = new Proxy(earlier, {
    get: (_, field) => (field === 'changed' ? changed : field === 'failed' && !('failed' in own) ? false : Reflect.get(own, field)),
    has: (_, field) => field in own,
    ownKeys: () => Reflect.ownKeys(own),
    getOwnPropertyDescriptor: (_, field) =>
      field in own ? { value: Reflect.get(own, field), configurable: true, enumerable: true } : undefined,
  })
  try {
    const verdict: unknown = closure({ ...context.scopeOf(playHost.state.host.name), failure: failureOf(playHost, task), result })
    if (typeof verdict === 'boolean') return { verdict, unsure: leastSure([...read].flatMap((of) => playHost.unsure.get(of) ?? [])) }
    throw new RollcallError({
      summary: 'A condition must be true or false',
      detail: `${name} gave ${typeof verdict === 'object' ? 'an object' : String(verdict)}`,
      fix: 'Compare a value, as in result.rc > 1. Closures are synchronous.',
      ...(task.at && { at: task.at }),
    })
  } catch (error) {
    if (error instanceof UnknownResult && context.check) return { verdict: 'unknown', unsure: undefined }
    throw error
  }
}

function condemned({ task, call }: Due, outcome: CallOutcome): CallFailed {
  const left = (outcome.result ?? {}) as { rc?: unknown; stdout?: unknown; stderr?: unknown }
  const said = [left.rc === undefined ? '' : `exit code ${left.rc}`, outputOf(left)].filter((text) => text !== '')
  const at = call.at ?? task.at
  return new CallFailed(
    {
      summary: 'The task failed: its failedWhen holds',
      ...(said.length > 0 && { detail: said.join('\n') }),
      ...(at && { at }),
    },
    { result: outcome.result, touched: outcome.changed },
  )
}
