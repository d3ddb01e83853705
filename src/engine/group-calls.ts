import type { TaskRecord } from '../dsl/record.ts'
import type { ReadSet } from '../dsl/resource.ts'
import { longInput } from '../transport/session-types.ts'
import { openRun, type Run } from './apart.ts'
import type { Change } from './change.ts'
import type { State } from './compare.ts'
import { type Effects, openEffects } from './effects.ts'
import type { Due } from './run-call.ts'

/** All that a call reads, and what was read. */
export interface KnownReads {
  readonly reads: ReadSet
  readonly states: ReadonlyMap<string, State>
}

/** The calls of one task that go in one exchange, of which some may run at the same time. */
export interface Group {
  readonly task: TaskRecord
  /**
   * One more call, with what it changes, if anything. It runs at the same time as those before it where it lies apart from them and its
   * task says so; else all of them come before it. Undefined where nothing may run beside it.
   */
  readonly take: (due: Due, change: Change | undefined, known: KnownReads | undefined) => Run | undefined
  /** Of what comes before the call that was taken last. */
  readonly effects: Effects
  /** Whether of all that comes before it is known that it touches nothing but what it declares. */
  readonly trusted: () => boolean
}

/** Whether items of a task's list may run at the same time on one host. */
export function runsBeside({ parallel }: TaskRecord): boolean {
  return parallel > 1
}

/**
 * How many items go in one exchange where whether one has failed is not known on the host, or where each has a time that begins with it: as
 * many as begin at once.
 */
export function mostAtOnce(task: TaskRecord): number {
  const { parallel, timeout, failedWhen, until } = task
  return runsBeside(task) && (timeout !== undefined || failedWhen !== undefined || until !== undefined)
    ? parallel
    : Number.POSITIVE_INFINITY
}

/** A group of no call yet. */
export function openGroup(task: TaskRecord): Group {
  const effects = openEffects()
  let trusted = true
  let run: Run | undefined
  let last: { readonly due: Due; readonly change: Change }[] = []
  const close = () => {
    for (const { due, change } of last) {
      effects.add(due, change)
      trusted &&= due.context.trusts(due.call.definition)
    }
    last = []
    run = undefined
  }
  return {
    task,
    effects,
    trusted: () => trusted,
    take: (due, change, known) => {
      const states = known && Object.values(known.reads).map((read) => ({ read, state: known.states.get(read.key)! }))
      const beside = runsBeside(task) && states !== undefined && !(change && hasLongInput(change))
      if (!(beside && run?.take(due, change, states))) {
        close()
        if (beside && change) {
          run = openRun()
          run.take(due, change, states)
        }
      }
      if (change) last.push({ due, change })
      return change && run
    },
  }
}

/** Only one job at a time can be given what does not go along with its exchange, and the link is no faster for two. */
function hasLongInput({ steps }: Change): boolean {
  return steps.some((step) => ((step.kind === 'write' ? step.content : step.stdin)?.length ?? 0) > longInput)
}
