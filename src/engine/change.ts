import type { Within } from '../dsl/block.ts'
import type { Return, StepOutcome, Waiting } from '../dsl/definition.ts'
import type { ReadSet } from '../dsl/resource.ts'
import type { Step } from '../dsl/step.ts'
import type { DiffEntry } from '../model/event.ts'
import { apply } from './apply.ts'
import type { States, WantedStates } from './compare.ts'
import { elsewhere } from './other-names.ts'
import { type CallOutcome, sureness } from './outcome.ts'
import type { Overlay } from './overlay.ts'
import type { Due } from './run-call.ts'
import type { Hidden } from './seal.ts'
import { describeStep } from './steps.ts'
import type { Unsure } from './unsure.ts'

/** A change that is planned: its steps, and for a module the states around it. */
export interface Change {
  /** The host goes away with the steps, and comes back. */
  readonly returns?: Return | undefined
  /** The steps only start something. */
  readonly waits?: Waiting | undefined
  readonly steps: readonly Step[]
  /** All is as wanted, and is made so once more. */
  readonly forced?: boolean
  /** Check mode: what makes it uncertain that this is what would happen. */
  readonly unsure: Unsure | undefined
  readonly state?: {
    readonly reads: ReadSet
    readonly found: States
    readonly wanted: WantedStates
    readonly after: States
    readonly hidden: Hidden
    readonly diff: readonly DiffEntry[]
    readonly result: (after: States, changed: boolean, outcomes?: readonly StepOutcome[]) => object
  }
}

/** Makes a change. Without a writer, which is check mode, lays it over what later tasks read. */
export function change(due: Due, planned: Change): Promise<CallOutcome> {
  const { writer } = due.playHost.state.access
  return writer ? apply(due, planned, writer) : Promise.resolve(foresee(due, planned))
}

/** Keys that a call says it may touch besides those it plans. */
export function touches({ call: { definition, params } }: Due): readonly string[] {
  return definition.kind === 'action' || definition.kind === 'module' ? (definition.touches?.(params) ?? []) : []
}

/** Whether a run that reaches later tasks has made the call, and it went well. */
function holds({ call, task }: Due): boolean {
  const mayFail = task.ignoreErrors || task.ignoreUnreachable || task.failedWhen !== undefined || task.within.some(mayBeRescued)
  return call.unsure === undefined && !mayFail
}

/** Behind a block with a `rescue` the run goes on, also where its body has failed half-way. */
function mayBeRescued({ block, part }: Within): boolean {
  return part === 'body' && block.rescues
}

/** Lays a change over what is read after it: the states that it wants, and what it may touch besides. */
export function layOver(overlay: Overlay, due: Due, { state, unsure }: Change, touched: readonly string[] = touches(due)): void {
  const task = due.task.name
  const of = Object.entries(state?.wanted ?? {}).flatMap(([name, wanted]) =>
    wanted && state ? [{ read: state.reads[name]!, wanted, found: state.found[name]! }] : [],
  )
  for (const one of of) overlay.plan({ ...one, task, confidence: unsure?.confidence ?? 'certain', holds: holds(due) })
  const known = Object.entries(state?.reads ?? {}).map(([name, read]) => ({ read, state: state!.found[name]! }))
  if (!due.harmless) overlay.touch([...touched, ...elsewhere(touched, known)], task, of)
}

/** What `--force` says of what it has done again, or would do. */
export const forced = { reason: 'forced', would: 'be applied again' } as const

function foresee(due: Due, planned: Change): CallOutcome {
  const { overlay } = due.playHost.state
  const { state } = planned
  const { definition } = due.call
  if (overlay) layOver(overlay, due, planned)
  return {
    changed: true,
    ...sureness(planned.unsure),
    ...(planned.forced && forced),
    ...(state ? { result: state.result(state.after, true) } : { result: { ran: false, reason: 'check mode' }, partial: true }),
    ...(definition.kind === 'action' && definition.would !== undefined && { would: definition.would }),
    diff: state?.diff ?? [],
    steps: planned.steps.map((step) => describeStep(step, due.call.sealed)),
  }
}
