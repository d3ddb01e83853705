import { randomBytes } from 'node:crypto'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { forEachHost, localCommand, sshOptions } from '../floor.ts'
import { recapJob } from '../rollcall.ts'
import { floor, type Job, lastWords } from '../tool.ts'
import type { Workload } from '../workload.ts'

const bytes = 64 * 1024 * 1024
const dest = '/home/admin/big.bin'
/** The cipher that Rollcall and OpenSSH agree on. */
const cipher = 'aes128-gcm@openssh.com'

const play = `import { copy, definePlaybook } from 'rollcall'
import { inventory } from '#inventory'
export default definePlaybook('file', inventory, (play) => {
  play('a big file', { hosts: 'bench' }, ({ task }) => {
    task('copy', copy({ src: 'big.bin', dest: '${dest}', mode: '0644' }))
  })
})
`

/** One big file, as the login user for scp cannot be anybody else. With no delay the relay is left out: it would cost a third of the machine. */
export const file: Workload = {
  name: 'file',
  summary: 'a file of 64 MiB, first and unchanged, beside scp with the same cipher',
  defaults: { hosts: [1], rtt: [0, 50] },
  async *comparisons(place, chosen, rttMs) {
    const { scratch, hosts: of } = place
    const direct = rttMs === 0
    const hosts = direct ? of.direct.filter(({ name }) => chosen.some((host) => host.name === name)) : chosen
    const source = join(scratch.folder, 'big.bin')
    writeFileSync(source, randomBytes(bytes))
    for (const rollcall of place.rollcalls) {
      copyFileSync(source, rollcall.path('big.bin'))
      rollcall.write('playbooks/file.ts', play)
    }
    const before = () => of.inside(hosts, `rm -f ${dest}`)
    const jobs = (changed: number): Job[] =>
      place.rollcalls.map((rollcall) => recapJob(rollcall, of, { args: ['run', 'file'], hosts, changed }))
    const ssh = sshOptions(of)
      .map((word) => `'${word}'`)
      .join(' ')
    const scp = forEachHost(hosts, `scp -q ${ssh} -o Ciphers=${cipher} -P $port ${source} admin@$address:${dest} && echo done`)
    const sent: Job = {
      tool: `${floor}: scp`,
      command: localCommand('scp', scp, of, scratch),
      problem: (ran) => (ran.stdout === 'done\n'.repeat(hosts.length) ? undefined : lastWords(ran)),
    }
    yield { part: 'first', hosts, direct, jobs: [...jobs(1), ...(place.wants(floor) ? [sent] : [])].map((job) => ({ ...job, before })) }
    if (place.rollcalls.length === 0) return
    // The last run of the comparison above may have been either's.
    yield { part: 'unchanged', hosts, direct, jobs: jobs(0) }
  },
  conclude(summaries) {
    return summaries
      .filter(({ part, tool, toFloor }) => part === 'first' && tool.startsWith('rollcall') && toFloor)
      .map(
        ({ tool, hosts, rttMs, wallS, toFloor }) =>
          `${tool}, ${hosts} hosts, RTT ${rttMs} ms: ${((64 * hosts) / wallS).toFixed(0)} MiB/s with start and login, ${(100 / toFloor!.wall).toFixed(0)} % of scp's.`,
      )
  },
}
