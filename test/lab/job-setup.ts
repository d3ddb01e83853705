import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect } from 'vitest'
import { type LabHost, type LabId, up } from '../../src/lab/index.ts'
import { sleep } from '../../src/lab/process.ts'
import { type CliOptions, type CliRun, rollcall, scratchFile } from '../helpers/cli.ts'
import { inside, panda, testLab, useLabs, viper } from './lab-setup.ts'

export interface JobLab {
  readonly lab: LabId
  /** Runs the real command line against this lab. */
  readonly cli: (args: readonly string[], options?: CliOptions) => Promise<CliRun>
  /** `rollcall run <args> --format json`. */
  readonly run: (...args: readonly string[]) => Promise<CliRun>
  /** Forgets what was remembered of hosts; the lab's own state stays. */
  readonly forgetFacts: () => void
  readonly factsFolder: () => string
}

/** A lab of this test file's own with the two hosts of `inventory/lab.ts`, and a command line that means it. */
export function useJobLab(purpose: string): JobLab {
  const lab = testLab(purpose)
  const labs = useLabs([lab])
  beforeAll(async () => {
    await up(lab, [viper, panda])
  })
  const cli = (args: readonly string[], options: CliOptions = {}) =>
    rollcall(args, { ...options, env: { ROLLCALL_LAB: lab.name, ...options.env } })
  const factsFolder = () => join(labs.folder, lab.name, 'facts')
  return {
    lab,
    cli,
    run: (...args) => cli(['run', ...args, '--format', 'json']),
    factsFolder,
    forgetFacts: () => {
      for (const folder of [factsFolder(), join(labs.folder, '..', 'facts')]) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Where a host may change without being changed by us: what sshd, sudo and the journal write down of every login. */
const own = ['/var/log/wtmp', '/var/log/btmp', '/var/log/lastlog', '/var/log/auth.log', '/var/log/journal', '/run', '/var/lib/sudo/ts']
const kernels = ['/proc', '/sys', '/dev']

/** Every file of a host, a line each: kind, owner, mode, time of change and content of files; /tmp is among them. */
export async function tree(lab: LabId, host: LabHost): Promise<ReadonlyMap<string, string>> {
  const pruned = [...own, ...kernels].map((path) => `-path ${path}`).join(' -o ')
  const listing = await inside(
    lab,
    host,
    `find / \\( ${pruned} \\) -prune -o -type f -printf '%p\\t%y %U:%G %m %s %T@\\n' -o -printf '%p\\t%y %U:%G %m %l\\n' | sort
     find / \\( ${pruned} \\) -prune -o -type f -print0 | sort -z | xargs -0 sha256sum | sed 's/\\([^ ]*\\)  \\(.*\\)/\\2#\\t\\1/'`,
  )
  return new Map(listing.split('\n').map((line) => line.split('\t') as [string, string]))
}

/** What differs between two trees, so that a failing test names the files. */
export function differences(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => `${path}: ${before.get(path) ?? 'absent'} -> ${after.get(path) ?? 'absent'}`)
}

/** What a web server says to a host, with the status on a line of its own. */
export function curl(lab: LabId, from: LabHost, url: string, options = ''): Promise<string> {
  return inside(lab, from, `curl -sS --max-time 10 ${options} -w '%{http_code}' ${url}`)
}

/** The lines that a file of a host holds, without indentation. */
export async function linesOf(lab: LabId, host: LabHost, path: string): Promise<readonly string[]> {
  return (await inside(lab, host, `cat ${path}`)).split('\n').map((line) => line.trim())
}

/** Waits for what a host does in its own time (health checks, a service that starts); the test's own limit ends it. */
export async function eventually(check: () => Promise<void>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await check()
    } catch (error) {
      if (attempt === 300) throw error
      await sleep(200)
    }
  }
}

export const serverLines = [
  'server node1 10.108.0.4:8080 check inter 5s fall 3 rise 2',
  'server node2 10.108.0.3:8080 check inter 5s fall 3 rise 2',
]

/** That HAProxy on a host is configured for both nodes and runs. */
export async function expectBalancing(lab: LabId, host: LabHost): Promise<void> {
  const lines = await linesOf(lab, host, '/etc/haproxy/haproxy.cfg')
  expect(lines.filter((line) => line.startsWith('server '))).toEqual(serverLines)
  expect(await inside(lab, host, 'systemctl is-active haproxy; systemctl is-enabled haproxy')).toBe('active\nenabled')
}

/** An inventory of the lab's two hosts, whose first has this connection. */
export function inventoryOf(name: string, connection: string): string {
  return scratchFile(
    `${name}.ts`,
    `import { defineInventory, lab, Secret, ssh } from 'rollcall'
export const inventory = defineInventory({
  groups: { all: { vars: { domain: 'dynia.test' } }, cluster: { vars: { appPort: 8080 } } },
  hosts: {
    'honor-viper': { groups: ['cluster'], privateIp: '10.108.0.4', connection: ${connection} },
    'crystal-panda': { groups: ['cluster'], privateIp: '10.108.0.3', connection: lab() },
  },
})
void [Secret, ssh]
`,
  )
}
