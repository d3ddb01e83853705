import { Refusal } from '../dsl/definition.ts'
import type { TaskRecord } from '../dsl/record.ts'
import type { Step } from '../dsl/step.ts'
import { RollcallError } from '../model/errors.ts'
import { type Change, change } from './change.ts'
import { differences, diffOf, merge, type States, type WantedStates } from './compare.ts'
import type { PlayContext, PlayHost } from './context.ts'
import type { PreparedCall } from './evaluate.ts'
import type { As } from './host-access.ts'
import type { CallOutcome } from './outcome.ts'
import { leastSure, type View } from './overlay.ts'
import { readDue } from './reads.ts'

/** A call whose turn it is, and all that surrounds it. */
export interface Due {
  readonly context: PlayContext
  readonly playHost: PlayHost
  readonly task: TaskRecord
  readonly as: As
  readonly call: PreparedCall
  readonly ahead: readonly TaskRecord[]
}

/** Runs one call: reads, plans, compares, and then changes the host, or in check mode says what it would change. */
export async function runCall(due: Due): Promise<CallOutcome> {
  const { definition, params } = due.call
  const mode = { check: due.context.check }
  if (definition.kind === 'controller') {
    const result = await unlessUnsure(due, undefined, () => definition.run(params, mode))
    return 'outcome' in result ? result.outcome : { ...quiet, result: result.value, ...messageOf(result.value) }
  }
  const { reads, states } = await readDue(due.context, due.playHost, due.as, due.call, due.ahead)
  const views = new Map(
    Object.entries(reads).map(([name, read]): [string, View] => {
      const real = states.get(read.key)!
      return [name, due.playHost.state.overlay?.view(read, real) ?? { state: real, confidence: 'certain' }]
    }),
  )
  const found: States = Object.fromEntries([...views].map(([name, view]) => [name, view.state]))
  const sureness = leastSure([...views.values()])

  if (definition.kind === 'query') {
    const result = await unlessUnsure(due, sureness.because, () => definition.result(params, found, mode))
    return 'outcome' in result ? result.outcome : { ...quiet, ...unsure(due, sureness), result: result.value, ...messageOf(result.value) }
  }
  if (definition.kind === 'action') {
    const asked = await unlessUnsure(due, sureness.because, () => definition.due(params, found))
    if ('outcome' in asked) return asked.outcome
    const reason = asked.value
    if (reason !== true) return { ...quiet, ...unsure(due, sureness), reason, result: { ran: false, reason } }
    const steps = definition.steps(params, due.call.inputs)
    return change(due, { steps, confidence: sureness.confidence, ...(sureness.because !== undefined && { because: sureness.because }) })
  }
  const planned = await unlessUnsure(due, sureness.because, () => definition.plan(params, found, due.call.inputs) as WantedStates)
  if ('outcome' in planned) return planned.outcome
  const wanted = planned.value
  const differing = differences(reads, found, wanted)
  const result = (after: States, changed: boolean) =>
    definition.result?.(params, { before: found, after, changed }) ?? { before: found, after }
  if (differing.length === 0) return { ...quiet, ...unsure(due, sureness), result: result(found, false) }
  const after: States = Object.fromEntries(Object.entries(found).map(([name, state]) => [name, merge(state, wanted[name])]))
  const steps = await unlessUnsure(
    due,
    sureness.because,
    () => definition.steps(params, { found, wanted, inputs: due.call.inputs }) as readonly Step[],
  )
  if ('outcome' in steps) return steps.outcome
  const made: Change = {
    steps: steps.value,
    confidence: sureness.confidence,
    ...(sureness.because !== undefined && { because: sureness.because }),
    state: { reads, found, wanted, diff: diffOf(differing, found, after), after, result },
  }
  return change(due, made)
}

const quiet = { changed: false, confidence: 'certain', diff: [], steps: [] } as const satisfies Partial<CallOutcome>

function messageOf(result: object): { message?: string } {
  const message = (result as { msg?: unknown }).msg
  return typeof message === 'string' ? { message } : {}
}

function unsure(
  due: Due,
  { confidence, because }: { confidence: View['confidence']; because?: string },
): { confidence: View['confidence']; reason?: string } {
  return confidence === 'certain' || !due.context.check
    ? { confidence: 'certain' }
    : { confidence, reason: `after '${because}', which is only planned` }
}

/**
 * A refusal after planned changes proves nothing: what is missing now may be there by then. So check mode says `unknown`
 * instead of failing; without planned changes, and in a real run, the refusal stands.
 */
async function unlessUnsure<T>(
  due: Due,
  because: string | undefined,
  work: () => T | Promise<T>,
): Promise<{ readonly value: T } | { readonly outcome: CallOutcome }> {
  try {
    return { value: await work() }
  } catch (error) {
    const after = because ?? due.playHost.state.overlay?.lastPlanned()
    if (!(error instanceof Refusal)) throw error
    if (after === undefined)
      throw new RollcallError(
        { summary: error.message, ...(error.fix !== undefined && { fix: error.fix }), ...(due.call.at && { at: due.call.at }) },
        { cause: error },
      )
    due.playHost.state.overlay?.touch(['*'], due.task.name)
    return {
      outcome: {
        changed: true,
        confidence: 'unknown',
        reason: `cannot be told before '${after}' has run: ${error.message}`,
        result: {},
        diff: [],
        steps: [],
      },
    }
  }
}
