import type { TaskEvent } from '../model/event.ts'
import { viewSentence } from './task-lines.ts'
import { count, listed } from './words.ts'

interface Tally {
  readonly ok: number
  readonly skipped: number
  readonly assumed: number
  /** What unchanged templates saw of the fleet: said in every run, since nobody asks while all is well. */
  readonly views: readonly string[]
}
/** Hosts of which the same is to be said. */
interface Group {
  readonly tally: Tally
  readonly hosts: Set<string>
}

/** Counts the tasks that changed nothing, so that a run of them is one line. */
export interface Collapse {
  add(event: TaskEvent): void
  /** The line that is due before something of this host is printed. It takes along every host with the same count. */
  takeLike(host: string): string[]
  takeAll(): string[]
  /** What {@link takeAll} would give, left where it is. */
  peek(): string
}

/** Whether a task is only counted: nothing changed, nothing failed, and nothing was said. */
export function isQuiet(event: TaskEvent): boolean {
  const unchanged = event.outcome === 'ok' || event.outcome === 'skipped'
  return unchanged && event.confidence !== 'unknown' && event.message === undefined && event.error === undefined
}

const nothing: Tally = { ok: 0, skipped: 0, assumed: 0, views: [] }

/** Makes an empty {@link Collapse}. Hosts are kept by what is to be said of them: with thousands, no event may look at all. */
export function createCollapse(): Collapse {
  const groups = new Map<string, Group>()
  const groupOf = new Map<string, Group>()
  const leave = (host: string, group: Group) => {
    group.hosts.delete(host)
    if (group.hosts.size === 0) groups.delete(keyOf(group.tally))
  }
  const lines = ({ tally, hosts }: Group) => [lineOf(sayingOf(tally), hosts), ...tally.views.map((view) => `    ${view}`)]
  /** In the order in which hosts first appeared, as they are known from line to line. */
  const inOrder = (of: (group: Group) => boolean): Group[] => {
    const ordered = new Map<Group, Group>()
    for (const [host, group] of groupOf) {
      if (!of(group)) continue
      const sorted = ordered.get(group) ?? { tally: group.tally, hosts: new Set() }
      sorted.hosts.add(host)
      ordered.set(group, sorted)
    }
    return [...ordered.values()]
  }
  return {
    add({ host, outcome, confidence, templates = [] }) {
      const before = groupOf.get(host)
      const { ok, skipped, assumed, views } = before?.tally ?? nothing
      const tally: Tally = {
        ok: outcome === 'skipped' ? ok : ok + 1,
        skipped: outcome === 'skipped' ? skipped + 1 : skipped,
        assumed: confidence === 'assumed' ? assumed + 1 : assumed,
        views: templates.length === 0 ? views : [...new Set([...views, ...templates.map((view) => viewSentence(view, true))])],
      }
      if (before) leave(host, before)
      const key = keyOf(tally)
      const group = groups.get(key) ?? { tally, hosts: new Set<string>() }
      group.hosts.add(host)
      groups.set(key, group)
      groupOf.set(host, group)
    },
    takeLike(host) {
      const group = groupOf.get(host)
      if (!group) return []
      const said = inOrder((each) => each === group).flatMap(lines)
      for (const name of group.hosts) groupOf.delete(name)
      groups.delete(keyOf(group.tally))
      return said
    },
    takeAll() {
      const all = inOrder(() => true).flatMap(lines)
      groups.clear()
      groupOf.clear()
      return all
    },
    peek: () => [...groups.values()].map(({ tally, hosts }) => lineOf(sayingOf(tally), hosts)).join(' · '),
  }
}

function keyOf(tally: Tally): string {
  return [sayingOf(tally), ...tally.views].join('\n')
}

function sayingOf({ ok, skipped, assumed }: Tally): string {
  const parts = [ok > 0 && `${count(ok, 'task')} ok`, skipped > 0 && `${ok > 0 ? skipped : count(skipped, 'task')} skipped`]
  return `${parts.filter(Boolean).join(', ')}${assumed > 0 ? ` (${assumed} assumed)` : ''}`
}

function lineOf(saying: string, hosts: ReadonlySet<string>): string {
  return `… ${saying} on ${hosts.size > 4 ? count(hosts.size, 'host') : listed([...hosts], 4)}`
}
