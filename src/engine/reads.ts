import type { FoundSoFar } from '../dsl/definition.ts'
import type { TaskRecord } from '../dsl/record.ts'
import type { Read, ReadSet } from '../dsl/resource.ts'
import { becomeInside } from '../model/become.ts'
import { RollcallError, UnreachableError } from '../model/errors.ts'
import type { Job } from '../transport/session-types.ts'
import type { State } from './compare.ts'
import type { PlayContext, PlayHost } from './context.ts'
import { readsIn } from './environment.ts'
import { evaluate, type PreparedCall } from './evaluate.ts'
import { compileReads, keep } from './exchange.ts'
import type { As } from './host-access.ts'
import { cached, type HostState } from './host-state.ts'
import { notePending, readPending } from './pending.ts'
import { readAlone, readWithin, TooSlow, tooSlow } from './slow-reads.ts'

/** Which user of a host a task of this play acts as. */
export function userOf(context: PlayContext, { state }: PlayHost, task: TaskRecord): As {
  return state.access.as(becomeInside(context.selected.play.become, task.become))
}

/** What has been read so far, as reads that depend on reads see it; in check mode after planned changes. */
export function foundSoFar(state: HostState, as: As): FoundSoFar {
  return {
    get: <S extends object>(read: Read<S>) => {
      const any = read as unknown as Read
      const real = cached(state, as, any)
      return (real && (state.overlay?.view(any, real).state ?? real)) as S | undefined
    },
  }
}

/** What a call reads, given what is known by now. */
export function readsOf(context: PlayContext, state: HostState, as: As, call: PreparedCall): ReadSet {
  return readsIn(call.environment, readsAsked(context, state, as, call))
}

function readsAsked(context: PlayContext, state: HostState, as: As, call: PreparedCall): ReadSet {
  const { definition, params, inputs } = call
  if (definition.kind === 'controller') return {}
  if (definition.kind === 'query') return largestNeeds(definition.reads(params, { check: context.check }))
  if (definition.kind === 'action') return largestNeeds(definition.reads(params))
  return largestNeeds(definition.reads(params, foundSoFar(state, as), inputs))
}

/** A call that asks for one thing twice gets one state, with all that it asked for. */
function largestNeeds(reads: ReadSet): ReadSet {
  const all = Object.values(reads)
  if (new Set(all.map(({ key }) => key)).size === all.length) return reads
  const needOf = (read: Read) => read.kind.needs.indexOf(read.need)
  const largest = new Map<string, Read>()
  for (const read of all) if (needOf(read) > needOf(largest.get(read.key) ?? read) || !largest.has(read.key)) largest.set(read.key, read)
  return Object.fromEntries(Object.entries(reads).map(([name, { key }]) => [name, largest.get(key)!]))
}

/** Own reads of coming tasks that are not known yet: these ride along in the next exchange. Errors wait for their turn. */
export function readsAhead(context: PlayContext, playHost: PlayHost, tasks: readonly TaskRecord[]): Map<As, Read[]> {
  const wishes = new Map<As, Read[]>()
  for (const { as, read } of comingReads(context, playHost, tasks)) {
    if (cached(playHost.state, as, read)) continue
    const wished = wishes.get(as)
    if (wished) wished.push(read)
    else wishes.set(as, [read])
  }
  return wishes
}

function* comingReads(context: PlayContext, playHost: PlayHost, tasks: readonly TaskRecord[]): Generator<{ as: As; read: Read }> {
  for (const task of tasks) {
    if (task.delegateTo !== undefined) continue // It reads another host.
    const as = userOf(context, playHost, task)
    const evaluation = evaluate(context, playHost, task)
    if (evaluation.kind !== 'ready' && evaluation.kind !== 'pending') continue
    for (const call of evaluation.calls) {
      let reads: readonly Read[] = []
      try {
        reads = Object.values(readsOf(context, playHost.state, as, call))
      } catch {
        // The call is due later; what it throws then is reported then.
      }
      for (const read of reads) if (read.kind.freshness === 'own') yield { as, read }
    }
  }
}

/**
 * One exchange a user: the reads wanted, and once a run the handlers an earlier run left pending. What refuses another
 * user than the one who is due is heard when that user's tasks are due.
 * @throws TooSlow when it takes longer than `limitMs`; those sessions are then let go.
 */
