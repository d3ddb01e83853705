import type { Ran } from './measure.ts'
import { median } from './median.ts'
import type { Counts } from './proxy.ts'
import { isFloor } from './tool.ts'

/** All that is measured of one run; counts and CPU of all its hosts together. */
export interface Figures extends Pick<Ran, 'wallS' | 'cpuS' | 'rssMb'>, Partial<Counts> {
  readonly hostsCpuS?: number
  /** With one host, at most, as the tool itself says. */
  readonly exchanges?: number
}

/** What was compared with what. */
export interface Setting {
  readonly workload: string
  readonly part: string
  readonly hosts: number
  readonly rttMs: number
}

/** The medians of a tool's runs. */
export interface Summary extends Setting, Figures {
  readonly tool: string
  readonly runs: number
  /** Against the floor's of the same setting. */
  readonly toFloor?: { readonly wall: number; readonly cpu: number; readonly hostsCpu?: number }
}

const names = ['wallS', 'cpuS', 'hostsCpuS', 'rssMb', 'connections', 'turns', 'bytesToHosts', 'bytesFromHosts', 'exchanges'] as const

/** Medians, figure by figure: the run of one median need not be the run of another. */
export function medians(runs: readonly Figures[]): Figures {
  const entries = names.flatMap((name) => {
    const values = runs.map((run) => run[name])
    return values.includes(undefined) ? [] : [[name, median(values as number[])] as const]
  })
  return Object.fromEntries(entries) as unknown as Figures
}

/** Summaries of one comparison, each with its ratio to the floor where there is one. */
export function summarise(setting: Setting, runs: ReadonlyMap<string, readonly Figures[]>): readonly Summary[] {
  const all = [...runs].filter(([, figures]) => figures.length > 0)
  const base = all.find(([tool]) => isFloor(tool))
  const low = base && medians(base[1])
  return all.map(([tool, figures]) => {
    const own = medians(figures)
    const cpu = low?.hostsCpuS && own.hostsCpuS !== undefined ? { hostsCpu: own.hostsCpuS / low.hostsCpuS } : {}
    return {
      ...setting,
      tool,
      runs: figures.length,
      ...own,
      ...(low && { toFloor: { wall: own.wallS / low.wallS, cpu: own.cpuS / low.cpuS, ...cpu } }),
    }
  })
}
