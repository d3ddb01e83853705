import { type CountingCgroup, countingCgroup } from './cgroup.ts'
import { measure } from './measure.ts'
import { type Figures, type Setting, type Summary, summarise } from './summary.ts'
import type { Job } from './tool.ts'
import type { Comparison, Place } from './workload.ts'

export interface CompareOptions {
  readonly place: Place
  readonly setting: Setting
  readonly runs: number
  /** Told every single run. */
  readonly onRun: (run: Setting & Figures & { readonly tool: string; readonly run: number }) => void
  /** Told of a run that did not do its work, and whether the tool has another chance; else it is left out. */
  readonly onProblem: (tool: string, problem: string, another: boolean) => void
}

/** So often a tool may fail; the first time it may be the machine, which was too busy. */
const mostFailures = 2

/** A job once, with what is counted around it. */
async function runOnce(job: Job, { hosts, direct }: Comparison, place: Place, cgroup: CountingCgroup) {
  place.scratch.requireOpen()
  await job.before?.()
  const before = hosts.length > 0 ? await place.hosts.settledCpu(hosts) : 0
  const link = hosts.length > 0 && !direct ? place.hosts.link : undefined
  await link?.reset()
  const ran = await measure(job.command, cgroup, place.scratch.folder)
  // What was interrupted is no result.
  place.scratch.requireOpen()
  if (!job.keeps) await cgroup.empty()
  const problem = job.problem(ran)
  const { wallS, cpuS, rssMb } = ran
  const exchanges = job.exchanges?.(ran)
  const figures: Figures = {
    wallS,
    cpuS,
    rssMb,
    ...(hosts.length > 0 && { hostsCpuS: (await place.hosts.settledCpu(hosts)) - before }),
    ...(await link?.counts()),
    ...(exchanges !== undefined && { exchanges }),
  }
  return { problem, figures }
}

/** Runs each job once without counting it, for what it keeps and for the machine's own caches; then all in turn, again and again. */
export async function compare(
  comparison: Comparison,
  { place, setting, runs, onRun, onProblem }: CompareOptions,
): Promise<readonly Summary[]> {
  place.scratch.requireOpen()
  if (comparison.hosts.length > 0) await place.hosts.link.setRtt(setting.rttMs)
  const cgroups = comparison.jobs.map((_, at) => countingCgroup(`rollcall-bench-${process.pid}-${at}`))
  const removeAll = () => Promise.all(cgroups.map((cgroup) => cgroup.remove()))
  // For Ctrl-C; else they go below.
  place.scratch.undo(removeAll)
  const figures = new Map<string, Figures[]>(comparison.jobs.map(({ tool }) => [tool, []]))
  const able = new Set(comparison.jobs)
  const failures = new Map<Job, number>()
  try {
    for (let run = 0; run <= runs; run++)
      for (const [at, job] of comparison.jobs.entries()) {
        if (!able.has(job)) continue
        const { problem, figures: measured } = await runOnce(job, comparison, place, cgroups[at]!)
        // The first time it may have something to change.
        if (run === 0) continue
        if (problem !== undefined) {
          const again = (failures.get(job) ?? 0) + 1
          failures.set(job, again)
          onProblem(job.tool, problem, again < mostFailures)
          if (again < mostFailures) continue
          able.delete(job)
          figures.delete(job.tool)
          continue
        }
        figures.get(job.tool)!.push(measured)
        onRun({ ...setting, tool: job.tool, run, ...measured })
      }
  } finally {
    await removeAll()
  }
  return summarise(setting, figures)
}
