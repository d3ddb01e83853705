import { RollcallError } from '../model/errors.ts'
import type { PreparedCall } from './evaluate.ts'
import { judge } from './judge.ts'
import { CallFailed, type CallOutcome } from './outcome.ts'
import { persist } from './persist.ts'
import { type Due, runCall } from './run-call.ts'

type DueList = Omit<Due, 'call'>

/**
 * Runs the calls of a task, each at its turn, until one fails; of those that have run by then, beside it, the outcomes are handed over
 * too.
 * @throws what the first of them failed with, and with it what became of the others.
 */
export async function runList(due: DueList, calls: readonly PreparedCall[], outcomes: CallOutcome[]): Promise<void> {
  for (const [index, call] of calls.entries()) {
    try {
      outcomes.push(await persist({ ...due, call }, runCall))
    } catch (error) {
      throw await withThoseBeside(error, due, calls, index, outcomes)
    }
  }
}

async function withThoseBeside(
  error: unknown,
  due: DueList,
  calls: readonly PreparedCall[],
  failed: number,
  outcomes: CallOutcome[],
): Promise<unknown> {
  const { prepared } = due.playHost
  const behind = calls.map((call, index) => ({ call, number: index + 1 })).slice(failed + 1)
  const beside = behind.filter(({ call }) => prepared.has(call))
  if (!(error instanceof RollcallError) || beside.length === 0) return error
  const done: number[] = []
  const told: string[] = []
  let touched = error instanceof CallFailed && error.touched
  for (const { call, number } of beside) {
    try {
      const outcome = await judge({ ...due, call }, runCall)
      outcomes.push(outcome)
      touched ||= outcome.changed
      done.push(number)
    } catch (other) {
      if (!(other instanceof RollcallError)) throw other
      touched ||= other instanceof CallFailed && other.touched
      told.push([`item ${number} failed too: ${other.details.summary}`, other.details.detail].filter(Boolean).join('\n'))
    }
  }
  const open = behind.filter((item) => !beside.includes(item)).map(({ number }) => number)
  const detail = [
    error.details.detail,
    `it was item ${failed + 1} of ${calls.length}, others of which ran at the same time`,
    done.length > 0 && `${itemsOf(done)} went well`,
    ...told,
    open.length > 0 && `${itemsOf(open)} ${open.length === 1 ? 'was' : 'were'} not begun`,
  ]
  return new CallFailed(
    { ...error.details, detail: detail.filter(Boolean).join('\n') },
    { result: error instanceof CallFailed ? error.result : undefined, touched },
    { cause: error },
  )
}

/** `items 2, 5 to 7`. */
function itemsOf(numbers: readonly number[]): string {
  const spans: { from: number; to: number }[] = []
  for (const number of numbers) {
    const last = spans.at(-1)
    if (last?.to === number - 1) last.to = number
    else spans.push({ from: number, to: number })
  }
  const words = spans.flatMap(({ from, to }) => (to - from < 2 ? [from, to].slice(0, to - from + 1).map(String) : [`${from} to ${to}`]))
  return `${numbers.length === 1 ? 'item' : 'items'} ${words.join(', ')}`
}
