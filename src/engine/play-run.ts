import type { TaskRecord } from '../dsl/record.ts'
import { limitConcurrency } from '../util/concurrency.ts'
import type { PlayContext, PlayHost } from './context.ts'
import { type Once, shareWork } from './once.ts'

export type Limiter = <T>(work: () => Promise<T>) => Promise<T>

/** What the batches of one play share while it runs. */
export interface PlayRun {
  readonly context: PlayContext
  /** No more of something at once than its own bound. */
  readonly bounded: (what: object, bound: number | undefined) => Limiter
  /** The context of a task at one of its turns, in which all hosts share work whenever they come to it. */
  readonly round: (turn: string, free: boolean) => PlayContext
  /** Tasks that run once, and the host that ran each. */
  readonly once: Map<TaskRecord, Promise<PlayHost>>
  /** Hosts of later batches. */
  ahead: readonly string[]
  /** Set when the rest of the run does not take place, with the reason. */
  stopped: string | undefined
  /** Set when the rest of this play, or of its batch, does not take place, and nothing has failed. */
  ended: 'play' | 'batch' | undefined
}

export function openPlayRun(context: PlayContext): PlayRun {
  const limiters = new Map<object, Limiter>()
  const shared = new Map<string, Once>()
  const run: PlayRun = {
    context,
    bounded: (what, bound) => {
      if (bound === undefined) return unbounded
      const limiter = limiters.get(what) ?? limitConcurrency(bound)
      limiters.set(what, limiter)
      return limiter
    },
    round: (turn, free) => {
      const once = shared.get(turn) ?? shareWork()
      shared.set(turn, once)
      return { ...context, once, free, course }
    },
    once: new Map(),
    ahead: [],
    stopped: undefined,
    ended: undefined,
  }
  const course: NonNullable<PlayContext['course']> = {
    end: (what) => {
      if (run.ended !== 'play') run.ended = what
    },
  }
  return run
}

/** Hosts of one batch, and how they go through the play's tasks. */
export interface Walk {
  readonly run: PlayRun
  /** All hosts of the batch, also those that cannot be reached. */
  readonly batch: readonly string[]
  /** Each host goes at its own pace. */
  readonly alone: boolean
  /** No more hosts at once than `--forks`. */
  readonly together: Limiter
  /** What is tidied up in any case is tidied up also when the run is being stopped. */
  readonly regardless?: boolean
}

/** For what has no bound of its own. */
export const unbounded: Limiter = (work) => work()

/** Whether a task may begin now. */
export function mayBegin({ run: { context }, regardless }: Walk): boolean {
  const { steering } = context
  return steering === undefined || (steering.ended === undefined && (steering.stopped === undefined || regardless === true))
}

/** Whether a host goes on: it has not failed, and neither its part in the play nor the play is over, or something has run that is not told yet. */
export function goesOn({ run, regardless }: Walk, { state, ended, prepared }: PlayHost): boolean {
  const through = run.stopped !== undefined && regardless !== true && prepared.size === 0
  return state.status === 'running' && !ended && run.ended === undefined && !through
}
