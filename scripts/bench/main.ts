import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { formatError, RollcallError } from '../../src/model/errors.ts'
import { ansiblesOf, ansibleTools } from './ansible.ts'
import { compare } from './compare.ts'
import { startHosts } from './hosts.ts'
import { machineLine, thisMachine } from './machine.ts'
import { type BenchOptions, helpText, parseOptions, UsageError } from './options.ts'
import { installPython } from './python.ts'
import { rollcallOf } from './rollcall.ts'
import { makeScratch, type Scratch } from './scratch.ts'
import type { Summary } from './summary.ts'
import { tableLines } from './table.ts'
import type { Place, Workload } from './workload.ts'
import { workloads } from './workloads/index.ts'

export interface BenchRequest {
  /** The clone that is measured. */
  readonly root: string
  /** Where the bundled programs are. */
  readonly programs: string
  readonly args: readonly string[]
}

const tools = ['rollcall', 'floor', 'floor-curve25519', ...ansibleTools]
const say = (line: string) => process.stderr.write(`bench: ${line}\n`)

/** The whole benchmark; returns the exit code. */
export async function main({ root, programs, args }: BenchRequest): Promise<number> {
  let options: BenchOptions | 'help'
  try {
    options = parseOptions(args, { tools, workloads })
    if (options !== 'help') requireClones(options.against)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`bench: ${error.message}\n  npm run bench -- --help\n`)
    return 1
  }
  if (options === 'help') {
    process.stdout.write(helpText({ tools, workloads }))
    return 0
  }
  const scratch = makeScratch()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      say('interrupted: clearing up')
      scratch.clear().finally(() => process.exit(130))
    })
  try {
    return await bench(root, programs, options, scratch)
  } catch (error) {
    // What was under way when it was interrupted fails in some way or other.
    if (scratch.ended()) return 130
    process.stderr.write(`bench: ${error instanceof RollcallError ? formatError(error.details) : (error as Error).stack}\n`)
    return 1
  } finally {
    await scratch.clear()
  }
}

function requireClones(folders: readonly string[]): void {
  for (const folder of folders)
    if (!existsSync(join(folder, 'rollcall'))) throw new UsageError(`--against: ${resolve(folder)} is no clone of Rollcall`)
}

/** Hosts and times of a workload; both empty for one without hosts. */
function sizes({ defaults }: Workload, options: BenchOptions): readonly (readonly [hosts: number, rtt: number])[] {
  if (defaults.hosts.length === 0) return [[0, 0]]
  return (options.hosts ?? defaults.hosts).flatMap((hosts) => (options.rtt ?? defaults.rtt).map((rtt) => [hosts, rtt] as const))
}

async function bench(root: string, programs: string, options: BenchOptions, scratch: Scratch): Promise<number> {
  const chosen = workloads.filter(({ name }) => options.workloads.includes(name))
  const clones = [
    ...(options.tools.includes('rollcall') ? [['rollcall', root] as const] : []),
    ...options.against.map((folder) => [`rollcall@${basename(resolve(folder))}`, resolve(folder)] as const),
  ]
  // Whatever is stale is built now, and not while it is measured.
  for (const [tool, folder] of clones) {
    say(`${tool}: ${spawnSync(join(folder, 'rollcall'), ['--version'], { encoding: 'utf8' }).stdout.trim()} in ${folder}`)
  }
  const most = Math.max(...chosen.flatMap((workload) => sizes(workload, options).map(([hosts]) => hosts)))
  const hosts = most === 0 ? undefined : await startHosts(most, programs, scratch, say)
  const wants = (tool: string) => options.tools.includes(tool)
  const ansibles = chosen.some((workload) => workload.ansible) ? ansiblesOf(wants, scratch, say) : []
  const rollcalls = clones.map(([tool, folder]) => rollcallOf(tool, folder, scratch))
  const place: Place = {
    scratch,
    programs,
    get hosts() {
      if (hosts === undefined) throw new Error('a workload asks for hosts that it did not say it needs')
      return hosts
    },
    own: rollcalls.find(({ tool }) => tool === 'rollcall') ?? rollcallOf('own', root, scratch),
    rollcalls,
    ansibles,
    wants,
    say,
  }
  const machine = thisMachine(ansibles.length > 0)
  const record = options.json === undefined ? () => {} : jsonFile(options.json)
  record({ kind: 'machine', ...machine })
  const summaries: Summary[] = []
  const problems: string[] = []
  for (const workload of chosen)
    for (const [count, rttMs] of sizes(workload, options)) {
      const of = hosts?.all.slice(0, count) ?? []
      if (workload.ansible && hosts !== undefined && ansibles.length > 0) await installPython(hosts, of, scratch, say)
      for await (const comparison of workload.comparisons(place, of, rttMs)) {
        const setting = { workload: workload.name, part: comparison.part, hosts: count, rttMs }
        const title = [workload.name, comparison.part, count > 0 && `${count} hosts, ${rttMs} ms`].filter(Boolean).join(', ')
        say(title)
        const found = await compare(comparison, {
          place,
          setting,
          runs: options.runs,
          onRun: (run) => {
            say(`  ${run.run}/${options.runs} ${run.tool.padEnd(18)} ${run.wallS.toFixed(2)} s`)
            record({ kind: 'run', ...run })
          },
          onProblem: (tool, problem, another) => {
            problems.push(`${title}: ${another ? `a run of ${tool} is not counted` : `${tool} is left out`}: ${problem}`)
            say(problems.at(-1)!)
          },
        })
        summaries.push(...found)
        for (const summary of found) record({ kind: 'median', ...summary })
      }
    }
  print(machineLine(machine), chosen, summaries, problems, options)
  return problems.length > 0 ? 1 : 0
}

function jsonFile(path: string): (line: object) => void {
  writeFileSync(path, '')
  return (line) => appendFileSync(path, `${JSON.stringify(line)}\n`)
}

function print(
  machine: string,
  chosen: readonly Workload[],
  summaries: readonly Summary[],
  problems: readonly string[],
  { runs, json }: BenchOptions,
): void {
  const lines = [
    `Medians of ${runs} runs each, in turn. ${machine}.`,
    'Logins: user admin, whose shell is plain sh without a profile; root by its sudo, which asks for no password.',
    '',
    ...tableLines(summaries),
    ...chosen
      .flatMap((workload) => workload.conclude?.(summaries.filter(({ workload: of }) => of === workload.name)) ?? [])
      .flatMap((line) => ['', line]),
    ...problems.flatMap((problem) => ['', problem]),
  ]
  if (json === undefined) lines.push('', ...summaries.map((summary) => JSON.stringify(summary)))
  process.stdout.write(`${lines.join('\n')}\n`)
}
