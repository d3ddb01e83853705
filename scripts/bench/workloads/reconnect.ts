import { join } from 'node:path'
import { floorCommand, floorJob } from '../floor.ts'
import { factsJob } from '../rollcall.ts'
import type { Summary } from '../summary.ts'
import { floor, type Job } from '../tool.ts'
import type { Workload } from '../workload.ts'
import { factsByHand } from './facts.ts'

const keptFloor = `${floor}: kept connection`
const kept = ', kept connection'
const seconds = 600

/** A second run that finds the first one's login still open. The run that is not counted opens it. */
export const reconnect: Workload = {
  name: 'reconnect',
  summary: 'facts over connections that an earlier run has kept, beside the same from nothing',
  defaults: { hosts: [2], rtt: [0, 50] },
  async *comparisons(place, hosts) {
    const jobs: Job[] = place.rollcalls.flatMap((rollcall) => [
      factsJob(rollcall, place.hosts, hosts),
      {
        ...factsJob(rollcall, place.hosts, hosts, { controlPersistSeconds: seconds }),
        tool: `${rollcall.tool}${kept}`,
        keeps: true,
      },
    ])
    if (place.wants(floor)) {
      const script = { script: factsByHand, as: 'login' as const }
      const sockets = join(place.scratch.make('kept'), '%C')
      const options = ['ControlMaster=auto', `ControlPersist=${seconds}`, `ControlPath=${sockets}`].flatMap((option) => ['-o', option])
      const command = floorCommand('facts-kept', script, place.hosts, hosts, place.scratch, options)
      jobs.push({ ...floorJob(command, hosts.length, keptFloor), keeps: true })
      jobs.push(floorJob(floorCommand('facts', script, place.hosts, hosts, place.scratch), hosts.length, 'cold ssh'))
    }
    yield { part: '', hosts, jobs }
  },
  conclude(summaries: readonly Summary[]) {
    return summaries
      .filter(({ tool }) => tool.startsWith('rollcall') && tool.endsWith(kept))
      .flatMap(({ tool, hosts, rttMs, wallS }) => {
        const cold = summaries.find((other) => `${other.tool}${kept}` === tool && other.hosts === hosts && other.rttMs === rttMs)
        return cold ? [`${tool}, ${hosts} hosts, RTT ${rttMs} ms: ${(wallS / cold.wallS).toFixed(2)} of its time from nothing.`] : []
      })
  },
}
