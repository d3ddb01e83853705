import type { TaskRecord } from '../dsl/record.ts'
import type { Member } from './batch.ts'
import { evaluate, type PreparedCall } from './evaluate.ts'

/** What comes behind a batch. */
export interface Coming {
  /** Tasks whose reads ride behind its steps, beginning with its last one unless that is done. */
  readonly tasks: readonly TaskRecord[]
  /** How many tasks ahead are read: one where all hosts wait at each task, else as many as may go together next. */
  readonly reach: number
  /** It holds the last call of its last task. */
  readonly ended: boolean
}

/** What comes behind a batch: as far ahead as the batch was long and twice that, or first runs would be quadratic. */
export function comingTasks(members: readonly Member[]): Coming {
  const { context, playHost, task, call, ahead } = members.at(-1)!.due
  const evaluation = evaluate(context, playHost, task)
  // Behind a call that is tried again stand those that ran beside it.
  const isDone = (one: PreparedCall) => 'outcome' in (playHost.prepared.get(one) ?? {})
  const ended = evaluation.kind === 'ready' && evaluation.calls.slice(evaluation.calls.indexOf(call) + 1).every(isDone)
  const count = new Set(members.map(({ due }) => due.task)).size
  const reach = context.free ? Math.max(4, 2 * count) : 1
  return { tasks: ended ? ahead.slice(1, 1 + reach) : ahead.slice(0, 1 + reach), reach, ended }
}
