import type { TaskRecord } from '../dsl/record.ts'
import type { Read, ReadSet } from '../dsl/resource.ts'
import type { Run } from './apart.ts'
import type { Change } from './change.ts'
import type { State } from './compare.ts'
import { type Decision, decide } from './decide.ts'
import { type Effects, openEffects } from './effects.ts'
import { evaluate } from './evaluate.ts'
import { okCodesOf } from './fail-on.ts'
import { type KnownReads, mostAtOnce, openGroup, runsBeside } from './group-calls.ts'
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
  /** Those with which it runs at the same time: of a task that says so, members that stand next to each other. */
  readonly run: Run | undefined
}

/** A bound on what is lost when one of them fails, and on what a host must hold of one exchange. */
const largest = 256

/**
 * The calls that can go with a change: the rest of its task's list and, where no other host waits at each task, the tasks
 * behind it. A call goes along when all that it reads is known and no change before it surely bears on that. That none does
 * nevertheless is seen on the host: a guard before it finds everything as it was, or the batch ends there and the call is
 * decided anew at its turn. Calls of one task and of Rollcall's own modules need no guard for what they declare, and calls that
 * run at the same time none for each other.
 */
export async function batchOf(first: Due, planned: Change): Promise<readonly Member[]> {
  const { task, context, playHost } = first
  let group = openGroup(task)
  const run = group.take(first, planned, knownReads(first))
  const reads = planned.state?.reads ?? {}
  const members: Member[] = [{ due: first, reads, decision: { change: planned }, guard: 'none', run }]
  if (task.timeout !== undefined && !runsBeside(task)) return members // Its own time, and no other's.
  if (!context.batches || (playHost.state.together && !runsBeside(task)) || !mayGoOn(first, planned, run)) return members
  const most = mostAtOnce(task)
  const all = openEffects()
  all.add(first, planned)
  let changes = 1
  for (const due of upcoming(first)) {
    if (members.length === largest || changes === most) break
    if (due.task !== group.task) group = openGroup(due.task)
    const known = knownReads(due)
    if (!known) break
    const bearings = (effects: Effects) => Object.values(known.reads).map((read) => effects.on(read, known.states.get(read.key)!))
    const before = bearings(all)
    if (before.includes('surely')) break
    const decision = await decide(due, known.reads, known.states).catch(() => undefined) // What it throws is raised at its turn.
    if (!decision || ('change' in decision && (decision.change.returns || decision.change.waits))) break
    const change = 'change' in decision ? decision.change : undefined
    const besides = group.take(due, change, known)
    if (change && Number.isFinite(most) && besides !== run) break // The verdict on those comes first.
    const earlier = group.task === task && !runsBeside(task) ? before : bearings(group.effects)
    const guard = earlier.some((bearing) => bearing !== 'none') || !group.trusted() ? 'alone' : due.task === task ? 'none' : 'group'
    members.push({ due, reads: known.reads, decision, guard, run: besides })
    if (!change) continue
    changes += 1
    all.add(due, change)
    if (!mayGoOn(due, change, besides)) break
  }
  // What stands behind the last change is read again with it, and decided at its turn.
  return members.slice(0, members.findLastIndex(({ decision }) => 'change' in decision) + 1)
}

/**
 * Nothing goes with a host that goes away or a command that is waited for, nor behind a step whose failure may be none: only what runs
 * beside others tells its host which exit codes those are.
 */
function mayGoOn({ call }: Due, { returns, waits }: Change, run: Run | undefined): boolean {
  return returns === undefined && waits === undefined && (run !== undefined || okCodesOf(call).every((code) => code === 0))
}

/** Whether it is through with one attempt, and runs where and when any other would. */
function isPlain({ until, retries, runOnce, throttle, delegateTo, timeout }: TaskRecord): boolean {
  return until === undefined && retries === 0 && !runOnce && throttle === undefined && delegateTo === undefined && timeout === undefined
}

/** Whether only its own closures tell what became of it. */
function isJudged({ changedWhen, failedWhen, until }: TaskRecord): boolean {
  return changedWhen !== undefined || failedWhen !== undefined || until !== undefined
}

function* upcoming(first: Due): Generator<Due> {
  const { context, playHost, as, call: own, ahead } = first
  for (const [index, task] of ahead.entries()) {
    if (index > 0 && !(context.free && task.kind === 'task' && isPlain(task) && isPlain(first.task))) return
    if (index > 0 && (playHost.state.together || isJudged(first.task))) return
    if ((isJudged(task) && !(index === 0 && runsBeside(task))) || userOf(context, playHost, task) !== as) return
    const evaluation = evaluate(context, playHost, task)
    if (evaluation.kind === 'skipped') continue
    if (evaluation.kind !== 'ready') return
    const from = index === 0 ? evaluation.calls.indexOf(own) + 1 : 0
    if (index === 0 && from === 0) return
    for (const call of evaluation.calls.slice(from))
      if (!playHost.prepared.has(call)) yield { context, playHost, task, as, call, ahead: ahead.slice(index) }
  }
}

/**
 * What a call reads, if all of it was read, and only this run changes it or it was read for calls of one list that run at the same time. A
 * call on the controller has its own time.
 */
function knownReads({ context, playHost: { state }, as, call }: Due): KnownReads | undefined {
  if (call.definition.kind === 'controller') return undefined
  try {
    const reads = readsOf(context, state, as, call)
    const states = new Map<string, State>()
    for (const read of Object.values(reads)) {
      const known = read.kind.freshness === 'own' ? cached(state, as, read) : state.live.get(call)?.get(read.key)
      if (!known || known instanceof Error) return undefined
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
