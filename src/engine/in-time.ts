import { UnreachableError } from '../model/errors.ts'
import { endingMs, endOn } from './end-on.ts'
import { runsBeside } from './group-calls.ts'
import { discard } from './host-state.ts'
import { CallFailed, type CallOutcome } from './outcome.ts'
import type { Due } from './run-call.ts'

/** What ends a call before its own end. */
type Over = 'timeout' | 'ended'

/**
 * Runs a call, and ends it on the host where it takes longer than its task's timeout, or where the run is ended.
 * @throws CallFailed then; UnreachableError where the host cannot be brought to end it.
 */
export async function inTime(due: Due, run: (due: Due) => Promise<CallOutcome>): Promise<CallOutcome> {
  const { task, context, playHost } = due
  const { steering } = context
  if ((task.timeout === undefined && !steering) || playHost.prepared.has(due.call)) return run(due)
  if (steering?.ended !== undefined) throw overtaken(due, 'ended', undefined)
  const running = `${playHost.state.host.name}: ${task.name}`
  steering?.running.add(running)
  const ran = run(due)
  try {
    const over = await firstOf(due, ran)
    return over === undefined ? await ran : await giveUp(due, ran, over)
  } finally {
    steering?.running.delete(running)
  }
}

/** Undefined where the call comes to its end by itself. */
function firstOf({ task: { timeout }, context: { steering } }: Due, ran: Promise<unknown>): Promise<Over | undefined> {
  return new Promise((resolve) => {
    const timer = timeout === undefined ? undefined : setTimeout(() => tell('timeout'), timeout * 1000)
    const forget = steering?.on('ended', () => tell('ended'))
    const tell = (over: Over | undefined) => {
      clearTimeout(timer)
      forget?.()
      resolve(over)
    }
    ran.then(
      () => tell(undefined),
      () => tell(undefined),
    )
  })
}

async function giveUp(due: Due, ran: Promise<CallOutcome>, over: Over): Promise<CallOutcome> {
  const { state } = due.playHost
  const since = new Date()
  const answered = ran.then(
    () => ({ error: undefined }),
    (error: unknown) => ({ error }),
  )
  if (due.call.definition.kind === 'controller') throw overtaken(due, over, undefined)
  const answer = await endOn(state.access, due.as, answered)
  discard(state)
  if (answer) {
    if (answer.error instanceof UnreachableError) throw answer.error
    if (!runsBeside(due.task)) throw overtaken(due, over, answer.error)
    return overtakeThoseBeside(due, over, since, answer.error === undefined ? await ran : { error: answer.error })
  }
  state.access.abandon(due.as)
  state.lock?.taken.delete(due.as)
  if (!state.applying) throw overtaken(due, over, undefined)
  throw new UnreachableError({
    ...wordsOf(due, over),
    detail: `what runs there did not end within ${endingMs / 1000} s, so it is left alone`,
  })
}

/** Of those that ran at the same time the ones that had ended by themselves keep what they came to. */
function overtakeThoseBeside(due: Due, over: Over, since: Date, own: CallOutcome | { readonly error: unknown }): CallOutcome {
  const isOver = (error: unknown) => error instanceof CallFailed && error.ended !== undefined && error.ended >= since
  const { prepared } = due.playHost
  let late = 0
  for (const [call, left] of prepared) {
    if (!('error' in left) || !isOver(left.error)) continue
    prepared.set(call, { error: overtaken({ ...due, call }, over, left.error) })
    late += 1
  }
  if (!('error' in own)) return own
  throw isOver(own.error) || (late === 0 && prepared.size === 0) ? overtaken(due, over, own.error) : own.error
}

function wordsOf({ task, context, playHost }: Due, over: Over): { readonly summary: string; readonly host: string; readonly fix: string } {
  const host = playHost.state.host.name
  return over === 'timeout'
    ? {
        summary: `The task took longer than its timeout of ${task.timeout} s`,
        host,
        fix: 'Give it more time by timeout, or look on the host for what it waits for.',
      }
    : {
        summary: `The task was ended: ${context.steering!.ended}`,
        host,
        fix: 'Run the playbook again: it starts from the state that it finds.',
      }
}

/** What the call failed with, as it was ended, is told with it: which step it was, and what that had said. */
function overtaken(due: Due, over: Over, error: unknown): CallFailed {
  const left = error instanceof CallFailed ? error : undefined
  const detail = [due.call.definition.kind === 'controller' ? undefined : 'its processes on the host were ended', left?.details.detail]
  const at = due.call.at ?? due.task.at
  return new CallFailed(
    { ...wordsOf(due, over), detail: detail.filter(Boolean).join('\n'), ...(at && { at }) },
    { result: left?.result, touched: left?.touched ?? due.playHost.state.access.writer !== undefined },
    { cause: error },
  )
}
