import { floorCommand, floorJob } from '../floor.ts'
import { factsJob } from '../rollcall.ts'
import { floor, type Job } from '../tool.ts'
import type { Workload } from '../workload.ts'

/** About what Rollcall's three families say: system, network, hardware. */
export const factsByHand = `uname -snrm
cat /etc/os-release /proc/sys/kernel/random/boot_id /etc/machine-id
ip -o addr; ip -o link; ip route
grep -E '^(MemTotal|SwapTotal|MemAvailable)' /proc/meminfo
nproc
df -Pk / </dev/null
echo done
`

/** What Ansible's \`setup\` and ours find out, from nothing. */
export const facts: Workload = {
  name: 'facts',
  summary: 'the facts of hosts, asked anew; by hand a short script',
  defaults: { hosts: [2], rtt: [0, 50] },
  ansible: true,
  async *comparisons(place, hosts) {
    const jobs: Job[] = place.rollcalls.map((rollcall) => factsJob(rollcall, place.hosts, hosts))
    const script = { script: factsByHand, as: 'login' as const }
    if (place.wants(floor)) jobs.push(floorJob(floorCommand('facts', script, place.hosts, hosts, place.scratch), hosts.length))
    jobs.push(...place.ansibles.map((ansible) => ansible.factsJob(place.hosts, hosts)))
    yield { part: '', hosts, jobs }
  },
}
