import { Refusal } from '../dsl/definition.ts'
import type { TaskRecord } from '../dsl/record.ts'
import { change } from './change.ts'
import type { PlayContext, PlayHost } from './context.ts'
import { decide } from './decide.ts'
import type { PreparedCall } from './evaluate.ts'
import type { As } from './host-access.ts'
import { HostHeld, heedLock } from './host-lock.ts'
import { forgetOthers } from './host-state.ts'
import { tellLost } from './lost-steps.ts'
import { CallFailed, type CallOutcome } from './outcome.ts'
import { takePrepared } from './prepared.ts'
import { readBeside } from './read-beside.ts'
import { readDue } from './reads.ts'
import { waitForLock } from './wait-for-lock.ts'

/** A call whose turn it is, and all that surrounds it. */
export interface Due {
  readonly context: PlayContext
  readonly playHost: PlayHost
  readonly task: TaskRecord
  readonly as: As
  readonly call: PreparedCall
  readonly ahead: readonly TaskRecord[]
  /** What must be done before anything changes. */
  readonly before?: () => Promise<void>
  /** Check mode: an action that, as its task says, changes nothing. */
  readonly harmless?: boolean
}

/**
 * Runs one call: reads, plans, compares, and then changes the host, or in check mode says what it would change. Where
 * hosts are one machine, whoever looks before changing does both without another in between.
 */
export async function runCall(due: Due): Promise<CallOutcome> {
  const { definition, params } = due.call
  const { state } = due.playHost
  const prepared = takePrepared(due.playHost, due.call) // It went along with an earlier one.
  if (prepared) return prepared
  forgetOthers(state)
  try {
    const looks = definition.kind === 'module' || (definition.kind === 'action' && Object.keys(definition.reads(params)).length > 0)
    return await (looks && state.together ? state.together.alone(() => perform(due)) : perform(due))
  } catch (error) {
    throw error instanceof Refusal ? refused(error, due.call) : error
  }
}

function refused(error: Refusal, { at }: PreparedCall): CallFailed {
  const fix = error.fix === undefined ? {} : { fix: error.fix }
  return new CallFailed({ summary: error.message, ...fix, ...(at && { at }) }, { result: error.result, touched: false }, { cause: error })
}

/** Where another run holds the host and this one may wait, all is done anew once that one is through. */
async function perform(due: Due): Promise<CallOutcome> {
  const { playHost, context, as } = due
  const until = performance.now() + (playHost.state.lock?.holding.waitMs ?? 0)
  for (;;) {
    try {
      return await attempt(due)
    } catch (error) {
      if (!(error instanceof HostHeld)) throw error
      await waitForLock(context, playHost.state, as, error, until)
    }
  }
}

async function attempt(due: Due): Promise<CallOutcome> {
  const nothing = { reads: {}, states: new Map() }
  const { reads, states } =
    due.call.definition.kind === 'controller'
      ? nothing
      : await readDue(due.context, due.playHost, due.as, due.call, due.ahead, () => readBeside(due))
  await tellLost(due.context, due.playHost.state, due.as)
  if (due.call.definition.kind !== 'controller') heedLock(due.context, due.playHost.state, due.as)
  const decided = await decide(due, reads, states)
  return 'outcome' in decided ? decided.outcome : change(due, decided.change)
}
