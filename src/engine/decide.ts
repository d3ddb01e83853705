import { type Mode, Refusal, type StepOutcome } from '../dsl/definition.ts'
import { type ReadSet, unknown } from '../dsl/resource.ts'
import type { Step } from '../dsl/step.ts'
import { RollcallError } from '../model/errors.ts'
import type { DynamicSet } from '../model/host-set.ts'
import { type Change, touches } from './change.ts'
import { differences, diffOf, merge, type State, type States, type WantedStates } from './compare.ts'
import { stepsIn } from './environment.ts'
import { perform } from './meta.ts'
import { elsewhere, type Known, patternsAt } from './other-names.ts'
import { type CallOutcome, sureness } from './outcome.ts'
import type { View } from './overlay.ts'
import type { Due } from './run-call.ts'
import { hiddenFields, sealResult } from './seal.ts'
import { withSealedTexts } from './sealed-text.ts'
import { leastSure, type Unsure } from './unsure.ts'

/** What a call comes to: an outcome where nothing is to change, else the change. */
export type Decision = { readonly outcome: CallOutcome } | { readonly change: Change }

/** Decides a call by what was read for it. Nothing is asked of the host and nothing on it changes. */
export async function decide(due: Due, reads: ReadSet, states: ReadonlyMap<string, State>): Promise<Decision> {
  const { definition, params, inputs, environment } = due.call
  if (definition.kind === 'controller')
    return { outcome: await answer(due, due.call.unsure, () => definition.run(params, controllerMode(due))) }
  const mode = { check: due.context.check }
  const { overlay } = due.playHost.state
  const views = Object.entries(reads).map(([name, read]): [string, View] => {
    const real = states.get(read.key)!
    return [name, overlay?.view(read, real) ?? { state: real, confidence: 'certain' }]
  })
  const found: States = Object.fromEntries(views.map(([name, view]) => [name, view.state]))
  const known = views.map(([name, { state }]) => ({ read: reads[name]!, state }))
  const unsure = leastSure([...(due.call.unsure ? [due.call.unsure] : []), ...views.map(([, view]) => view)])

  if (definition.kind === 'query') {
    const last = overlay?.lastPlanned()
    const live = last !== undefined && Object.values(reads).some((read) => read.kind.freshness === 'live')
    const why: Unsure | undefined = unsure ?? (live ? { confidence: 'assumed', because: last } : undefined)
    return { outcome: await answer(due, why, () => definition.result(params, found, mode)) }
  }
  if (definition.kind === 'action') {
    const asked = await unlessUnsure(due, unsure, () => definition.due(params, found))
    if ('outcome' in asked) return asked
    if (asked.value !== true)
      return {
        outcome: { ...quiet, ...sureness(unsure), reason: asked.value, result: definition.idle(params, asked.value), idle: true },
      }
    const returns = definition.returns?.(params, found)
    const { reopen, guest } = due.playHost.state.access
    const wrong = returns && (returns.boots && guest !== undefined ? guestBoots(guest) : !reopen && onController)
    if (wrong) throw new RollcallError({ ...wrong, ...(due.call.at && { at: due.call.at }) })
    return {
      change: { steps: stepsIn(environment, definition.steps(params, inputs)), unsure, returns, waits: definition.waits?.(params) },
    }
  }
  const planned = await unlessUnsure(due, unsure, () => definition.plan(params, found, inputs) as WantedStates, known)
  if ('outcome' in planned) return planned
  const wanted = planned.value
  const differing = differences(reads, found, wanted)
  const hidden = hiddenFields(due.call.sealed, reads, wanted)
  const result = (after: States, changed: boolean, outcomes: readonly StepOutcome[] = []) =>
    sealResult(definition.result?.(params, { before: found, after, changed, outcomes }) ?? { before: found, after }, [found, after], hidden)
  if (differing.length === 0) {
    const open = undecided(due, reads, wanted, known)
    const again = open || !due.context.force ? [] : (definition.again?.(params, { found, inputs }) ?? [])
    if (again.length > 0)
      return {
        change: {
          steps: stepsIn(environment, again),
          unsure,
          forced: true,
          state: { reads, found, wanted, hidden, diff: [], after: found, result },
        },
      }
    if (unsure) mayAct(due, known)
    const left = due.context.force && !unsure && { reason: 'it cannot be forced' }
    return { outcome: open ?? { ...quiet, ...sureness(unsure), ...left, result: result(found, false) } }
  }
  const after: States = Object.fromEntries(Object.entries(found).map(([name, state]) => [name, merge(state, wanted[name])]))
  const steps = await unlessUnsure(due, unsure, () => definition.steps(params, { found, wanted, inputs }) as readonly Step[], known)
  if ('outcome' in steps) return steps
  return {
    change: {
      steps: stepsIn(environment, steps.value),
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
    },
  }
}

