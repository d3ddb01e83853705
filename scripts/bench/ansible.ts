import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ansiblePlay, templateFiles } from './ansible-play.ts'
import type { BenchHost, Hosts } from './hosts.ts'
import type { Command, Ran } from './measure.ts'
import type { Scratch } from './scratch.ts'
import { type Job, lastWords } from './tool.ts'

/** Ansible in one of the ways to set it up. */
export interface Ansible {
  readonly tool: string
  /** The converged play. */
  playJob(hosts: Hosts, chosen: readonly BenchHost[], expected: { readonly changed: number }): Job
  /** Its facts of hosts. */
  factsJob(hosts: Hosts, chosen: readonly BenchHost[]): Job
}

interface Way {
  readonly tool: string
  readonly pipelining: boolean
  readonly strategy?: string
  /** A file that is there when it is installed. */
  readonly needs: string
  readonly package: string
}

/** Fifty forks, as Rollcall's default; all else is Ansible's own default but for what the name says. */
const ways: readonly Way[] = [
  { tool: 'ansible', pipelining: false, needs: '/usr/bin/ansible-playbook', package: 'ansible-core' },
  { tool: 'ansible+pipelining', pipelining: true, needs: '/usr/bin/ansible-playbook', package: 'ansible-core' },
  {
    tool: 'ansible+mitogen',
    pipelining: true,
    strategy: 'mitogen_linear',
    needs: '/usr/lib/python3/dist-packages/ansible_mitogen/strategy.py',
    package: 'ansible-mitogen',
  },
]

export const ansibleTools = ways.map(({ tool }) => tool)

function settings({ pipelining, strategy }: Way, hosts: Hosts): string {
  return `[defaults]
forks = 50
inventory = hosts.ini
remote_user = admin
private_key_file = ${hosts.identityFile}
retry_files_enabled = False
deprecation_warnings = False
${strategy === undefined ? '' : `strategy = ${strategy}\n`}
[ssh_connection]
pipelining = ${pipelining ? 'True' : 'False'}
ssh_args = -C -o ControlMaster=auto -o ControlPersist=60s -F /dev/null -o UserKnownHostsFile=${hosts.knownHostsFile} -o GlobalKnownHostsFile=/dev/null
`
}

/** The recap's line of each host: its changes, and what went wrong. */
function recapOf(stdout: string): readonly { readonly changed: number; readonly wrong: number }[] {
  return [...stdout.matchAll(/^\S+\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)/gm)].map(([, changed, down, failed]) => ({
    changed: Number(changed),
    wrong: Number(down) + Number(failed),
  }))
}

function ansibleOf(way: Way, scratch: Scratch): Ansible {
  const { tool } = way
  const folder = scratch.make(tool)
  const prepared = (hosts: Hosts, chosen: readonly BenchHost[], argv: readonly string[]): Command => {
    const lines = chosen.map(
      ({ name, address, port }) => `${name} ansible_host=${address} ansible_port=${port} ansible_python_interpreter=/usr/bin/python3`,
    )
    writeFileSync(join(folder, `hosts-${chosen.length}.ini`), `[bench]\n${lines.join('\n')}\n`)
    writeFileSync(join(folder, 'ansible.cfg'), settings(way, hosts))
    for (const [name, text] of templateFiles()) writeFileSync(join(scratch.make(join(tool, 'templates')), name), text)
    writeFileSync(join(folder, 'converged.yml'), ansiblePlay())
    const env = { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', ANSIBLE_CONFIG: join(folder, 'ansible.cfg') }
    return { argv: hosts.reach([...argv, '-i', `hosts-${chosen.length}.ini`]), cwd: folder, env }
  }
  return {
    tool,
    playJob: (hosts, chosen, { changed }) => ({
      tool,
      command: prepared(hosts, chosen, ['ansible-playbook', 'converged.yml']),
      problem: (ran: Ran) => {
        const recap = recapOf(ran.stdout)
        const right = recap.length === chosen.length && recap.every((host) => host.changed === changed && host.wrong === 0)
        return ran.code === 0 && right ? undefined : `${changed} changes on each host were expected: ${lastWords(ran)}`
      },
    }),
    factsJob: (hosts, chosen) => ({
      tool,
      command: prepared(hosts, chosen, ['ansible', 'bench', '-m', 'setup']),
      problem: (ran: Ran) =>
        ran.code === 0 && chosen.every(({ name }) => ran.stdout.includes(`${name} | SUCCESS`)) ? undefined : lastWords(ran),
    }),
  }
}

/** Those of the chosen ways that are installed; says which are not. */
export function ansiblesOf(wants: (tool: string) => boolean, scratch: Scratch, say: (line: string) => void): readonly Ansible[] {
  return ways
    .filter(({ tool }) => wants(tool))
    .filter((way) => {
      if (existsSync(way.needs)) return true
      say(`${way.tool} is left out: it is not installed (apt-get install ${way.package})`)
      return false
    })
    .map((way) => ansibleOf(way, scratch))
}
