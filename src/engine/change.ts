import type { Return, StepOutcome } from '../dsl/definition.ts'
import type { ReadSet } from '../dsl/resource.ts'
import type { Step } from '../dsl/step.ts'
import type { DiffEntry } from '../model/event.ts'
import { apply } from './apply.ts'
import type { States, WantedStates } from './compare.ts'
import { type CallOutcome, sureness } from './outcome.ts'
import type { Unsure } from './overlay.ts'
import type { Due } from './run-call.ts'
import type { Hidden } from './seal.ts'
import { describeStep } from './steps.ts'

/** A change that is planned: its steps, and for a module the states around it. */
export interface Change {
  /** The host goes away with the steps, and comes back. */
  readonly returns?: Return | undefined
  readonly steps: readonly Step[]
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

function touches({ call: { definition, params } }: Due): readonly string[] {
  return definition.kind === 'action' || definition.kind === 'module' ? (definition.touches?.(params) ?? []) : []
}

function foresee(due: Due, planned: Change): CallOutcome {
  const { overlay } = due.playHost.state
  const { state } = planned
  const { definition } = due.call
  if (!due.harmless) overlay?.touch(touches(due), due.task.name)
  if (state)
    for (const [name, wanted] of Object.entries(state.wanted))
      if (wanted) overlay?.plan(state.reads[name]!, wanted, state.found[name]!, due.task.name, planned.unsure?.confidence ?? 'certain')
  return {
    changed: true,
    ...sureness(planned.unsure),
    ...(state ? { result: state.result(state.after, true) } : { result: { ran: false, reason: 'check mode' }, partial: true }),
    ...(definition.kind === 'action' && definition.would !== undefined && { would: definition.would }),
    diff: state?.diff ?? [],
    steps: planned.steps.map((step) => describeStep(step, due.call.sealed)),
  }
}
