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
    readonly result: (after: States, changed: boolean) => object
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
  overlay?.touch(touches(due), due.task.name)
  if (state)
    for (const [name, wanted] of Object.entries(state.wanted))
      if (wanted) overlay?.plan(state.reads[name]!, wanted, state.found[name]!, due.task.name, planned.unsure?.confidence ?? 'certain')
  return {
    changed: true,
    ...sureness(planned.unsure),
    result: state ? state.result(state.after, true) : { ran: false, reason: 'check mode' },
    diff: state?.diff ?? [],
    steps: planned.steps.map((step) => describeStep(step, due.call.sealed)),
  }
}
