import { execFile } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { BenchHost, Hosts } from './hosts.ts'
import type { Command, Ran } from './measure.ts'
import type { Scratch } from './scratch.ts'
import { type Job, lastWords } from './tool.ts'

/** Settings of `ssh()` that a workload is about. */
export type ConnectionExtras = Readonly<Record<string, number>>

/** Our own command line, of this clone or another, with a project of its own. */
export interface Rollcall {
  readonly tool: string
  /** Puts a file into the project. */
  write(path: string, text: string): void
  /** Where a file of the project is. */
  path(relative: string): string
  /** Makes an inventory of these hosts, whose name this returns. `settings` are further ones of each connection. */
  inventory(hosts: Hosts, chosen: readonly BenchHost[], settings?: ConnectionExtras): string
  /** Its command line; with hosts, where their ports are. */
  command(args: readonly string[], hosts?: Hosts): Command
}

const root = (folder: string) => ({
  name: 'bench',
  type: 'module',
  dependencies: { rollcall: '*' },
  imports: { '#inventory': './inventory/hosts-1.ts' },
  rollcall: {
    inventory: 'inventory/hosts-1.ts',
    inventories: 'inventory',
    playbooks: 'playbooks',
    modules: folder,
    templates: 'templates',
  },
})

/** A project in the scratch folder that depends on the clone at `clone`. */
export function rollcallOf(tool: string, clone: string, scratch: Scratch): Rollcall {
  const project = scratch.make(join(tool.replaceAll('/', '-'), 'project'))
  const home = scratch.make(join(tool.replaceAll('/', '-'), 'home'))
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), text)
  }
  mkdirSync(join(project, 'node_modules'))
  symlinkSync(clone, join(project, 'node_modules/rollcall'))
  write('package.json', JSON.stringify(root('modules')))
  const env = { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8', NO_COLOR: '1' }
  return {
    tool,
    write,
    path: (relative) => join(project, relative),
    inventory: (hosts, chosen, settings = {}) => {
      const name = `${chosen[0]?.port === 22 ? 'direct' : 'hosts'}-${[chosen.length, ...Object.keys(settings)].join('-')}`
      const extras = Object.entries(settings).map(([setting, value]) => `, ${setting}: ${value}`)
      const files = `identityFile: ${JSON.stringify(hosts.identityFile)}, knownHostsFiles: [${JSON.stringify(hosts.knownHostsFile)}]`
      const lines = chosen.map(
        (host, at) =>
          `    '${host.name}': { groups: ['bench'], privateIp: '10.108.0.${at + 10}', connection: at('${host.address}', ${host.port}) },`,
      )
      write(
        `inventory/${name}.ts`,
        `import { defineInventory, ssh } from 'rollcall'
const at = (address: string, port: number) => ssh({ address, port, user: 'admin', ${files}${extras.join('')} })
export const inventory = defineInventory({
  groups: { bench: {} },
  hosts: {
${lines.join('\n')}
  },
})
`,
      )
      return name
    },
    // As a user calls it: the launcher, not the bundle.
    command: (args, hosts) => {
      const argv = [join(clone, 'rollcall'), ...args]
      return { argv: hosts === undefined ? argv : hosts.reach(argv), cwd: project, env }
    },
  }
}

/** The numbers of the table that ends a run's report, by host. */
export function recapOf(stdout: string): ReadonlyMap<string, Readonly<Record<string, number>>> {
  const lines = stdout.split('\n')
  const head = lines.findIndex((line) => /^recap\s+ok\s/.test(line))
  const hosts = new Map<string, Readonly<Record<string, number>>>()
  if (head === -1) return hosts
  const [, ...columns] = lines[head]!.trim().split(/\s+/)
  for (const line of lines.slice(head + 1)) {
    const [name, ...cells] = line.trim().split(/\s+/)
    if (name === undefined || cells.length !== columns.length || !cells.every((cell) => /^\d+$/.test(cell))) break
    hosts.set(name, Object.fromEntries(columns.map((column, at) => [column, Number(cells[at])])))
  }
  return hosts
}

/** What a run must be: this many changes on each of these hosts. */
export interface ExpectedRun {
  readonly args: readonly string[]
  readonly hosts: readonly BenchHost[]
  readonly changed: number
}

/** `rollcall run …`, judged by its recap. */
export function recapJob(rollcall: Rollcall, place: Hosts, { args, hosts, changed }: ExpectedRun): Job {
  const problem = (ran: Ran) => {
    const recap = recapOf(ran.stdout)
    const wrong = [...recap.values()].some((of) => of.changed !== changed)
    if (ran.code === 0 && recap.size === hosts.length && !wrong) return undefined
    return `${hosts.length} hosts with ${changed} changes each were expected: ${lastWords(ran)}`
  }
  const exchanges = (ran: Ran) => {
    const all = [...recapOf(ran.stdout).values()].map((of) => of.exchanges ?? Number.NaN)
    return all.some(Number.isNaN) ? undefined : Math.max(...all)
  }
  const command = rollcall.command([...args, '-i', rollcall.inventory(place, hosts)], place)
  return { tool: rollcall.tool, command, problem, exchanges }
}

/** `rollcall facts --refresh`: facts of hosts, asked anew. */
export function factsJob(rollcall: Rollcall, place: Hosts, hosts: readonly BenchHost[], settings: ConnectionExtras = {}): Job {
  const problem = (ran: Ran) => {
    const known = ran.stdout.split('\n').filter((line) => /^\s+memoryMb: \d/.test(line)).length
    return ran.code === 0 && known === hosts.length ? undefined : lastWords(ran)
  }
  const command = rollcall.command(['facts', '--refresh', '-i', rollcall.inventory(place, hosts, settings)], place)
  return { tool: rollcall.tool, command, problem }
}

/** Does something with it that is not measured and must succeed. */
export async function prepareWith({ argv, cwd, env }: Command): Promise<void> {
  await promisify(execFile)(argv[0]!, argv.slice(1), { cwd, env }).catch((error: Error & { readonly stdout?: string }) => {
    throw new Error(`a run to prepare the hosts failed\n${error.message}\n${error.stdout ?? ''}`)
  })
}
