import { floorCommand, floorJob } from '../floor.ts'
import { floorFirst } from '../floor-converged.ts'
import { recapJob } from '../rollcall.ts'
import { writeConvergedPlay } from '../rollcall-play.ts'
import { bare, tasks } from '../tasks.ts'
import { floor, type Job } from '../tool.ts'
import type { Workload } from '../workload.ts'

/** Everything has to be done: packages, accounts, files. Most of it is the package manager's time, whoever calls it. */
export const first: Workload = {
  name: 'first',
  summary: 'the same thirty tasks on a bare host, each of which changes something',
  defaults: { hosts: [1], rtt: [0, 50] },
  ansible: true,
  async *comparisons(place, hosts) {
    const before = () => place.hosts.inside(hosts, bare)
    const jobs: Job[] = place.rollcalls.map((rollcall) => {
      writeConvergedPlay(rollcall)
      return { ...recapJob(rollcall, place.hosts, { args: ['run', 'converged'], hosts, changed: tasks.length }), before }
    })
    if (place.wants(floor)) {
      const command = floorCommand('first', { script: floorFirst(), as: 'root' }, place.hosts, hosts, place.scratch)
      jobs.push({ ...floorJob(command, hosts.length), before })
    }
    jobs.push(...place.ansibles.map((ansible) => ({ ...ansible.playJob(place.hosts, hosts, { changed: tasks.length }), before })))
    yield { part: '', hosts, jobs }
  },
}
