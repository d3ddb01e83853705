import { RollcallError, type SourceLine } from '../model/errors.ts'
import type { Retries } from './play-tools.ts'
import type { TaskRecord } from './record.ts'

/** How often it is tried again, and when. */
export function retriesOf(
  { retries, delay, until }: Retries & { readonly until?: unknown },
  what: string,
  at: SourceLine | undefined,
): Pick<TaskRecord, 'retries' | 'delay'> {
  const asked = { retries: retries ?? (until || delay !== undefined ? 3 : 0), delay: delay ?? 5 }
  if (!Number.isInteger(asked.retries) || asked.retries < 0)
    fail(at, 'retries must be a whole number from 0', `${what}: ${asked.retries}`, 'It counts the attempts after the first.')
  if (!Number.isFinite(asked.delay) || asked.delay < 0)
    fail(at, 'delay must be a number of seconds from 0', `${what}: ${asked.delay}`, 'It is the time between two attempts.')
  return asked
}

/** How many hosts may be there at once. */
export function boundOf(throttle: number | undefined, what: string, at: SourceLine | undefined): number | undefined {
  if (throttle !== undefined && (!Number.isInteger(throttle) || throttle < 1))
    fail(at, 'throttle must be a whole number from 1', `${what}: ${throttle}`, 'It says how many hosts may be there at once.')
  return throttle
}

/** Each has a process of the session's shell, and on small hosts more is slower than less. */
const mostParallel = 64

/** How many items of its list may run at once on one host. */
export function parallelOf(parallel: number | undefined, what: string, at: SourceLine | undefined): number {
  if (parallel !== undefined && (!Number.isInteger(parallel) || parallel < 1 || parallel > mostParallel))
    fail(
      at,
      `parallel must be a whole number from 1 to ${mostParallel}`,
      `${what}: ${parallel}`,
      'It says how many items of its list may run at once on one host.',
    )
  return parallel ?? 1
}

/** More than a timer can wait. */
const longestTimeout = 2_000_000

/** Seconds that it may take. */
export function timeoutOf(timeout: number | undefined, what: string, at: SourceLine | undefined): number | undefined {
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout > 0 && timeout <= longestTimeout))
    fail(
      at,
      'timeout must be a number of seconds above 0',
      `${what}: ${timeout}`,
      `It is the time that a task may take, at most ${longestTimeout}.`,
    )
  return timeout
}

/** A mistake in what was written there. */
export function fail(at: SourceLine | undefined, summary: string, detail: string, fix: string): never {
  throw new RollcallError({ summary, detail, fix, ...(at && { at }) })
}
