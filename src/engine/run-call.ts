import { Refusal } from '../dsl/definition.ts'
import type { TaskRecord } from '../dsl/record.ts'
import type { ReadSet } from '../dsl/resource.ts'
import type { Step } from '../dsl/step.ts'
import { RollcallError } from '../model/errors.ts'
import { change } from './change.ts'
import { differences, diffOf, merge, type States, type WantedStates } from './compare.ts'
import type { PlayContext, PlayHost } from './context.ts'
import type { PreparedCall } from './evaluate.ts'
import type { As } from './host-access.ts'
import { type CallOutcome, sureness } from './outcome.ts'
import { leastSure, type Unsure, type View } from './overlay.ts'
import { readDue } from './reads.ts'
import { hiddenFields, sealResult } from './seal.ts'
import { withSealedTexts } from './sealed-text.ts'

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
  const { definition, params, inputs } = due.call
  const mode = { check: due.context.check }
  if (definition.kind === 'controller') return answer(due, due.call.unsure, () => definition.run(params, mode))
  const { reads, states } = await readDue(due.context, due.playHost, due.as, due.call, due.ahead)
  const { overlay } = due.playHost.state
  const views = Object.entries(reads).map(([name, read]): [string, View] => {
    const real = states.get(read.key)!
    return [name, overlay?.view(read, real) ?? { state: real, confidence: 'certain' }]
  })
  const found: States = Object.fromEntries(views.map(([name, view]) => [name, view.state]))
  const unsure = leastSure([...(due.call.unsure ? [due.call.unsure] : []), ...views.map(([, view]) => view)])

  if (definition.kind === 'query') {
    const last = overlay?.lastPlanned()
    const live = last !== undefined && Object.values(reads).some((read) => read.kind.freshness === 'live')
    return answer(due, unsure ?? (live ? { confidence: 'assumed', because: last } : undefined), () =>
      definition.result(params, found, mode),
    )
  }
  if (definition.kind === 'action') {
    const asked = await unlessUnsure(due, unsure, () => definition.due(params, found))
    if ('outcome' in asked) return asked.outcome
    if (asked.value !== true) return { ...quiet, ...sureness(unsure), reason: asked.value, result: { ran: false, reason: asked.value } }
    return change(due, { steps: definition.steps(params, inputs), unsure })
  }
  const planned = await unlessUnsure(due, unsure, () => definition.plan(params, found, inputs) as WantedStates, reads)
  if ('outcome' in planned) return planned.outcome
  const wanted = planned.value
  const differing = differences(reads, found, wanted)
  const hidden = hiddenFields(due.call.sealed, reads, wanted)
  const result = (after: States, changed: boolean) =>
    sealResult(definition.result?.(params, { before: found, after, changed }) ?? { before: found, after }, [found, after], hidden)
  if (differing.length === 0) return { ...quiet, ...sureness(unsure), result: result(found, false) }
  const after: States = Object.fromEntries(Object.entries(found).map(([name, state]) => [name, merge(state, wanted[name])]))
  const steps = await unlessUnsure(due, unsure, () => definition.steps(params, { found, wanted, inputs }) as readonly Step[], reads)
  if ('outcome' in steps) return steps.outcome
  return change(due, {
    steps: steps.value,
    unsure,
    state: {
      reads,
      found,
      wanted,
      hidden,
      diff: withSealedTexts(diffOf(differing, found, after, hidden), differing, found, wanted, due.call),
      after,
      result,
    },
  })
}

const quiet = { changed: false, confidence: 'certain', diff: [], steps: [] } as const satisfies Partial<CallOutcome>

/** Something asked, that changes nothing: a query or a call on the controller. */
async function answer(due: Due, unsure: Unsure | undefined, ask: () => object | Promise<object>): Promise<CallOutcome> {
  const asked = await unlessUnsure(due, unsure, ask)
  if ('outcome' in asked) return { ...asked.outcome, changed: false }
  const message = (asked.value as { msg?: unknown }).msg
  return { ...quiet, ...sureness(unsure), result: asked.value, ...(typeof message === 'string' && { message }) }
}

/**
 * A refusal for want of something that an earlier, only planned change may bring proves nothing: check mode then says
 * `unknown` instead of failing. In a real run, and where all that was read is certain, the refusal stands.
 */
async function unlessUnsure<T>(
  due: Due,
  unsure: Unsure | undefined,
  work: () => T | Promise<T>,
  reads: ReadSet = {},
): Promise<{ readonly value: T } | { readonly outcome: CallOutcome }> {
  try {
    return { value: await work() }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { at, definition, params } = due.call
    const fix = error.fix === undefined ? {} : { fix: error.fix }
    if (!unsure) throw new RollcallError({ summary: error.message, ...fix, ...(at && { at }) }, { cause: error })
    const touched = definition.kind === 'module' || definition.kind === 'action' ? (definition.touches?.(params) ?? []) : []
    due.playHost.state.overlay?.touch([...touched, ...Object.values(reads).map((read) => read.key)], due.task.name)
    const reason = `cannot be told before '${unsure.because}' has run: ${error.message}`
    return { outcome: { changed: true, confidence: 'unknown', reason, result: undefined, diff: [], steps: [] } }
  }
}
