import type { Past } from './engine/past.ts'
import { pastHosts, pastOf, tasksSince } from './engine/past.ts'
import type { SelectedPlay } from './engine/select.ts'
import { shortPath } from './load/code-frame.ts'
import { findInventory, findPlaybook, findProject } from './load/project.ts'
import { RollcallError } from './model/errors.ts'
import type { AddedEvent, Continues, Event, WarningEvent } from './model/event.ts'
import type { PlaybookRequest } from './open-playbook.ts'
import { type JournalHead, listJournals, readEvents } from './store/index.ts'
import { localTime } from './util/local-time.ts'

/** The run that another goes on with, and what is left of it. */
export interface PastRun {
  readonly continues: Continues
  /** The request, narrowed to what is left. */
  readonly request: PlaybookRequest
  /** What is done already; absent where everything is done again. */
  readonly of: (plays: readonly SelectedPlay[]) => { readonly past: Past | undefined; readonly warnings: readonly WarningEvent[] }
}

/** How the last run of a playbook is gone on with. */
export type GoOn = Continues['by']

/**
 * Finds the last run of a playbook on an inventory, and narrows a request to what it has left undone.
 * @throws RollcallError (exit 1) where there is none, where it is still going on, and where it has left nothing.
 */
export function openPast(request: PlaybookRequest, by: GoOn): PastRun {
  const option = by === 'resume' ? '--resume' : '--retry-failed'
  const project = findProject(request.root)
  const inventoryFile = findInventory(project, request.inventory, request.root)
  const playbookFile = findPlaybook(project, request.playbook, request.root)
  if (by === 'resume' && request.tags.length + request.skipTags.length > 0)
    throw refusal('--resume goes on with the tasks of the last run', tagsOf(request), 'Leave --tags and --skip-tags out.')
  if (by === 'resume' && request.startAt !== undefined)
    throw refusal('--resume begins where the last run failed', `--start-at-task '${request.startAt}'`, 'Leave one of them out.')
  const last = listJournals(project.root).find(
    ({ head }) => !head.check && head.playbookFile === playbookFile && head.inventoryFile === inventoryFile,
  )
  const what = `${shortPath(project.root, playbookFile)} on ${shortPath(project.root, inventoryFile)}`
  if (!last)
    throw refusal(
      `There is no earlier run for ${option} to go on with`,
      what,
      `Leave ${option} out. Which runs are known says:\nrollcall runs`,
    )
  const { head } = last
  if (last.running) throw refusal('The last run is still going on', `${what}: ${head.id}, process ${head.process.pid}`, 'Wait for its end.')
  const events = readEvents(last.path)
  const hosts = pastHosts(events)
  const names = (fits: (status: string) => boolean) => [...hosts].filter(([, { status }]) => fits(status)).map(([name]) => name)
  const failed = names(by === 'resume' ? (status) => status !== 'done' : (status) => status === 'failed' || status === 'unreachable')
  const adders = addersIn(events)
  const left = by === 'resume' ? withAdders(failed, adders) : failed
  if (left.length === 0 && !request.allowEmpty)
    throw nothingLeft(
      by,
      head,
      names((status) => status === 'unfinished'),
    )
  const forgotten = left.filter((name) => adders.has(name) && !left.includes(adders.get(name)!.by))
  if (left.length > 0 && forgotten.length === left.length)
    throw refusal(
      'Only hosts that the last run had added have failed',
      `${forgotten.map((name) => `${name}, added by task '${adders.get(name)!.task}' of ${adders.get(name)!.by}`).join('; ')}`,
      `Nobody knows them before those tasks have run. To go through these once more, without repeating their actions:\nrollcall run ${head.playbook} --resume`,
    )
  const started = localTime(new Date(head.started))
  return {
    continues: { by, run: head.id, started: head.started, leftOut: [...hosts.keys()].filter((name) => !left.includes(name)) },
    request: {
      ...request,
      ...(by === 'resume' && { tags: head.tags, skipTags: head.skipTags, ...(head.startAt !== undefined && { startAt: head.startAt }) }),
      only: { hosts: new Set(left), because: `${option} goes on with ${left.join(', ') || 'no host'}` },
    },
    of: (plays) => {
      if (by === 'retryFailed') return { past: undefined, warnings: forgotten.map((name) => notKnown(name, adders.get(name)!)) }
      const past = pastOf(events, plays, { run: head.id, reason: `done by the run of ${started}` })
      return { past, warnings: [...changes(head, plays), ...past.again.filter(({ host }) => left.includes(host)).map(repeated)] }
    },
  }
}

type Adders = ReadonlyMap<string, AddedEvent['hosts'][number]>

/** Hosts that a run has added, and the task that did. */
function addersIn(events: readonly Event[]): Adders {
  return new Map(events.flatMap((event) => (event.event === 'added' ? event.hosts.map((host) => [host.host, host] as const) : [])))
}

/** With the hosts whose tasks have added some of these: only so are they known again. */
function withAdders(names: readonly string[], adders: Adders): readonly string[] {
  const all = new Set(names)
  for (const name of all) if (adders.has(name)) all.add(adders.get(name)!.by)
  return [...all]
}

function notKnown(host: string, { by, task }: AddedEvent['hosts'][number]): WarningEvent {
  return {
    event: 'warning',
    host,
    message: `it failed as well, and is not known again: it was added by task '${task}' of ${by}, which has not failed`,
  }
}

function tagsOf({ tags, skipTags }: Pick<JournalHead, 'tags' | 'skipTags'>): string {
  return [tags.length > 0 && `--tags ${tags.join()}`, skipTags.length > 0 && `--skip-tags ${skipTags.join()}`].filter(Boolean).join(' ')
}

function nothingLeft(by: GoOn, { id, started, playbook }: JournalHead, unfinished: readonly string[]): RollcallError {
  const run = `the run of ${localTime(new Date(started))} (${id})`
  if (by === 'resume')
    return refusal('The last run has left nothing to go on with', `${run} went through on every host`, 'Leave --resume out.')
  return refusal(
    'No host has failed in the last run',
    run,
    unfinished.length > 0
      ? `It did not come to its end on ${unfinished.join(', ')}:\nrollcall run ${playbook} --resume`
      : 'Leave --retry-failed out.',
  )
}

/** A playbook that was edited meanwhile: what is known by name stays known. */
function changes({ tasks }: JournalHead, plays: readonly SelectedPlay[]): WarningEvent[] {
  const { added, gone } = tasksSince(tasks, plays)
  const parts = [added.length > 0 && `new are ${quoted(added)}`, gone.length > 0 && `gone are ${quoted(gone)}`].filter(Boolean)
  if (parts.length === 0) return []
  return [{ event: 'warning', message: `the playbook's tasks are not those of the run that is resumed: ${parts.join('; ')}` }]
}

function repeated({ host, task }: { readonly host: string; readonly task: string }): WarningEvent {
  return {
    event: 'warning',
    host,
    message: `'${task}' went well in the run that is resumed, and runs again: what it left was not kept, since it was long or held a secret`,
  }
}

const quoted = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ')

function refusal(summary: string, detail: string, fix: string): RollcallError {
  return new RollcallError({ summary, detail, fix, exitCode: 1 })
}
