import { isDeepStrictEqual } from 'node:util'
import type { Happening, StepOutcome } from '../dsl/definition.ts'
import type { Read } from '../dsl/resource.ts'
import { RollcallError } from '../model/errors.ts'
import type { Reply } from '../transport/session-types.ts'
import type { Run } from './apart.ts'
import { awaitJob } from './await-job.ts'
import { type Change, forced } from './change.ts'
import { comeBack } from './come-back.ts'
import type { State } from './compare.ts'
import { failOn, okCodesOf } from './fail-on.ts'
import type { HostWriter } from './host-access.ts'
import type { Slot } from './lay-out.ts'
import { narrow } from './narrow.ts'
import { CallFailed, type CallOutcome } from './outcome.ts'
import { cannotRecord, withdrawPending } from './pending.ts'
import type { Due } from './run-call.ts'
import { describeStep } from './steps.ts'
import { verify } from './verify.ts'

/**
 * What became of each member of a batch, kept for its turn. Behind a step that failed, a guard that found something
 * changed, and where the run was stopped, nothing ran but what ran at the same time: those calls are decided anew. One that is found wrong only when all is read again does not undo what
 * went behind it, so its error names that.
 */
export async function settle(slots: readonly Slot[], start: Date, writer: HostWriter): Promise<void> {
  const failures: { readonly slot: Slot; readonly error: unknown }[] = []
  let done = 0
  let failed: Run | undefined
  for (const slot of slots) if (slot.member.run && hasRun(slot)) noteOwed(slot) // One that is withdrawn may be owed for another.
  for (const slot of slots) {
    const { member, change } = slot
    const { prepared } = member.due.playHost
    // What ran beside a call that failed has gone to its end.
    if (failed && !(member.run === failed && hasRun(slot))) continue
    const guard = slot.guard?.()[0]
    if (slot.guard && !(guard?.ran && guard.code === 0)) break
    if (done > 0 && wasHalted(slot)) break
    done += 1
    if ('outcome' in member.decision) {
      prepared.set(member.due.call, member.decision)
      continue
    }
    try {
      await failOnSteps(slot, start, writer)
    } catch (error) {
      prepared.set(member.due.call, { error })
      if (!member.run) break
      failed ??= member.run
      continue
    }
    try {
      prepared.set(member.due.call, { outcome: await outcomeOf(slot, change!, start) })
    } catch (error) {
      failures.push({ slot, error })
    }
  }
  for (const { slot, error } of failures) {
    const behind = slots.slice(slots.indexOf(slot) + 1, done).filter(({ change }) => change)
    slot.member.due.playHost.prepared.set(slot.member.due.call, { error: withThose(error, behind) })
  }
}

function hasRun({ steps }: Slot): boolean {
  return steps().some(({ ran }) => ran)
}

/** From now on the handlers of its task are owed, for this call too. */
function noteOwed({ member: { due } }: Slot): void {
  const { context, playHost, task, as, call } = due
  for (const handler of task.notify) playHost.state.pending.add(handler.id, as, context.now().toISOString(), call)
}

/** The exchange was to end before it. */
function wasHalted(slot: Slot): boolean {
  const [first] = [...slot.record(), ...slot.steps()]
  return first !== undefined && !first.ran
}

/** A step that failed, or the record of handlers before it, ends the call. */
async function failOnSteps(slot: Slot, start: Date, writer: HostWriter): Promise<void> {
  const { due } = slot.member
  const { context, playHost, as, call } = due
  const { state: host } = playHost
  const { steps } = slot.change!
  failOn(slot.record(), () => ({ name: 'recording pending handlers', summary: cannotRecord }), due, [0])
  noteOwed(slot)
  const replies = slot.steps()
  try {
    failOn(
      replies,
      (index) => ({ name: describeStep(steps[index]!, call.sealed), step: steps[index]! }),
      due,
      slot.change!.waits ? [0] : okCodesOf(call), // What it only starts has its own exit code later.
      (failed) => ({
        result: resultOf(due, replies.slice(0, failed + 1), happening(replies.slice(0, failed + 1), start, context.now())),
        touched: !isUntouched(slot),
      }),
    )
  } catch (error) {
    if (isUntouched(slot)) await withdrawPending(host, writer, as, call)
    throw error
  }
}

async function outcomeOf(slot: Slot, change: Change, start: Date): Promise<CallOutcome> {
  const { due } = slot.member
  const { call, context } = due
  if (change.returns) await comeBack(due, change.returns)
  const replies = slot.steps()
  if (change.waits) return endOf(due, change, await awaitJob(due, change.waits, replies.at(-1)!), start)
  const steps = change.steps.map((step) => describeStep(step, call.sealed))
  if (!change.state) {
    // A host that came back did so after its last step.
    const time = change.returns ? { start, end: context.now() } : happening(replies, start, context.now())
    const result = resultOf(due, replies, time) ?? {}
    return { changed: true, confidence: 'certain', result, diff: [], steps }
  }
  const after = verify(due, change.state, slot.after())
  const result = change.state.result(after, true, replies)
  return { changed: true, confidence: 'certain', ...(change.forced && { reason: forced.reason }), result, diff: change.state.diff, steps }
}

/** What a command that was waited for has come to. */
function endOf(due: Due, { steps }: Change, ended: StepOutcome, start: Date): CallOutcome {
  const { call, context } = due
  const shown = steps.map((step) => describeStep(step, call.sealed))
  const reply = { ...ended, ran: true }
  const result = resultOf(due, [reply], { start, end: context.now() }) ?? {}
  failOn(
    [reply],
    () => ({ name: shown.at(-1)!, step: steps.at(-1)! }),
    due,
    okCodesOf(call),
    () => ({ result, touched: true }),
  )
  return { changed: true, confidence: 'certain', result, diff: [], steps: shown }
}

/** A call's own time within the exchange, where its steps tell. */
function happening(replies: readonly Reply[], start: Date, end: Date): Happening {
  return { start: replies[0]?.time?.start ?? start, end: replies.at(-1)?.time?.end ?? end }
}

/** What an action leaves; of a module that failed there is nothing to tell. */
function resultOf({ call: { definition, params } }: Due, steps: readonly Reply[], happening: Happening): object | undefined {
  return definition.kind === 'action' ? definition.result(params, steps, happening) : undefined
}

/** Whether a step that failed left everything as it was found: then no handler is owed (a rejected file, say). */
function isUntouched({ change, after }: Slot): boolean {
  const state = change?.state
  return state !== undefined && Object.entries(state.reads).every(([name, read]) => isSame(read, after().get(read.key), state.found[name]))
}

function isSame(read: Read, now: State | Error | undefined, before: State | undefined): boolean {
  return now !== undefined && !(now instanceof Error) && isDeepStrictEqual(narrow(read, now), before)
}

function withThose(error: unknown, behind: readonly Slot[]): unknown {
  if (!(error instanceof RollcallError) || behind.length === 0) return error
  const names = [...new Set(behind.map(({ member }) => `'${member.due.task.name}'`))].join(', ')
  const detail = [error.details.detail, `by then ${names} had changed the host too, in the same exchange`].filter(Boolean).join('\n')
  return new CallFailed(
    { ...error.details, detail },
    { result: error instanceof CallFailed ? error.result : undefined, touched: true },
    { cause: error },
  )
}
