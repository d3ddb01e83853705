import { isDeepStrictEqual } from 'node:util'
import type { BlockRecord } from '../dsl/block.ts'
import type { TaskRecord } from '../dsl/record.ts'
import type { Event, RecapEvent, RunEvent, TaskEvent } from '../model/event.ts'
import type { SelectedPlay } from './select.ts'

/** What a run that is over, or was cut off, came to on a host. */
export interface PastHost {
  /** `unfinished`: nothing failed on it, and not all of its tasks were reached. */
  readonly status: 'done' | 'failed' | 'unreachable' | 'unfinished'
  /** The task it failed at. */
  readonly at?: { readonly play: string; readonly task: string }
}

/** What became of each target of a run, as its events tell. */
export function pastHosts(events: readonly Event[]): ReadonlyMap<string, PastHost> {
  const run = events.find((event): event is RunEvent => event.event === 'run')
  const recap = events.findLast((event): event is RecapEvent => event.event === 'recap')
  const whole = recap !== undefined && recap.error === undefined && !events.some(({ event }) => event === 'stopped')
  const failures = new Map<string, TaskEvent>()
  for (const event of events) {
    if (event.event === 'task' && fails(event)) failures.set(event.host, event)
    else if (event.event === 'rescued' || event.event === 'retry') failures.delete(event.host)
  }
  const added = events.flatMap((event) => (event.event === 'added' ? event.targets : []))
  return new Map(
    [...(run?.targets ?? []), ...added].map((host): [string, PastHost] => {
      const failure = failures.get(host)
      const counts = recap?.hosts[host]
      const status =
        (counts?.failed ?? 0) > 0
          ? 'failed'
          : (counts?.unreachable ?? 0) > 0
            ? 'unreachable'
            : counts === undefined && failure
              ? (failure.outcome as 'failed' | 'unreachable')
              : whole
                ? 'done'
                : 'unfinished'
      return [host, { status, ...(failure && { at: { play: failure.play, task: failure.task } }) }]
    }),
  )
}

function fails({ outcome, ignored }: TaskEvent): boolean {
  return (outcome === 'failed' || outcome === 'unreachable') && !ignored
}

/** What an earlier run, which this one goes on with, left of a task on a host. */
interface Left {
  readonly changed: boolean
  /** Of actions that went well: what they left, which is not done again. */
  readonly result?: object
}

/** An earlier run that this one goes on with, as the tasks of a play see it. */
export interface Past {
  /** Why a task is not done again: `done by the run of 2026-11-29 20:15`. */
  readonly reason: string
  readonly run: string
  /** What an action left that is not to be done again. */
  readonly done: (host: string, task: TaskRecord) => object | undefined
  /** Whether the task has changed something in that run: to later tasks it has, in this one too. */
  readonly changed: (host: string, task: TaskRecord) => boolean
}

/** An action that went well and has to be done again, since what it left is not known. */
export interface Again {
  readonly host: string
  readonly play: string
  readonly task: string
}

/**
 * What of the plays an earlier run has done on each host. A block that something failed in, and that would put right or tidy
 * up, is begun anew: what its body had done may have been undone.
 */
export function pastOf(
  events: readonly Event[],
  plays: readonly SelectedPlay[],
  named: Pick<Past, 'reason' | 'run'>,
): Past & { readonly again: readonly Again[] } {
  const tasks = new Map(plays.flatMap(({ play }) => play.tasks.map((task): [string, TaskRecord] => [keyOf(play.name, task.name), task])))
  const delicate = new Set([...tasks.values()].flatMap(({ within }) => within.filter(undoes).map(({ block }) => block)))
  const left = new Map<string, Map<TaskRecord, TaskEvent>>()
  const fallen = new Map<string, Set<BlockRecord>>()
  for (const event of events) {
    if (event.event === 'retry') {
      for (const block of fallen.get(event.host) ?? []) if (block.name === event.task) fallen.get(event.host)!.delete(block)
      for (const [task] of left.get(event.host) ?? [])
        if (task.within.some(({ block }) => block.name === event.task)) left.get(event.host)!.delete(task)
    }
    if (event.event !== 'task' || event.handler) continue
    const task = tasks.get(keyOf(event.play, event.task))
    if (!task) continue
    if (fails(event)) {
      const blocks = fallen.get(event.host) ?? new Set()
      for (const { block } of task.within) if (delicate.has(block) || block.retries > 0) blocks.add(block)
      fallen.set(event.host, blocks)
      left.get(event.host)?.delete(task)
    } else if (event.outcome !== 'failed' && event.outcome !== 'unreachable') {
      const of = left.get(event.host) ?? new Map<TaskRecord, TaskEvent>()
      of.set(task, event)
      left.set(event.host, of)
    }
  }
  const eventOf = (host: string, task: TaskRecord): TaskEvent | undefined => {
    const own = left.get(host)?.get(task)
    const event = own ?? (task.runOnce ? [...left.values()].find((of) => of.has(task))?.get(task) : undefined)
    return event && !task.within.some(({ block }) => fallen.get(event.host)?.has(block)) ? event : undefined
  }
  const leftBy = (event: TaskEvent | undefined): Left => {
    if (!event) return { changed: false }
    const result = event.result as { readonly changed?: unknown; readonly ran?: unknown } | undefined
    const changed = event.outcome === 'changed' || result?.changed === true
    const usable = event.action && result !== undefined && !event.masked && result.ran !== false
    return { changed, ...(usable && { result: { ...result, changed, skipped: false, failed: false } }) }
  }
  const again = [...left].flatMap(([host, of]) =>
    [...of].flatMap(([task, event]): Again[] =>
      event.action && eventOf(host, task) === event && (event.masked || event.result === undefined)
        ? [{ host, play: event.play, task: task.name }]
        : [],
    ),
  )
  return {
    ...named,
    again,
    done: (host, task) => leftBy(eventOf(host, task)).result,
    changed: (host, task) => leftBy(eventOf(host, task)).changed,
  }
}

/** A part that is not the body undoes what the body did, or may. */
function undoes({ part }: TaskRecord['within'][number]): boolean {
  return part !== 'body'
}

const keyOf = (play: string, task: string) => `${play}\n${task}`

/** How the tasks of plays differ from those that a run went through, a line each. */
export function tasksSince(
  then: { readonly [play: string]: readonly string[] },
  plays: readonly SelectedPlay[],
): { readonly added: readonly string[]; readonly gone: readonly string[] } {
  const now = namesIn(plays)
  if (isDeepStrictEqual(now, then)) return { added: [], gone: [] }
  const flat = (tasks: { readonly [play: string]: readonly string[] }) =>
    Object.entries(tasks).flatMap(([play, names]) => names.map((name) => `${play} / ${name}`))
  const [before, after] = [new Set(flat(then)), new Set(flat(now))]
  return { added: [...after].filter((name) => !before.has(name)), gone: [...before].filter((name) => !after.has(name)) }
}

/** Names of the tasks of each play. */
export function namesIn(plays: readonly SelectedPlay[]): { readonly [play: string]: readonly string[] } {
  return Object.fromEntries(
    plays.map(({ play, tasks }) => [play.name, tasks.filter(({ kind }) => kind === 'task').map(({ name }) => name)]),
  )
}
