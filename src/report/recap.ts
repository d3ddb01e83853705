import type { HostRecap, RecapEvent } from '../model/event.ts'
import { formatDuration } from './age.ts'
import type { Colours } from './colours.ts'
import { type HostColumn, hostTable } from './host-table.ts'
import { timingLines } from './timing.ts'
import { count } from './words.ts'

const columns = [
  'ok',
  'changed',
  'skipped',
  'failed',
  'rescued',
  'ignored',
  'unreachable',
  'exchanges',
] as const satisfies readonly (keyof HostRecap)[]
/** Shown where there is something to show. */
const rare: readonly Column[] = ['rescued', 'ignored']
type Column = (typeof columns)[number]

/** The table of hosts that ends a report, that of `--timing`, and the last line: how the run went and how long it took. */
export function recapLines(recap: RecapEvent, colours: Colours, timing = false): string[] {
  return [...tableLines(recap, colours), ...(timing ? timingLines(recap.hosts, colours) : []), lastLine(recap, colours)]
}

function tableLines({ hosts, check }: RecapEvent, colours: Colours): string[] {
  const there = (column: Column) => Object.values(hosts).some((host) => host[column] > 0)
  const shown = columns
    .filter((column) => !rare.includes(column) || there(column))
    .map(
      (column): HostColumn<HostRecap> => ({
        title: check && column === 'changed' ? 'would change' : column,
        of: (host) => String(host[column]),
        paint: (host, text) => paint(column, host[column], text, colours),
      }),
    )
  return hostTable('recap', hosts, shown, colours)
}

function paint(column: Column, value: number, text: string, colours: Colours): string {
  if (value === 0) return colours.faint(text)
  if (column === 'failed' || column === 'unreachable') return colours.failed(text)
  if (column === 'changed') return colours.changed(text)
  return column === 'ok' ? colours.ok(text) : text
}

/** How a run went and how long it took. */
export function lastLine({ hosts, check, durationMs, exitCode }: RecapEvent, colours: Colours): string {
  const all = Object.values(hosts)
  const sum = (column: Column) => all.reduce((total, host) => total + host[column], 0)
  const time = formatDuration(durationMs)
  if (exitCode !== 0) {
    const wrong = [
      sum('failed') > 0 && `${sum('failed')} failed`,
      sum('unreachable') > 0 && `${count(all.filter((host) => host.unreachable > 0).length, 'host')} unreachable`,
    ]
    const why = wrong.filter(Boolean).join(', ')
    return colours.failed(
      `${exitCode === 130 ? 'interrupted' : 'failed'} after ${time}${why === '' ? '' : `: ${why}`} (exit code ${exitCode})`,
    )
  }
  const changed = sum('changed')
  const changing = all.filter((host) => host.changed > 0).length
  const on = `on ${count(changing, 'host')}`
  if (changed === 0) return colours.ok(check ? `checked in ${time}: nothing would change` : `done in ${time}: nothing changed`)
  return colours.changed(check ? `checked in ${time}: ${changed} would change ${on}` : `done in ${time}: ${changed} changed ${on}`)
}
