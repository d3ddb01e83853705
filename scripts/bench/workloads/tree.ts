import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { forEachHost, localCommand, sshOptions } from '../floor.ts'
import { recapJob } from '../rollcall.ts'
import { floor, type Job, lastWords } from '../tool.ts'
import type { Workload } from '../workload.ts'

const folders = 10
const perFolder = 50
const dest = '/home/admin/tree'

const play = `import { copy, definePlaybook } from 'rollcall'
import { inventory } from '#inventory'
export default definePlaybook('tree', inventory, (play) => {
  play('a tree', { hosts: 'bench' }, ({ task }) => {
    task('copy', copy({ src: 'tree/', dest: '${dest}', mode: '0644', directoryMode: '0755' }))
  })
})
`

function makeTree(root: string): void {
  for (let folder = 0; folder < folders; folder++) {
    mkdirSync(join(root, `part-${folder}`), { recursive: true })
    for (let number = 0; number < perFolder; number++) {
      const line = `part ${folder}, file ${number}\n`
      writeFileSync(join(root, `part-${folder}`, `file-${number}.txt`), line.repeat(20 + (number % 50) * 2))
    }
  }
}

/** Many small files: what counts is how few exchanges they take. */
export const tree: Workload = {
  name: 'tree',
  summary: 'a tree of 500 small files, first and unchanged, beside tar and sha256sum over ssh',
  defaults: { hosts: [2], rtt: [0, 50] },
  async *comparisons(place, hosts) {
    const { scratch, hosts: of } = place
    const source = join(scratch.folder, 'tree')
    makeTree(source)
    for (const rollcall of place.rollcalls) {
      makeTree(rollcall.path('tree'))
      rollcall.write('playbooks/tree.ts', play)
    }
    const ssh = `ssh ${sshOptions(of)
      .map((word) => `'${word}'`)
      .join(' ')} -p $port -l admin $address`
    const byHand = (name: string, tool: string, body: string): readonly Job[] =>
      place.wants(floor)
        ? [
            {
              tool: `${floor}: ${tool}`,
              command: localCommand(name, forEachHost(hosts, body), of, scratch),
              problem: (ran) => (ran.stdout === 'done\n'.repeat(hosts.length) ? undefined : lastWords(ran)),
            },
          ]
        : []
    const jobs = (changed: number): Job[] =>
      place.rollcalls.map((rollcall) => recapJob(rollcall, of, { args: ['run', 'tree'], hosts, changed }))
    const before = () => of.inside(hosts, `rm -rf ${dest}`)
    const send = byHand('tar', 'tar', `tar -C ${source} -cf - . | ${ssh} 'mkdir -p ${dest} && tar -xf - -C ${dest} && echo done'`)
    yield { part: 'first', hosts, jobs: [...jobs(1), ...send].map((job) => ({ ...job, before })) }
    const sums = `cd ${source} && find . -type f -exec sha256sum {} + | ${ssh} 'cd ${dest} && sha256sum -c --quiet && echo done'`
    yield { part: 'unchanged', hosts, jobs: [...jobs(0), ...byHand('sums', 'sha256sum', sums)] }
  },
}
