import { createHash } from 'node:crypto'
import { floorCommand, floorJob } from '../floor.ts'
import { recapJob } from '../rollcall.ts'
import { floor, type Job } from '../tool.ts'
import type { Workload } from '../workload.ts'

const items = Array.from({ length: 200 }, (_, at) => ({
  path: `/srv/bench-loop/item-${at}.conf`,
  text: `item = ${at}\n${Array.from({ length: 5 }, (_, line) => `setting_${line} = ${at * 10 + line}\n`).join('')}`,
}))

const play = `import { copy, definePlaybook } from 'rollcall'
import { inventory } from '#inventory'
const items = Array.from({ length: ${items.length} }, (_, at) => at)
export default definePlaybook('loop', inventory, (play) => {
  play('two hundred items', { hosts: 'bench', become: true }, ({ task }) => {
    task('files', items.map((at) => copy({
      dest: \`/srv/bench-loop/item-\${at}.conf\`,
      content: \`item = \${at}\\n\${Array.from({ length: 5 }, (_, line) => \`setting_\${line} = \${at * 10 + line}\\n\`).join('')}\`,
      mode: '0640',
    })))
  })
})
`

/** By hand as it is usually written: whole or not at all, with its mode before it is seen. */
const writeAll = `set -e
put() { printf '%s' "$2" >"$1.new"; chmod 0640 "$1.new"; mv "$1.new" "$1"; }
${items.map(({ path, text }) => `put ${path} '${text}'`).join('\n')}
echo done
`

const checkAll = `cd /srv/bench-loop
[ "$(stat -c '%n %a %U:%G' *.conf | grep -vc ' 640 root:root$')" = 0 ] || { echo attributes differ; exit 1; }
sha256sum -c --quiet <<'END' || exit 1
${items.map(({ path, text }) => `${createHash('sha256').update(text).digest('hex')}  ${path}`).join('\n')}
END
echo done
`

/** Two hundred files with content and mode by one task. */
export const loop: Workload = {
  name: 'loop',
  summary: 'one task of 200 items, files with content and mode, first and again; by hand a loop of the shell',
  defaults: { hosts: [2], rtt: [0, 50] },
  async *comparisons(place, hosts) {
    for (const rollcall of place.rollcalls) rollcall.write('playbooks/loop.ts', play)
    const empty = () => place.hosts.inside(hosts, 'rm -rf /srv/bench-loop && mkdir /srv/bench-loop')
    const full = () => place.hosts.inside(hosts, `[ -e /srv/bench-loop/item-0.conf ] || { mkdir -p /srv/bench-loop && ${writeAll} }`)
    const jobs = (script: string, changed: number): Job[] => [
      ...place.rollcalls.map((rollcall) => recapJob(rollcall, place.hosts, { args: ['run', 'loop'], hosts, changed })),
      ...(place.wants(floor)
        ? [floorJob(floorCommand(`loop-${changed}`, { script, as: 'root' }, place.hosts, hosts, place.scratch), hosts.length)]
        : []),
    ]
    yield { part: 'first', hosts, jobs: jobs(writeAll, 1).map((job) => ({ ...job, before: empty })) }
    await full()
    yield { part: 'converged', hosts, jobs: jobs(checkAll, 0) }
  },
}
