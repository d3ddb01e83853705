import type { TaskRecord } from '../dsl/record.ts'
import { UnreachableError } from '../model/errors.ts'
import type { PlayContext, PlayHost } from './context.ts'
import { actingOn, deadDelegate, forgetAfter, recordOwed } from './delegate.ts'
import { evaluate, type PreparedCall } from './evaluate.ts'
import type { CallOutcome } from './outcome.ts'
import { userOf } from './reads.ts'
import { reconnect } from './rescue.ts'
import { runList } from './run-list.ts'

interface DueTask {
  readonly context: PlayContext
  readonly playHost: PlayHost
  readonly task: TaskRecord
  readonly calls: readonly PreparedCall[]
  readonly ahead: readonly TaskRecord[]
}

/** Runs the calls of a task on its host; each outcome is handed over as it is there, so that those before a failure are known. */
export function runCalls({ context, playHost, task, calls, ahead }: DueTask, outcomes: CallOutcome[]): Promise<void> {
  const { state } = playHost
  return state.turn(async () => {
    if (state.lost) await reconnect(state)
    await runList({ context, playHost, task, as: userOf(context, playHost, task), ahead: [task, ...ahead] }, calls, outcomes)
  })
}

/** The same on the host that the task is delegated to. @throws RollcallError, and no UnreachableError, where that one is lost. */
export async function runCallsOn(delegate: string, due: DueTask, outcomes: CallOutcome[]): Promise<void> {
  const { context, playHost, task } = due
  try {
    const on = await context.delegates!.open(delegate)
    await on.turn(async () => {
      if (on.lost) await reconnect(on)
      const acting = actingOn(playHost, on)
      const own = { ...task, notify: [] } // They are owed by the task's own host.
      const evaluation = evaluate(context, acting, own)
      if (evaluation.kind !== 'ready') return
      const as = userOf(context, acting, own)
      const before = () => recordOwed(context, playHost, task, userOf(context, playHost, task))
      try {
        await runList({ context, playHost: acting, task: own, as, ahead: [own], before }, evaluation.calls, outcomes)
      } catch (error) {
        if (error instanceof UnreachableError) on.lost = true
        throw error
      }
    })
  } catch (error) {
    throw error instanceof UnreachableError ? deadDelegate(error, delegate) : error
  } finally {
    forgetAfter(context, playHost, delegate)
  }
}
