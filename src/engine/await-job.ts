import { setTimeout as sleep } from 'node:timers/promises'
import type { StepOutcome, Waiting } from '../dsl/definition.ts'
import { RollcallError, UnreachableError } from '../model/errors.ts'
import { within } from '../util/within.ts'
import { decode } from './exchange.ts'
import { discard } from './host-state.ts'
import { CallFailed, outputOf } from './outcome.ts'
import { reconnect } from './rescue.ts'
import type { Due } from './run-call.ts'

/** What one look may take, and what a job gets beyond its time to say how it ended. */
const graceMs = 20_000

/**
 * Waits for a command that runs by itself, by looking at it now and then: no session waits meanwhile. A link that is lost is
 * opened again, until the time of the command is over.
 * @throws CallFailed when it was ended or is gone, UnreachableError when the host does not answer to the end.
 */
export async function awaitJob(due: Due, waiting: Waiting, started: StepOutcome): Promise<StepOutcome> {
  const { state } = due.playHost
  const end = performance.now() + waiting.seconds * 1000 + graceMs
  let told = false
  if (waiting.outputs) due.context.watch?.looksAt(due.call, waiting.outputs(started))
  for (;;) {
    await sleep(waiting.poll * 1000)
    try {
      if (state.lost) await reconnect(state)
      const replies = await within(state.access.reader.read(due.as, [{ script: waiting.look(started) }]), graceMs)
      if (!replies) throw new UnreachableError({ summary: 'The host does not answer', host: state.host.name })
      const ended = waiting.ended(replies[0]!.stdout)
      if (ended) {
        discard(state)
        await state.access.writer!.apply(due.as, [{ script: waiting.tidy(started), step: true }])
        if (ended.problem === undefined) return ended.outcome
        throw failure(due, ended.outcome, ended.problem)
      }
    } catch (error) {
      if (!(error instanceof UnreachableError) || !state.access.reopen || performance.now() > end) throw error
      state.lost = true
      if (!told)
        due.context.emit({
          event: 'warning',
          host: state.host.name,
          message: `the link was lost while '${due.task.name}' runs there; it goes on, and the host is tried again: ${error.message}`,
        })
      told = true
    }
    if (performance.now() > end)
      throw new RollcallError({ summary: 'A command did not end in its time, and could not be ended', host: state.host.name })
  }
}

function failure({ call }: Due, outcome: StepOutcome, problem: string): CallFailed {
  const { definition, params, at } = call
  const now = new Date()
  const said = outputOf({ stdout: decode(outcome.stdout), stderr: decode(outcome.stderr) })
  return new CallFailed(
    {
      summary: `${definition.name} did not come to its end: ${problem}`,
      ...(said !== '' && { detail: said }),
      fix: 'Give it more time by async, or look on the host for what it waits for.',
      ...(at && { at }),
    },
    { result: definition.kind === 'action' ? definition.result(params, [outcome], { start: now, end: now }) : undefined, touched: true },
  )
}
