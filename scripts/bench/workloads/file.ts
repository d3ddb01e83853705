import { randomBytes } from 'node:crypto'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { forEachHost, localCommand, sshOptions } from '../floor.ts'
import { recapJob } from '../rollcall.ts'
import type { Summary } from '../summary.ts'
import { floor, type Job, lastWords } from '../tool.ts'
import type { Workload } from '../workload.ts'

const big = { name: 'big.bin', bytes: 64 * 1024 * 1024, part: 'first' }
/** What the same costs without a file to speak of: start, login and exchanges. */
const small = { name: 'small.bin', bytes: 1024, part: 'first, of 1 KiB' }
/** The cipher that Rollcall and OpenSSH agree on. */
const cipher = 'aes128-gcm@openssh.com'
const at = (name: string) => `/home/admin/${name}`

const play = (name: string) => `import { copy, definePlaybook } from 'rollcall'
import { inventory } from '#inventory'
export default definePlaybook('file', inventory, (play) => {
  play('a file', { hosts: 'bench' }, ({ task }) => {
    task('copy', copy({ src: '${name}', dest: '${at(name)}', mode: '0644' }))
  })
})
`

/**
 * One file, as the login user, since scp cannot be anybody else. With no delay the relay is left out: on few cores it would
 * take from what is measured.
 */
export const file: Workload = {
  name: 'file',
  summary: 'a file of 64 MiB, first and unchanged, beside scp with the same cipher; one of 1 KiB, to tell speed from start-up',
  defaults: { hosts: [1], rtt: [0, 50] },
  async *comparisons(place, chosen, rttMs) {
    const { scratch, hosts: of } = place
    const direct = rttMs === 0
    const hosts = direct ? of.direct.filter(({ name }) => chosen.some((host) => host.name === name)) : chosen
    const ssh = sshOptions(of)
      .map((word) => `'${word}'`)
      .join(' ')
    const jobs = (name: string, changed: number): readonly Job[] =>
      place.rollcalls.map((rollcall) => recapJob(rollcall, of, { args: ['run', name.replace('.bin', '')], hosts, changed }))
    for (const { name, bytes, part } of [small, big]) {
      const source = join(scratch.folder, name)
      writeFileSync(source, randomBytes(bytes))
      for (const rollcall of place.rollcalls) {
        copyFileSync(source, rollcall.path(name))
        rollcall.write(`playbooks/${name.replace('.bin', '')}.ts`, play(name))
      }
      const scp = forEachHost(hosts, `scp -q ${ssh} -o Ciphers=${cipher} -P $port ${source} admin@$address:${at(name)} && echo done`)
      const sent: Job = {
        tool: `${floor}: scp`,
        command: localCommand(`scp-${name}`, scp, of, scratch),
        problem: (ran) => (ran.stdout === 'done\n'.repeat(hosts.length) ? undefined : lastWords(ran)),
      }
      const before = () => of.inside(hosts, `rm -f ${at(name)}`)
      yield { part, hosts, direct, jobs: [...jobs(name, 1), ...(place.wants(floor) ? [sent] : [])].map((job) => ({ ...job, before })) }
    }
    if (place.rollcalls.length > 0) yield { part: 'unchanged', hosts, direct, jobs: jobs(big.name, 0) }
  },
  conclude(summaries) {
    const wall = (tool: string, part: string, { hosts, rttMs }: Summary) =>
      summaries.find((other) => other.tool === tool && other.part === part && other.hosts === hosts && other.rttMs === rttMs)?.wallS ??
      Number.NaN
    return summaries
      .filter(({ part, tool }) => part === big.part && tool.startsWith('rollcall'))
      .map((summary) => {
        const speed = (tool: string) => (64 * summary.hosts) / (wall(tool, big.part, summary) - wall(tool, small.part, summary))
        const [own, scp] = [speed(summary.tool), speed(`${floor}: scp`)]
        const compared = Number.isNaN(scp) ? '' : `, ${((own / scp) * 100).toFixed(0)} % of scp's ${scp.toFixed(0)} MiB/s`
        return `${summary.tool}, ${summary.hosts} hosts, RTT ${summary.rttMs} ms: ${own.toFixed(0)} MiB/s beyond what 1 KiB takes${compared}.`
      })
  },
}
