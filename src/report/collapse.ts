import type { TaskEvent } from '../model/event.ts'
import { viewSentence } from './task-lines.ts'
import { count, groupBy, listed } from './words.ts'

interface Tally {
  ok: number
  skipped: number
  assumed: number
  /** What unchanged templates saw of the fleet: said in every run, since nobody asks while all is well. */
  readonly views: Set<string>
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

/** Makes an empty {@link Collapse}. */
export function createCollapse(): Collapse {
  const tallies = new Map<string, Tally>()
  const groups = () => [...groupBy(tallies.keys(), (host) => keyOf(tallies.get(host)!)).values()]
  const lines = (hosts: readonly string[]) => {
    const tally = tallies.get(hosts[0]!)!
    return [lineOf(sayingOf(tally), hosts), ...[...tally.views].map((view) => `    ${view}`)]
  }
  return {
    add({ host, outcome, confidence, templates = [] }) {
      const tally = tallies.get(host) ?? { ok: 0, skipped: 0, assumed: 0, views: new Set<string>() }
      if (outcome === 'skipped') tally.skipped += 1
      else tally.ok += 1
      if (confidence === 'assumed') tally.assumed += 1
      for (const view of templates) tally.views.add(viewSentence(view, true))
      tallies.set(host, tally)
    },
    takeLike(host) {
      const own = tallies.get(host)
      if (!own) return []
      const like = [...tallies].filter(([, tally]) => keyOf(tally) === keyOf(own)).map(([name]) => name)
      const said = lines(like)
      for (const name of like) tallies.delete(name)
      return said
    },
    takeAll() {
      const all = groups().flatMap(lines)
      tallies.clear()
      return all
    },
    peek: () =>
      groups()
        .map((hosts) => lines(hosts)[0])
        .join(' · '),
  }
}

function keyOf(tally: Tally): string {
  return [sayingOf(tally), ...tally.views].join('\n')
}

function sayingOf({ ok, skipped, assumed }: Tally): string {
  const parts = [ok > 0 && `${count(ok, 'task')} ok`, skipped > 0 && `${ok > 0 ? skipped : count(skipped, 'task')} skipped`]
  return `${parts.filter(Boolean).join(', ')}${assumed > 0 ? ` (${assumed} assumed)` : ''}`
}

function lineOf(saying: string, hosts: readonly string[]): string {
  return `… ${saying} on ${hosts.length > 4 ? count(hosts.length, 'host') : listed(hosts, 4)}`
}
