import type { Playbook, PlayRecord } from '../dsl/playbook.ts'
import type { TaskRecord } from '../dsl/record.ts'
import { refreshes } from '../dsl/refuse-refresh.ts'
import { type Becoming, becomeInside } from '../model/become.ts'
import { RollcallError } from '../model/errors.ts'
import { isDynamic, type NewSet, newSetsIn, showChoice } from '../model/host-set.ts'
import type { InventoryModel } from '../model/inventory.ts'
import { matchHosts } from '../model/match-hosts.ts'
import { checkTags, keeps, type TagOptions } from './keep-tags.ts'
import { type LimitOptions, limitHosts, showLimit } from './limit.ts'
import { orderHosts } from './order-hosts.ts'
import type { Roster } from './roster.ts'
import { startAt } from './start-at.ts'

/** A play with what this run does of it: its targets, in the play's order, and the tasks that tags leave. */
export interface SelectedPlay {
  readonly play: PlayRecord
  readonly hosts: readonly string[]
  readonly tasks: readonly TaskRecord[]
  /** Hosts whose facts the play's closures may read, `--limit` or not. */
  readonly factsOf: readonly string[]
  /** Hosts that tasks add, or sources that are asked again, may come to it. */
  readonly grows?: boolean
}
/** The three sets of a run, worked out before any connection. */
export interface Selection {
  readonly fleet: readonly string[]
  readonly targets: readonly string[]
  /** Targets that are contacted: those of a play that runs on its hosts, and not on the controller only. */
  readonly contacted: readonly string[]
  readonly factsScope: readonly string[]
  readonly plays: readonly SelectedPlay[]
  /** Hosts that are new in the run and that the limit leaves, as if the inventory had had them. */
  readonly leaves?: (roster: Pick<Roster, 'inventory' | 'named' | 'isNew' | 'members'>) => ReadonlySet<string>
}
export interface SelectOptions extends LimitOptions, TagOptions {
  /** The task to begin with: its name, or a glob. */
  readonly startAt?: string | undefined
  /** No host or no task being left is no error; then nothing runs. */
  readonly allowEmpty?: boolean | undefined
  /** No other hosts, besides what the limit says; and who says so, for messages. */
  readonly only?: { readonly hosts: ReadonlySet<string>; readonly because: string } | undefined
}

/**
 * Works out fleet, facts scope and targets. The limit narrows targets only.
 * @throws RollcallError (exit 1) for unknown names, tags and tasks, and when no target or no task is left.
 */
export function select(playbook: Playbook, asked: SelectOptions): Selection {
  const inventory = playbook.inventory.model
  const fleet = [...inventory.hosts.keys()]
  const options = { ...asked, ...(asked.readFile && { readFile: once(asked.readFile) }) }
  const sets = [...new Set(playbook.plays.flatMap(({ hosts }) => newSetsIn(hosts)))]
  const inLimit = limitHosts(
    options,
    withSets(inventory, sets, () => []),
  )
  const limited = new Set(inLimit.filter((host) => options.only?.hosts.has(host) ?? true))
  checkTags(playbook, options)
  const earlier = new Set<string>()
  let growing = false
  let refreshing = false
  const whole = playbook.plays.map((play): SelectedPlay => {
    // A group that tasks fill can hold only hosts that tasks ran for.
    const hosts = hostsOf(play, inventory, earlier).filter((host) => limited.has(host))
    for (const host of hosts) earlier.add(host)
    const grows = refreshing || newSetsIn(play.hosts).length > 0 || (growing && isDynamic(play.hosts))
    growing ||= grows
    refreshing ||= play.tasks.some(refreshes)
    return {
      play,
      hosts: orderHosts(hosts, play.order),
      tasks: play.tasks.filter((task) => task.kind === 'flush' || keeps([...play.tags, ...task.tags], options)),
      factsOf: factsScopeOf(play, hosts, inventory),
      ...(grows && { grows }),
    }
  })
  const targeted = whole.some(({ hosts }) => hosts.length > 0)
  if (!targeted && !(options.allowEmpty && playbook.plays.length > 0)) throw noTargets(playbook, options)
  const plays = options.startAt === undefined || !targeted ? whole : startAt(whole, options.startAt, playbook.name)
  if (targeted && !options.allowEmpty) refuseNoTasks(playbook, plays, options)
  const inOrder = (chosen: (play: SelectedPlay) => readonly string[]) => {
    const all = new Set(plays.flatMap((play) => (mayRun(play) ? chosen(play) : [])))
    return fleet.filter((host) => all.has(host))
  }
  const targets = inOrder((play) => play.hosts)
  const contacted = inOrder((play) => (play.play.connection ? [] : play.hosts))
  const leaves: Selection['leaves'] = (roster) => {
    const after = new Set(limitHosts(options, withSets(roster.named, sets, roster.members)))
    // A place in a list (`web[-1]`) counts hosts of the inventory, and must not come to mean another one.
    const moved = fleet.some(
      (host) => roster.inventory.hosts.has(host) && !roster.isNew(host) && after.has(host) !== inLimit.includes(host),
    )
    return new Set(
      [...roster.inventory.hosts.keys()]
        .filter(roster.isNew)
        .filter((host) => !moved && after.has(host) && (options.only?.hosts.has(host) ?? true)),
    )
  }
  return { fleet, targets, contacted, factsScope: inOrder((play) => play.factsOf), plays, leaves }
}

