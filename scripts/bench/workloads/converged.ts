import { floorCommand, floorJob, sameKeyExchange } from '../floor.ts'
import { floorChecks } from '../floor-converged.ts'
import { prepareWith, recapJob } from '../rollcall.ts'
import { writeConvergedPlay } from '../rollcall-play.ts'
import { bare } from '../tasks.ts'
import { floor, type Job } from '../tool.ts'
import type { Workload } from '../workload.ts'

/** All that is to be is already so: what a run costs that only looks. */
export const converged: Workload = {
  name: 'converged',
  summary: 'thirty tasks, of which none has anything to do',
  defaults: { hosts: [2], rtt: [0, 50] },
  ansible: true,
  async *comparisons(place, hosts) {
    const { scratch } = place
    for (const rollcall of [place.own, ...place.rollcalls]) writeConvergedPlay(rollcall)
    await place.hosts.inside(hosts, bare)
    await prepareWith(place.own.command(['run', 'converged', '-i', place.own.inventory(place.hosts, hosts)], place.hosts))
    const jobs: Job[] = place.rollcalls.map((rollcall) =>
      recapJob(rollcall, place.hosts, { args: ['run', 'converged'], hosts, changed: 0 }),
    )
    const script = { script: floorChecks(), as: 'root' as const }
    if (place.wants(floor)) jobs.push(floorJob(floorCommand('converged', script, place.hosts, hosts, scratch), hosts.length))
    if (place.wants('floor-curve25519')) {
      const command = floorCommand('converged-curve25519', script, place.hosts, hosts, scratch, sameKeyExchange)
      jobs.push(floorJob(command, hosts.length, 'floor-curve25519'))
    }
    jobs.push(...place.ansibles.map((ansible) => ansible.playJob(place.hosts, hosts, { changed: 0 })))
    yield { part: '', hosts, jobs }
  },
}
