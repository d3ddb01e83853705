import type { Playbook, PlayRecord } from '../dsl/playbook.ts'
import type { TaskRecord } from '../dsl/record.ts'
import { RollcallError } from '../model/errors.ts'
import type { InventoryModel } from '../model/inventory.ts'
import { suggest } from '../util/suggest.ts'
import { matchPattern } from './limit.ts'

/** A play with what this run does of it: its targets, in inventory order, and the tasks that tags leave. */
export interface SelectedPlay {
  readonly play: PlayRecord
  readonly hosts: readonly string[]
  readonly tasks: readonly TaskRecord[]
  /** Hosts whose facts the play's closures may read, `--limit` or not. */
  readonly factsOf: readonly string[]
}
/** The three sets of a run, worked out before any connection. */
export interface Selection {
  readonly fleet: readonly string[]
  readonly targets: readonly string[]
  /** Targets that are contacted: those of a play that runs on its hosts, and not on the controller only. */
  readonly contacted: readonly string[]
  readonly factsScope: readonly string[]
  readonly plays: readonly SelectedPlay[]
}
export interface SelectOptions {
  readonly limit?: string | undefined
  /** The option that gave the limit, for messages; default `--limit`. */
  readonly limitOption?: string
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
  /** No other hosts, besides what the limit says; and who says so, for messages. */
  readonly only?: { readonly hosts: ReadonlySet<string>; readonly because: string } | undefined
}

/** Hosts of a group, of `all`, or one host. */
function hostsOf(name: string, inventory: InventoryModel): readonly string[] {
  return inventory.groups.get(name) ?? [name]
}

/** Whether tags leave a task: `always` runs unless skipped by name, `never` only when asked for by name. */
function keeps(tags: readonly string[], asked: readonly string[], skipped: readonly string[]): boolean {
  if (tags.some((tag) => skipped.includes(tag))) return false
  const named = tags.some((tag) => asked.includes(tag))
  if (tags.includes('never') && !named) return false
  return asked.length === 0 || asked.includes('all') || named || tags.includes('always')
}

/**
 * Works out fleet, facts scope and targets. The limit narrows targets only.
 * @throws RollcallError (exit 1) for unknown names and tags, and when no target is left.
 */
export function select(playbook: Playbook, options: SelectOptions): Selection {
  const inventory = playbook.inventory.model
  const fleet = [...inventory.hosts.keys()]
  const limited = new Set(options.limit === undefined ? fleet : matchPattern(options.limit, inventory, options.limitOption))
  for (const host of limited) if (options.only && !options.only.hosts.has(host)) limited.delete(host)
  checkTags(playbook, options)
  const plays = playbook.plays.map((play): SelectedPlay => {
    const hosts = hostsOf(play.hosts, inventory).filter((host) => limited.has(host))
    // A play on the controller that lists no facts needs nothing of its hosts but what is declared.
    const scope = new Set(play.connection && play.facts.families.length === 0 ? [] : [...hostsOf(play.facts.of, inventory), ...hosts])
    return {
      play,
      hosts,
      tasks: play.tasks.filter((task) => keeps([...play.tags, ...task.tags], options.tags, options.skipTags)),
      factsOf: fleet.filter((host) => scope.has(host)),
    }
  })
  const inOrder = (chosen: (play: SelectedPlay) => readonly string[]) => {
    const all = new Set(plays.flatMap((play) => (play.hosts.length > 0 ? chosen(play) : [])))
    return fleet.filter((host) => all.has(host))
  }
  const targets = inOrder((play) => play.hosts)
  if (targets.length === 0) throw noTargets(playbook, options)
  const contacted = inOrder((play) => (play.play.connection ? [] : play.hosts))
  return { fleet, targets, contacted, factsScope: inOrder((play) => play.factsOf), plays }
}

/** Hosts on which a task will surely act as root: what its play asks for, no condition of its own, not on the controller. */
export function becoming({ plays }: Pick<Selection, 'plays'>): ReadonlySet<string> {
  const acts = ({ action }: TaskRecord) =>
    typeof action === 'function' || [action].flat().some(({ definition }) => definition.kind !== 'controller')
  const certain = plays.filter(
    ({ play, tasks }) =>
      !play.connection &&
      tasks.some((task) => task.kind === 'task' && (task.become ?? play.become) && task.when === undefined && acts(task)),
  )
  return new Set(certain.flatMap(({ hosts }) => hosts))
}

function noTargets(playbook: Playbook, { limit, limitOption = '--limit', only }: SelectOptions): RollcallError {
  if (playbook.plays.length === 0)
    return new RollcallError({
      summary: 'The playbook has no play',
      detail: `'${playbook.name}'`,
      fix: `Add one in its body:\nplay('name', { hosts: 'all' }, ({ task }) => { … })`,
      exitCode: 1,
    })
  const hosts = [...new Set(playbook.plays.map((play) => play.hosts))].join(', ')
  return new RollcallError({
    summary: 'No host is left to run on',
    detail: only
      ? [only.because, limit !== undefined && `${limitOption} '${limit}' leaves none of them`].filter(Boolean).join(', and ')
      : limit === undefined
        ? `the plays of '${playbook.name}' run on ${hosts}, which has no host`
        : `${limitOption} '${limit}' leaves no host of ${hosts}`,
    fix: `See which hosts there are:\nrollcall run ${playbook.name} --list-hosts`,
    exitCode: 1,
  })
}

function checkTags(playbook: Playbook, { tags, skipTags }: SelectOptions): void {
  const known = new Set([
    'all',
    'always',
    'never',
    ...playbook.plays.flatMap((play) => [...play.tags, ...play.tasks.flatMap((task) => task.tags)]),
  ])
  for (const tag of [...tags, ...skipTags]) {
    if (known.has(tag)) continue
    const meant = suggest(tag, [...known])
    throw new RollcallError({
      summary: 'No task has this tag',
      detail: `'${tag}' in playbook '${playbook.name}'`,
      fix: meant
        ? `Did you mean '${meant}'?`
        : `The playbook's tags are: ${[...known].filter((name) => !['all', 'always', 'never'].includes(name)).join(', ') || 'none'}.`,
      exitCode: 1,
    })
  }
}