/** Whether a play has hosts, or may get some that tasks add. */
export function mayRun({ hosts, grows }: SelectedPlay): boolean {
  return hosts.length > 0 || grows === true
}

/** Hosts whose facts closures of a play may read. */
export function factsScopeOf({ connection, facts }: PlayRecord, hosts: readonly string[], inventory: InventoryModel): readonly string[] {
  // A play on the controller that lists no facts needs nothing of its hosts but what is declared.
  const { of, families } = facts
  const own = connection && families.length === 0 ? [] : hosts
  const scope = new Set(families.length === 0 || of === 'targets' ? own : [...membersOf(of, inventory), ...own])
  return [...inventory.hosts.keys()].filter((host) => scope.has(host))
}

/** What a file said when the run began is what the limit says. */
function once(read: (path: string) => string): (path: string) => string {
  const texts = new Map<string, string>()
  return (path) => {
    const text = texts.get(path) ?? read(path)
    texts.set(path, text)
    return text
  }
}

/** To the limit the names of new hosts are groups. */
function withSets(inventory: InventoryModel, sets: readonly NewSet[], members: (set: NewSet) => readonly string[]): InventoryModel {
  if (sets.length === 0) return inventory
  return { ...inventory, groups: new Map([...inventory.groups, ...sets.map((set) => [set.name, members(set)] as const)]) }
}

/** Hosts of a group, or one host. */
function membersOf(name: string, inventory: InventoryModel): readonly string[] {
  return inventory.groups.get(name) ?? [name]
}

function hostsOf({ hosts, name, at }: PlayRecord, inventory: InventoryModel, earlier: ReadonlySet<string>): readonly string[] {
  return matchHosts(hosts, inventory, { by: 'A play', where: `play '${name}'`, members: () => earlier, ...(at && { at }) })
}

/** Hosts on which a task will surely become another user, and which the first of them becomes: no condition, not on the controller. */
export function becoming({ plays }: Pick<Selection, 'plays'>): ReadonlyMap<string, Becoming> {
  const acts = ({ action }: TaskRecord) =>
    typeof action === 'function' || [action].flat().some(({ definition }) => definition.kind !== 'controller')
  const first = new Map<string, Becoming>()
  for (const { play, tasks, hosts } of plays) {
    if (play.connection) continue
    const certain = tasks.filter((task) => task.kind === 'task' && surelyRuns(task) && acts(task))
    const said = certain.map((task) => becomeInside(play.become, task.become)).find(({ wanted }) => wanted)
    if (said) for (const host of hosts) if (!first.has(host)) first.set(host, said)
  }
  return first
}

/** On its own host, and whatever becomes of others before it. */
function surelyRuns({ when, delegateTo, runOnce, within }: TaskRecord): boolean {
  return when === undefined && delegateTo === undefined && !runOnce && within.every(({ part }) => part !== 'rescue')
}

function noTargets(playbook: Playbook, options: SelectOptions): RollcallError {
  if (playbook.plays.length === 0)
    return new RollcallError({
      summary: 'The playbook has no play',
      detail: `'${playbook.name}'`,
      fix: `Add one in its body:\nplay('name', { hosts: 'all' }, ({ task }) => { … })`,
      exitCode: 1,
    })
  const hosts = [...new Set(playbook.plays.map((play) => showChoice(play.hosts)))].join(', ')
  const limit = showLimit(options)
  return new RollcallError({
    summary: 'No host is left to run on',
    detail: options.only
      ? [options.only.because, limit !== '' && `${limit} leaves none of them`].filter(Boolean).join(', and ')
      : limit === ''
        ? `the plays of '${playbook.name}' run on ${hosts}, which has no host`
        : `${limit} leaves no host of ${hosts}`,
    fix: `See which hosts there are:\nrollcall run ${playbook.name} --list-hosts`,
    exitCode: 1,
  })
}

/** Options that leave nothing to do were meant otherwise; a playbook without tasks may be there for its facts. */
function refuseNoTasks(playbook: Playbook, plays: readonly SelectedPlay[], { tags, skipTags, startAt: from }: SelectOptions): void {
  const given = [
    ...(tags.length > 0 ? [`--tags ${tags.join(',')}`] : []),
    ...(skipTags.length > 0 ? [`--skip-tags ${skipTags.join(',')}`] : []),
    ...(from === undefined ? [] : [`--start-at-task '${from}'`]),
  ]
  const isTask = ({ kind }: TaskRecord) => kind !== 'flush'
  if (given.length === 0 || !playbook.plays.some((play) => play.tasks.some(isTask))) return
  if (plays.some(({ hosts, tasks }) => hosts.length > 0 && tasks.some(isTask))) return
  throw new RollcallError({
    summary: 'No task is left to run',
    detail: `${given.join(' ')} leaves none of playbook '${playbook.name}'`,
    fix: `See which tags there are:\nrollcall run ${playbook.name} --list-tags`,
    exitCode: 1,
  })
}
