import { RollcallError, UnreachableError } from '../model/errors.ts'
import { HostHeld } from './host-lock.ts'
import { discard } from './host-state.ts'
import { inTime } from './in-time.ts'
import { ask, judge, ownResult } from './judge.ts'
import { CallFailed, type CallOutcome, failedResult, outputOf, UnknownResult } from './outcome.ts'
import { tellRetry, untilNext } from './retry.ts'
import type { Due } from './run-call.ts'

type Run = (due: Due) => Promise<CallOutcome>
/** What an attempt came to: an outcome, or what it failed with. */
type Attempt = { readonly outcome: CallOutcome } | { readonly error: RollcallError }

/**
 * Runs a call, and again where it failed, or its `until` does not hold, as often as its task says. What was read before counts no
 * more then, since time has gone by. Check mode tries once: what a task waits for may come of what is only planned.
 */
export async function persist(due: Due, run: Run): Promise<CallOutcome> {
  const { task, context, playHost } = due
  const { until, retries } = task
  if (retries === 0 && !until) return attemptOf(due, run)
  for (let attempt = 1; ; attempt++) {
    const tried = await once(due, run)
    const why = shortcoming(due, tried)
    if (why === undefined) return withAttempts(result(tried), attempt)
    if (context.check) return 'error' in tried ? result(tried) : { ...tried.outcome, confidence: 'unknown', reason: why }
    if (attempt > retries || context.steering?.stopped !== undefined)
      throw 'error' in tried ? tried.error : givenUp(due, tried.outcome, attempt)
    tellRetry(context, playHost, task, attempt, why)
    await untilNext(context, task)
    if (context.steering?.stopped !== undefined) throw 'error' in tried ? tried.error : givenUp(due, tried.outcome, attempt)
    discard(playHost.state)
  }
}

/** Each attempt has its own time. */
function attemptOf(due: Due, run: Run): Promise<CallOutcome> {
  return watched(due, () => inTime(due, (one) => judge(one, run)))
}

function watched({ context, playHost: { state }, task, as, call }: Due, work: () => Promise<CallOutcome>): Promise<CallOutcome> {
  if (!context.watch || call.definition.kind === 'controller') return work()
  return context.watch.during({ host: state.host.name, task: task.name, access: state.access, as }, work, call)
}

async function once(due: Due, run: Run): Promise<Attempt> {
  try {
    return { outcome: await attemptOf(due, run) }
  } catch (error) {
    if (
      !(error instanceof RollcallError) ||
      error instanceof UnreachableError ||
      error instanceof UnknownResult ||
      error instanceof HostHeld
    )
      throw error
    return { error }
  }
}

function result(tried: Attempt): CallOutcome {
  if ('error' in tried) throw tried.error
  return tried.outcome
}

/** Why an attempt is not enough; undefined where it is. */
function shortcoming(due: Due, tried: Attempt): string | undefined {
  const { until } = due.task
  if (!until) return 'error' in tried ? tried.error.message : undefined
  const [own, changed] =
    'error' in tried
      ? [failedResult(due.task, tried.error, false), tried.error instanceof CallFailed && tried.error.touched]
      : [ownResult(due.task, tried.outcome), tried.outcome.changed]
  return ask(due, 'until', until, own, changed).verdict === true ? undefined : 'its until does not hold'
}

function withAttempts(outcome: CallOutcome, attempts: number): CallOutcome {
  if (outcome.partial || outcome.pardoned || !outcome.result) return outcome
  return { ...outcome, result: { ...outcome.result, attempts } }
}

function givenUp({ task, call }: Due, outcome: CallOutcome, attempts: number): CallFailed {
  const said = outputOf((outcome.result ?? {}) as { stdout?: unknown; stderr?: unknown })
  const at = call.at ?? task.at
  return new CallFailed(
    {
      summary: `The task was tried ${attempts} times and its until does not hold`,
      ...(said !== '' && { detail: said }),
      fix: 'Give it more time by retries and delay, or look on the host for why it does not come about.',
      ...(at && { at }),
    },
    { result: { ...outcome.result, attempts }, touched: outcome.changed },
  )
}
