import type { TaskRecord } from '../dsl/record.ts'
import type { Read, ReadSet } from '../dsl/resource.ts'
import type { Change } from './change.ts'
import type { State } from './compare.ts'
import { type Decision, decide } from './decide.ts'
import { type Effects, openEffects } from './effects.ts'
import { evaluate } from './evaluate.ts'
import { okCodesOf } from './fail-on.ts'
import { cached } from './host-state.ts'
import { readsOf, userOf } from './reads.ts'
import type { Due } from './run-call.ts'

/** A call that goes in one exchange with those before and after it, decided from what was read before all of them. */
export interface Member {
  readonly due: Due
  readonly reads: ReadSet
  readonly decision: Decision
  /**
   * What must be seen once more to be as it was read, before it goes. `group`: what the calls of its task read is looked at
   * once, before the first of them.
   */
  readonly guard: 'none' | 'group' | 'alone'
}

/** A bound on what is lost when one of them fails, and on what a host must hold of one exchange. */
const largest = 256

/**
 * The calls that can go with a change: the rest of its task's list and, where no other host waits at each task, the tasks
 * behind it. A call goes along when all that it reads is known and no change before it surely bears on that. That none does
 * nevertheless is seen on the host: a guard before it finds everything as it was, or the batch ends there and the call is
 * decided anew at its turn. Calls of one task and of Rollcall's own modules need no guard for what they declare.
 */
export async function batchOf(first: Due, planned: Change): Promise<readonly Member[]> {
  const reads = planned.state?.reads ?? {}
  const members: Member[] = [{ due: first, reads, decision: { change: planned }, guard: 'none' }]
  if (first.task.timeout !== undefined) return members // Its own time, and no other's.
  if (!first.context.batches || first.playHost.state.together || !mayGoOn(first, planned)) return members
  const all = openEffects()
  all.add(first, planned)
  let group = { task: first.task, effects: all, trusted: first.context.trusts(first.call.definition) }
  for (const due of upcoming(first)) {
    if (members.length === largest) break
    if (due.task !== group.task) group = { task: due.task, effects: openEffects(), trusted: true }
    const known = knownReads(due)
    if (!known) break
    const bearings = (effects: Effects) => Object.values(known.reads).map((read) => effects.on(read, known.states.get(read.key)!))
    const before = bearings(all)
    if (before.includes('surely')) break
    const decision = await decide(due, known.reads, known.states).catch(() => undefined) // What it throws is raised at its turn.
    if (!decision || ('change' in decision && (decision.change.returns || decision.change.waits))) break
    const within = (group.effects === all ? before : bearings(group.effects)).some((bearing) => bearing !== 'none')
    const guard = within || !group.trusted ? 'alone' : due.task === first.task ? 'none' : 'group'
    members.push({ due, reads: known.reads, decision, guard })
    if (!('change' in decision)) continue
    all.add(due, decision.change)
    if (group.effects !== all) group.effects.add(due, decision.change)
    group = { ...group, trusted: group.trusted && due.context.trusts(due.call.definition) }
    if (!mayGoOn(due, decision.change)) break
  }
  // What stands behind the last change is read again with it, and decided at its turn.
  return members.slice(0, members.findLastIndex(({ decision }) => 'change' in decision) + 1)
}

/** Nothing goes with a host that goes away or a command that is waited for, nor behind a step whose failure may be none. */
function mayGoOn({ call }: Due, { returns, waits }: Change): boolean {
  return returns === undefined && waits === undefined && okCodesOf(call).every((code) => code === 0)
}

/** Whether it is through with one attempt, and runs where and when any other would. */
function isPlain({ until, retries, runOnce, throttle, delegateTo, timeout }: TaskRecord): boolean {
  return until === undefined && retries === 0 && !runOnce && throttle === undefined && delegateTo === undefined && timeout === undefined
}

function* upcoming(first: Due): Generator<Due> {
  const { context, playHost, as, call: own, ahead } = first
  for (const [index, task] of ahead.entries()) {
    if (index > 0 && !(context.free && task.kind === 'task' && isPlain(task) && isPlain(first.task))) return
    if (task.changedWhen || task.failedWhen || userOf(context, playHost, task) !== as) return
    const evaluation = evaluate(context, playHost, task)
    if (evaluation.kind === 'skipped') continue
    if (evaluation.kind !== 'ready') return
    const from = index === 0 ? evaluation.calls.indexOf(own) + 1 : 0
    if (index === 0 && from === 0) return
    for (const call of evaluation.calls.slice(from)) yield { context, playHost, task, as, call, ahead: ahead.slice(index) }
  }
}

/** What a call reads, if all of it was read and only this run changes it. A call on the controller has its own time. */
function knownReads({ context, playHost: { state }, as, call }: Due): { reads: ReadSet; states: Map<string, State> } | undefined {
  if (call.definition.kind === 'controller') return undefined
  try {
    const reads = readsOf(context, state, as, call)
    const states = new Map<string, State>()
    for (const read of Object.values(reads)) {
      const known = read.kind.freshness === 'own' ? cached(state, as, read) : undefined
      if (!known) return undefined
      states.set(read.key, known)
    }
    return { reads, states }
  } catch {
    return undefined
  }
}

/** Reads of several calls, one after another. */
export function readsIn(members: readonly Member[]): readonly Read[] {
  return members.flatMap(({ reads }) => Object.values(reads))
}