/** Check mode: what is wanted hangs on something that is only planned, so whether it differs cannot be told. */
function undecided(due: Due, reads: ReadSet, wanted: WantedStates, known: readonly Known[]): CallOutcome | undefined {
  const { overlay } = due.playHost.state
  const last = overlay?.lastPlanned()
  const open = Object.entries(wanted).filter(([, state]) => Object.values(state ?? {}).includes(unknown))
  if (!overlay || last === undefined || open.length === 0) return undefined
  const keys = open.map(([name]) => reads[name]!.key)
  overlay.touch([...keys, ...elsewhere(keys, known)], due.task.name)
  return { ...quiet, changed: true, confidence: 'unknown', reason: `cannot be told before '${last}' has run`, result: undefined }
}

/**
 * Check mode: all is as wanted as far as can be told, and a run may find that it is not. What is read under the names that were
 * looked at is unsure anyway; what lies elsewhere, or below, was not looked at.
 */
function mayAct(due: Due, known: readonly Known[]): void {
  const patterns = patternsAt(touches(due), known)
  const keys = [...patterns, ...known.map(({ read }) => read.key)]
  const touched = [...patterns, ...elsewhere(keys, known)]
  if (touched.length > 0) due.playHost.state.overlay?.touch(touched, due.task.name)
}

/** Controller calls may wait, or talk with the person at the terminal. */
function controllerMode(due: Due): Mode {
  const { check, once, terminal, groups, roster } = due.context
  const { name } = due.playHost.state.host
  const join = groups && ((group: DynamicSet) => groups.join(name, group))
  return {
    check,
    ...(join && { join }),
    ...(roster && { add: (host) => roster.add(host, { by: name, task: due.task.name, at: due.call.at ?? due.task.at }, due.call.unsure) }),
    meta: (action) => perform(due, action),
    ...(once && { once: (work) => once(name, work) }),
    ...terminal,
  }
}

const onController = {
  summary: 'This host is the machine that Rollcall runs on, which it cannot wait for',
  fix: 'Run the playbook from another machine, or leave this task out here by `when`.',
}

const guestBoots = (guest: string) => ({
  summary: 'This host has no boot of its own',
  detail: `it is ${guest}: a reboot would be that of the machine it runs on`,
  fix: 'Restart it from outside (docker restart, podman restart), or leave this task out here by `when`.',
})

const quiet = { changed: false, confidence: 'certain', diff: [], steps: [] } as const satisfies Partial<CallOutcome>

/** Something asked, that changes nothing: a query or a call on the controller. */
async function answer(due: Due, unsure: Unsure | undefined, ask: () => object | Promise<object>): Promise<CallOutcome> {
  const asked = await unlessUnsure(due, unsure, ask)
  if ('outcome' in asked) return { ...asked.outcome, changed: false }
  const { msg: message, verbosity } = asked.value as { msg?: unknown; verbosity?: unknown }
  return {
    ...quiet,
    ...sureness(unsure),
    result: asked.value,
    ...(typeof message === 'string' && { message }),
    ...(typeof verbosity === 'number' && verbosity > 0 && { verbosity }),
  }
}

/**
 * A refusal for want of something that an earlier, only planned change may bring proves nothing: check mode then says
 * `unknown` instead of failing. In a real run, and where all that was read is certain, the refusal stands.
 */
async function unlessUnsure<T>(
  due: Due,
  unsure: Unsure | undefined,
  work: () => T | Promise<T>,
  known: readonly Known[] = [],
): Promise<{ readonly value: T } | { readonly outcome: CallOutcome }> {
  try {
    return { value: await work() }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (!unsure) throw error
    const keys = [...touches(due), ...known.map(({ read }) => read.key)]
    due.playHost.state.overlay?.touch([...keys, ...elsewhere(keys, known)], due.task.name)
    const reason = `cannot be told before '${unsure.because}' has run: ${error.message}`
    return { outcome: { changed: true, confidence: 'unknown', reason, result: undefined, diff: [], steps: [] } }
  }
}
