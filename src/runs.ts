import { pastHosts } from './engine/past.ts'
import { noTraffic } from './engine/traffic.ts'
import { shortPath } from './load/code-frame.ts'
import { findProject } from './load/project.ts'
import { RollcallError } from './model/errors.ts'
import type { Event, HostRecap, RecapEvent } from './model/event.ts'
import { type JournalFile, lastWritten, listJournals, readEvents } from './store/index.ts'
import { suggest } from './util/suggest.ts'

/** A run of this project, as it is listed. */
export interface ListedRun {
  readonly id: string
  /** ISO 8601. */
  readonly started: string
  readonly playbook: string
  /** Relative to the project. */
  readonly inventory: string
  readonly check: boolean
  readonly limit?: string
  readonly exclude?: string
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
  /** The run that it went on with. */
  readonly continues?: { readonly by: 'resume' | 'retryFailed'; readonly run: string }
  /** `cut off`: it was interrupted, or its process was killed. */
  readonly outcome: 'done' | 'failed' | 'unreachable' | 'refused' | 'running' | 'cut off'
  readonly exitCode?: number
  readonly targets: readonly string[]
  /** Hosts by what became of them. */
  readonly hosts: { readonly done: number; readonly failed: number; readonly unreachable: number; readonly unfinished: number }
  /** Of all hosts together. */
  readonly counts: Counts
  readonly durationMs: number
}
type Counts = Pick<HostRecap, (typeof counted)[number]>
const counted = ['ok', 'changed', 'skipped', 'failed', 'unreachable', 'rescued', 'ignored'] as const

/** The runs of the project that a folder belongs to, the newest first. */
export function listRuns({ root }: { readonly root: string }): readonly ListedRun[] {
  const project = findProject(root)
  return listJournals(project.root).map((file) => listed(file, project.root))
}

/** One run, with all that happened in it. */
export interface ShownRun {
  readonly run: ListedRun
  readonly events: readonly Event[]
  /** What stands for the recap of a run that was cut off, or goes on. */
  readonly soFar?: RecapEvent
}

/**
 * A run by its id, by a part of it that no other has, or `last`.
 * @throws RollcallError (exit 1) where there is none, or several.
 */
export function showRun({ root, run: asked }: { readonly root: string; readonly run: string }): ShownRun {
  const project = findProject(root)
  const all = listJournals(project.root)
  const found = asked === 'last' ? all.slice(0, 1) : all.filter(({ head }) => head.id.startsWith(asked) || head.id.endsWith(asked))
  if (found.length !== 1) throw notOne(asked, found, all)
  const [file] = found as [JournalFile]
  const events = readEvents(file.path)
  const run = listed(file, project.root)
  return { run, events, ...(recapIn(events) === undefined && { soFar: recapOf(events, run) }) }
}

function listed(file: JournalFile, root: string): ListedRun {
  const { head, running } = file
  const events = readEvents(file.path)
  const recap = recapIn(events)
  const start = events.find((event) => event.event === 'run')
  const statuses = [...pastHosts(events).values()].map(({ status }) => status)
  const of = (status: string) => statuses.filter((one) => one === status).length
  const { id, started, playbook, check, limit, exclude, tags, skipTags } = head
  const hosts = { done: of('done'), failed: of('failed'), unreachable: of('unreachable'), unfinished: of('unfinished') }
  const outcome = running
    ? 'running'
    : recap === undefined
      ? 'cut off'
      : recap.error && !events.some(({ event }) => event === 'play')
        ? 'refused'
        : recap.exitCode === 0
          ? 'done'
          : recap.exitCode === 4
            ? 'unreachable'
            : 'failed'
  return {
    id,
    started,
    playbook,
    inventory: shortPath(root, head.inventoryFile),
    check,
    ...(limit !== undefined && { limit }),
    ...(exclude !== undefined && { exclude }),
    tags,
    skipTags,
    ...(start?.continues && { continues: { by: start.continues.by, run: start.continues.run } }),
    outcome,
    ...(recap && { exitCode: recap.exitCode }),
    targets: [...(start?.targets ?? []), ...events.flatMap((event) => (event.event === 'added' ? event.targets : []))],
    hosts,
    counts: sumOf(Object.values(recap?.hosts ?? countsOf(events))),
    durationMs: recap?.durationMs ?? Math.max(0, lastWritten(file.path).getTime() - Date.parse(started)),
  }
}

const recapIn = (events: readonly Event[]) => events.findLast((event): event is RecapEvent => event.event === 'recap')

const none: Counts = { ok: 0, changed: 0, skipped: 0, failed: 0, unreachable: 0, rescued: 0, ignored: 0 }

function sumOf(hosts: readonly Counts[]): Counts {
  return hosts.reduce<Counts>((sum, host) => Object.fromEntries(counted.map((name) => [name, sum[name] + host[name]])) as Counts, none)
}

/** Of a run without a recap: what its events count to. */
function countsOf(events: readonly Event[]): { readonly [host: string]: Counts } {
  const hosts: Record<string, Record<(typeof counted)[number], number>> = {}
  for (const event of events) {
    if (event.event === 'run' || event.event === 'added') for (const host of event.targets) hosts[host] = { ...none }
    if (event.event !== 'task') continue
    const of = hosts[event.host] ?? { ...none }
    hosts[event.host] = of
    of[event.ignored ? 'ok' : event.outcome] += 1
    if (event.ignored) of.ignored += 1
  }
  return hosts
}

function recapOf(events: readonly Event[], { check, durationMs }: ListedRun): RecapEvent {
  const hosts = Object.entries(countsOf(events)).map(([name, counts]): [string, HostRecap] => [name, { ...counts, ...noTraffic }])
  return { event: 'recap', check, hosts: Object.fromEntries(hosts), durationMs, exitCode: 130 }
}

function notOne(asked: string, found: readonly JournalFile[], all: readonly JournalFile[]): RollcallError {
  const ids = (files: readonly JournalFile[]) => files.map(({ head }) => head.id)
  const meant = suggest(asked, ids(all))
  if (found.length > 1)
    return new RollcallError({
      summary: 'Several runs are meant',
      detail: `'${asked}': ${ids(found).join(', ')}`,
      fix: 'Give more of the id.',
      exitCode: 1,
    })
  return new RollcallError({
    summary: all.length === 0 ? 'No run of this project is known' : 'There is no such run',
    detail: `'${asked}'`,
    fix:
      all.length === 0
        ? 'A journal is kept of each rollcall run.'
        : meant
          ? `Did you mean '${meant}'?`
          : 'See which there are:\nrollcall runs',
    exitCode: 1,
  })
}
