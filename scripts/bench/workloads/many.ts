import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HandshakeRequest } from '../handshake.ts'
import type { Summary } from '../summary.ts'
import { type Job, lastWords } from '../tool.ts'
import type { Place, Workload } from '../workload.ts'
import { converged } from './converged.ts'

const connectOnly = 'connect only'

function connectJob({ hosts, scratch, programs }: Place, chosen: HandshakeRequest['hosts']): Job {
  const file = join(scratch.folder, `handshake-${chosen.length}.json`)
  const { identityFile, knownHostsFile } = hosts
  writeFileSync(file, JSON.stringify({ hosts: chosen, identityFile, knownHostsFile } satisfies HandshakeRequest))
  return {
    tool: connectOnly,
    command: {
      argv: hosts.reach([process.execPath, join(programs, 'handshake.js'), file]),
      cwd: scratch.folder,
      env: { PATH: process.env.PATH },
    },
    problem: (ran) => (ran.stdout === `connected ${chosen.length}\n` ? undefined : lastWords(ran)),
  }
}

/** What one more host costs, from the difference between few and many. */
function perHost(summaries: readonly Summary[], tool: string, rttMs: number) {
  const of = summaries.filter((summary) => summary.tool === tool && summary.rttMs === rttMs).sort((one, other) => one.hosts - other.hosts)
  const [few, most] = [of[0], of.at(-1)]
  if (few === undefined || most === undefined || few.hosts === most.hosts) return undefined
  const added = most.hosts - few.hosts
  return { few: few.hosts, most: most.hosts, cpuMs: ((most.cpuS - few.cpuS) / added) * 1000, memoryMb: (most.rssMb - few.rssMb) / added }
}

/** The converged play on few and on many hosts, with a program beside it that only logs in. */
export const many: Workload = {
  name: 'many',
  summary: 'the converged play on few and on many hosts: what one more host costs beyond its handshake',
  defaults: { hosts: [10, 100], rtt: [0] },
  async *comparisons(place, hosts, rttMs) {
    for await (const { part, jobs } of converged.comparisons({ ...place, ansibles: [] }, hosts, rttMs))
      yield { part, hosts, jobs: [...jobs, connectJob(place, hosts)] }
  },
  conclude(summaries) {
    const tools = [...new Set(summaries.map(({ tool }) => tool))].filter((tool) => tool.startsWith('rollcall'))
    return [...new Set(summaries.map(({ rttMs }) => rttMs))].flatMap((rttMs) =>
      tools.flatMap((tool) => {
        const [own, bare] = [perHost(summaries, tool, rttMs), perHost(summaries, connectOnly, rttMs)]
        if (own === undefined || bare === undefined) return []
        const cpu = `${own.cpuMs.toFixed(1)} ms of controller CPU, ${(own.cpuMs - bare.cpuMs).toFixed(1)} ms beyond the handshake's ${bare.cpuMs.toFixed(1)} ms`
        return [
          `${tool}, from ${own.few} to ${own.most} hosts, RTT ${rttMs} ms: one more host costs ${cpu}, and ${own.memoryMb.toFixed(2)} MB of memory (${bare.memoryMb.toFixed(2)} MB for a connection alone).`,
        ]
      }),
    )
  },
}
