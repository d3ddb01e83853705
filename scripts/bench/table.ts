import type { Summary } from './summary.ts'

const number = (value: number | undefined, digits: number) => (value === undefined ? '' : value.toFixed(digits))
const kilobytes = (value: number | undefined) => (value === undefined ? '' : (value / 1024).toFixed(value < 10_240 ? 1 : 0))

const columns: readonly (readonly [title: string, cell: (summary: Summary) => string])[] = [
  ['workload', ({ workload, part }) => (part === '' ? workload : `${workload}, ${part}`)],
  ['hosts', ({ hosts }) => (hosts === 0 ? '' : String(hosts))],
  ['RTT ms', ({ hosts, rttMs }) => (hosts === 0 ? '' : String(rttMs))],
  ['tool', ({ tool }) => tool],
  ['wall s', ({ wallS }) => number(wallS, wallS < 0.1 ? 3 : 2)],
  ['× floor', ({ toFloor }) => number(toFloor?.wall, 2)],
  ['controller CPU s', ({ cpuS }) => number(cpuS, 3)],
  ['× floor', ({ toFloor }) => number(toFloor?.cpu, 2)],
  ["hosts' CPU s", ({ hostsCpuS }) => number(hostsCpuS, 3)],
  ['× floor', ({ toFloor }) => number(toFloor?.hostsCpu, 2)],
  ['RSS MB', ({ rssMb }) => number(rssMb, 0)],
  ['turns', ({ turns }) => number(turns, 0)],
  ['connections', ({ connections }) => number(connections, 0)],
  ['KB to hosts', ({ bytesToHosts }) => kilobytes(bytesToHosts)],
  ['KB back', ({ bytesFromHosts }) => kilobytes(bytesFromHosts)],
  ['exchanges', ({ exchanges }) => number(exchanges, 0)],
]

/** The medians as a Markdown table, a line each. */
export function tableLines(summaries: readonly Summary[]): readonly string[] {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    row(columns.map(([title]) => title)),
    row(columns.map((_, at) => (at === 0 || at === 3 ? '---' : '--:'))),
    ...summaries.map((summary) => row(columns.map(([, cell]) => cell(summary)))),
  ]
}
