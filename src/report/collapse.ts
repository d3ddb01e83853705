import type { TaskEvent } from '../model/event.ts'
import { count, groupBy, listed } from './words.ts'

interface Tally {
  ok: number
  skipped: number
  assumed: number
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
  const lines = () => [...groupBy(tallies.keys(), (host) => sayingOf(tallies.get(host)!))].map(([saying, hosts]) => lineOf(saying, hosts))
  return {
    add({ host, outcome, confidence }) {
      const tally = tallies.get(host) ?? { ok: 0, skipped: 0, assumed: 0 }
      if (outcome === 'skipped') tally.skipped += 1
      else tally.ok += 1
      if (confidence === 'assumed') tally.assumed += 1
      tallies.set(host, tally)
    },
    takeLike(host) {
      const own = tallies.get(host)
      if (!own) return []
      const saying = sayingOf(own)
      const like = [...tallies].filter(([, tally]) => sayingOf(tally) === saying).map(([name]) => name)
      for (const name of like) tallies.delete(name)
      return [lineOf(saying, like)]
    },
    takeAll() {
      const all = lines()
      tallies.clear()
      return all
    },
    peek: () => lines().join(' · '),
  }
}

function sayingOf({ ok, skipped, assumed }: Tally): string {
  const parts = [ok > 0 && `${count(ok, 'task')} ok`, skipped > 0 && `${ok > 0 ? skipped : count(skipped, 'task')} skipped`]
  return `${parts.filter(Boolean).join(', ')}${assumed > 0 ? ` (${assumed} assumed)` : ''}`
}

function lineOf(saying: string, hosts: readonly string[]): string {
  return `… ${saying} on ${hosts.length > 4 ? count(hosts.length, 'host') : listed(hosts, 4)}`
}
