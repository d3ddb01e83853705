import { setTimeout as sleep } from 'node:timers/promises'
import type { Return } from '../dsl/definition.ts'
import { RollcallError, UnreachableError } from '../model/errors.ts'
import type { Reply } from '../transport/session-types.ts'
import { within } from '../util/within.ts'
import { decode } from './exchange.ts'
import { discard } from './host-state.ts'
import { CallFailed } from './outcome.ts'
import { notePending, readPending } from './pending.ts'
import type { Due } from './run-call.ts'

const firstPauseMs = 500
const longestPauseMs = 5000
/** What an attempt that reached the host gets for its test at least: a slow answer says more than none. */
const graceMs = 10_000

/**
 * Waits for a host that went away, over new links alone: the old one may die silently, and only a host's own answer tells
 * that it is another boot. Then all that was read of it is forgotten; its records of pending handlers are read again.
 * @throws UnreachableError when it does not answer in time, RollcallError when it answers and its test does not hold.
 */
export async function comeBack({ playHost: { state }, as }: Due, returns: Return): Promise<void> {
  const { access, host } = state
  const { reopen } = access
  if (!reopen) throw new RollcallError({ summary: 'A link that cannot be opened again was given up', host: host.name })
  await sleep(returns.delay * 1000)
  const end = performance.now() + returns.timeout * 1000
  const left = () => Math.max(0, end - performance.now())
  const ownLimit = returns.connectTimeout === undefined ? undefined : returns.connectTimeout * 1000
  let last: RollcallError | Reply | undefined
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    try {
      await reopen({ connectTimeoutMs: ownLimit })
      const replies = await within(
        access.reader.read(as, [readPending(access.userOf(as)), { script: returns.test }]),
        Math.max(left(), graceMs),
      )
      last = replies?.[1] ?? last
      if (replies?.[1]?.code === 0) {
        discard(state)
        state.pending.forget(as)
        state.pendingRead.clear()
        state.lock?.taken.clear()
        notePending(state, as, replies[0]!)
        return
      }
    } catch (error) {
      if (!(error instanceof RollcallError)) throw error
      last = error
    }
    if (left() === 0) throw notBack(host.name, returns, last)
    await sleep(Math.min(pause, left()))
  }
}

function notBack(host: string, { after, timeout, fix }: Return, last: RollcallError | Reply | undefined): RollcallError {
  const seen =
    last === undefined
      ? 'it answered, and its test did not end'
      : last instanceof RollcallError
        ? `the last attempt: ${last.message}`
        : `the last test ended with exit code ${last.code}: ${`${decode(last.stderr)}${decode(last.stdout)}`.trim() || 'no output'}`
  const details = { summary: `The host was not back in time after ${after}`, detail: `waited ${timeout} s; ${seen}`, host, fix }
  return last instanceof UnreachableError
    ? new UnreachableError(details, { cause: last })
    : new CallFailed(details, { result: undefined, touched: true })
}
