import type { Read } from '../dsl/resource.ts'
import type { Job } from '../transport/session-types.ts'
import type { State } from './compare.ts'
import { evaluate, type PreparedCall } from './evaluate.ts'
import { compileReads, keep } from './exchange.ts'
import { mostAtOnce, runsBeside } from './group-calls.ts'
import { cached } from './host-state.ts'
import { notePending, readPending } from './pending.ts'
import { readsAhead, readsOf } from './reads.ts'
import type { Due } from './run-call.ts'

/**
 * Reads in one exchange what the due call and those behind it in its list read at their turn (network, time, users' own commands), as
 * many at the same time as their task says. What only asks goes together with what only asks, and no more of it than runs at once: so
 * a question that fails ends the list before further ones are asked, and none is asked before a change that stands before it.
 * @returns false, and reads nothing, where nothing of the list may run at the same time.
 */
export async function readBeside(due: Due): Promise<boolean> {
  const { context, playHost, as, ahead } = due
  const { state } = playHost
  const calls = together(due)
  if (calls.length === 0) return false
  const wishes = calls.map((call) => ({ call, reads: missing(due, call) }))
  const isLive = (read: Read) => read.kind.freshness === 'live'
  if (Number.isFinite(state.window)) state.window *= 2
  const coming = state.readsAlone ? [] : (readsAhead(context, playHost, ahead.slice(0, state.window)).get(as) ?? [])
  const own = compileReads([...wishes.flatMap(({ reads }) => reads.filter((read) => !isLive(read))), ...coming])
  const group = { most: due.task.parallel }
  const live = wishes.map(({ call, reads }, item) => {
    const batch = compileReads(reads.filter(isLive))
    return { call, batch, jobs: batch.jobs.map((job): Job => ({ ...job, own: false, beside: { group, item } })) }
  })
  const pending = state.pendingRead.has(as) ? [] : [readPending(state.access.userOf(as))]
  const jobs = [...pending, ...own.jobs, ...live.flatMap((one) => one.jobs)]
  const replies = await state.access.reader.read(as, jobs)
  if (pending.length > 0) notePending(state, as, replies[0]!)
  let at = pending.length + own.jobs.length
  keep(state, as, own, own.parse(replies.slice(pending.length, at)))
  for (const { call, batch, jobs } of live) {
    const states = new Map<string, State | Error>([...(state.live.get(call) ?? []), ...batch.parse(replies.slice(at, at + jobs.length))])
    state.live.set(call, states)
    at += jobs.length
  }
  return true
}

/** The due call and those that may be read with it. */
function together({ context, playHost, task, call }: Due): readonly PreparedCall[] {
  const evaluation = runsBeside(task) ? evaluate(context, playHost, task) : undefined
  if (evaluation?.kind !== 'ready') return []
  const behind = evaluation.calls.slice(evaluation.calls.indexOf(call)).filter((one) => one === call || !playHost.prepared.has(one))
  const asks = ({ definition }: PreparedCall) => definition.kind === 'query'
  const end = behind.findIndex((one) => asks(one) !== asks(call) || one.definition.kind === 'controller')
  const most = asks(call) ? task.parallel : mostAtOnce(task)
  return behind.slice(0, Math.min(end === -1 ? behind.length : end, most, largest))
}

/** As many as go in one exchange. */
const largest = 256

/** What of its reads is not known. What it throws is raised at its turn. */
function missing({ context, playHost: { state }, as }: Due, call: PreparedCall): readonly Read[] {
  try {
    return Object.values(readsOf(context, state, as, call)).filter(
      (read) => !state.live.get(call)?.has(read.key) && !cached(state, as, read),
    )
  } catch {
    return []
  }
}