async function fetchReads(
  playHost: PlayHost,
  due: As,
  wishes: ReadonlyMap<As, readonly Read[]>,
  limitMs: number | undefined,
): Promise<ReadonlyMap<As, ReadonlyMap<string, State | Error>>> {
  const { state } = playHost
  const answers = new Map<As, ReadonlyMap<string, State | Error>>()
  await Promise.all(
    [...wishes].map(async ([as, reads]) => {
      if (reads.length === 0) return
      const batch = compileReads(reads)
      const pending: Job[] = state.pendingRead.has(as) ? [] : [readPending(state.access.userOf(as))]
      const asked = readWithin(state.access, as, [...pending, ...batch.jobs], limitMs).catch((error) => {
        if (error instanceof TooSlow) state.lock?.taken.delete(as) // It goes with the session.
        throw error
      })
      const replies = as === due ? await asked : await asked.catch(unlessUnreachable)
      if (!replies) return
      if (pending.length > 0) notePending(state, as, replies[0]!)
      const states = batch.parse(replies.slice(pending.length))
      keep(state, as, batch, states)
      answers.set(as, states)
    }),
  )
  return answers
}

/** For what was asked by the way: that it is refused is heard by whoever is due. A link that is lost is lost. */
export function unlessUnreachable(error: unknown): undefined {
  if (error instanceof UnreachableError) throw error
}

/** Own reads of coming tasks, known or not, to ride behind steps after which nothing that was read counts any more. */
export function readsBehind(context: PlayContext, playHost: PlayHost, as: As, tasks: readonly TaskRecord[]): readonly Read[] {
  if (playHost.state.readsAlone) return []
  return [...comingReads(context, playHost, tasks)].flatMap(({ as: user, read }) => (user === as ? [read] : []))
}

export const rounds = 3

/** What was read for a call together with others of its list. @throws what reading it failed with. */
function takeLive(state: HostState, call: PreparedCall, live: Map<string, State>): void {
  for (const [key, value] of state.live.get(call) ?? []) {
    if (value instanceof Error) throw value
    live.set(key, value)
  }
}

/**
 * Everything a due call reads; `ahead` begins with its own task. What is known costs nothing; what is not is read together with the own reads of the
 * tasks in the window. Reads may depend on reads, three rounds deep.
 * @param beside Reads, for it and other calls of its list, what is not read ahead; false where it alone is due.
 */
export async function readDue(
  context: PlayContext,
  playHost: PlayHost,
  as: As,
  call: PreparedCall,
  ahead: readonly TaskRecord[],
  beside?: () => Promise<boolean>,
): Promise<{ reads: ReadSet; states: ReadonlyMap<string, State> }> {
  const { state } = playHost
  const live = new Map<string, State>()
  for (let round = 0; ; round++) {
    const reads = readsOf(context, state, as, call)
    const open = () => Object.values(reads).filter((read) => !live.has(read.key) && !cached(state, as, read))
    takeLive(state, call, live)
    const needsOthers = open().some((read) => read.kind.freshness === 'live' || state.together)
    if (needsOthers && (await beside?.())) takeLive(state, call, live)
    const missing = open()
    if (missing.length === 0) {
      return { reads, states: new Map(Object.values(reads).map((read) => [read.key, live.get(read.key) ?? cached(state, as, read)!])) }
    }
    if (round === rounds)
      throw new RollcallError({
        summary: `Module ${call.definition.name} asks for new reads without end`,
        detail: missing.map((read) => read.key).join(', '),
        fix: 'This is a fault of the module: its reads must settle within three rounds.',
      })
    if (Number.isFinite(state.window)) state.window *= 2
    const wishes: Map<As, Read[]> = state.readsAlone ? new Map() : readsAhead(context, playHost, ahead.slice(0, state.window))
    const errors = (answers: Awaited<ReturnType<typeof fetchReads>>) =>
      missing.flatMap((read) => {
        const value = answers.get(as)?.get(read.key)
        return value instanceof Error ? [value] : []
      })
    // A user's own command takes as long as it takes.
    const dueMs = missing.some((read) => read.kind.freshness === 'live') ? undefined : context.patience.dueMs
    const alone = () => fetchReads(playHost, as, new Map([[as, missing]]), dueMs).catch((error) => tooSlow(error, missing))
    const together = () => {
      wishes.set(as, [...missing, ...(wishes.get(as) ?? [])])
      return fetchReads(playHost, as, wishes, dueMs && context.patience.aheadMs)
    }
    let answers =
      wishes.size === 0
        ? await alone()
        : await together().catch((error) => {
            if (!(error instanceof TooSlow)) throw error
            readAlone(context, state)
            return alone()
          })
    if (errors(answers).length > 0) answers = await alone() // Another task's read may have spoilt the batch.
    const [error] = errors(answers)
    if (error) throw error
    for (const read of missing) if (read.kind.freshness === 'live') live.set(read.key, answers.get(as)!.get(read.key) as State)
  }
}
