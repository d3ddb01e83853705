import { parseArgs } from 'node:util'

/** What the command line asks for; undefined where each workload has its own default. */
export interface BenchOptions {
  readonly tools: readonly string[]
  readonly workloads: readonly string[]
  readonly hosts: readonly number[] | undefined
  readonly rtt: readonly number[] | undefined
  readonly runs: number
  readonly json: string | undefined
  readonly against: readonly string[]
}

export interface Choices {
  readonly tools: readonly string[]
  readonly workloads: readonly { readonly name: string; readonly summary: string }[]
}

/** A command line that cannot be meant; its message is for people. */
export class UsageError extends Error {}

export function helpText({ tools, workloads }: Choices): string {
  const width = Math.max(...workloads.map(({ name }) => name.length))
  return `npm run bench -- [options]

Starts real sshd hosts in a lab of its own, runs tools on them in turn, and prints the medians. Needs root, as the lab does.

  --workload NAMES  some of those below, with commas, or all; default converged
  --tool NAMES      ${tools.join(', ')},
                    or all (default); those that are not installed are left out
  --hosts NUMBERS   how many hosts, 1 to 200; several with commas; default by workload
  --rtt NUMBERS     round trip times in ms, 0 to 2000; several with commas; default by workload
  --runs NUMBER     how often each tool runs, 1 to 100; default 5. One more run of each comes before, and is not counted
  --json FILE       write each run, each median and the machine into a file, one JSON object a line;
                    without it the medians are printed so, behind the table
  --against FOLDER  measure the rollcall of another clone as well, under the name rollcall@FOLDER; may be repeated
  --help            this text

Workloads:
${workloads.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}
`
}

function chosen(option: string, given: string | undefined, known: readonly string[], fallback: readonly string[]): readonly string[] {
  if (given === undefined) return fallback
  const names = given.split(',').map((name) => name.trim())
  if (names.includes('all')) return known
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new UsageError(`--${option}: there is no '${unknown}'; known are ${known.join(', ')} and all`)
  return [...new Set(names)]
}

function numbers(option: string, given: string | undefined, low: number, high: number): readonly number[] | undefined {
  if (given === undefined) return undefined
  return given.split(',').map((text) => {
    const value = Number(text)
    if (/^\d+$/.test(text.trim()) && value >= low && value <= high) return value
    throw new UsageError(`--${option}: '${text}' is not a whole number from ${low} to ${high}`)
  })
}

/** @throws UsageError for what is unknown or out of range. */
export function parseOptions(args: readonly string[], { tools, workloads }: Choices): BenchOptions | 'help' {
  const text = { type: 'string' } as const
  const options = { tool: text, workload: text, hosts: text, rtt: text, runs: text, json: text } as const
  let values: ReturnType<typeof parse>
  const parse = () =>
    parseArgs({
      args: [...args],
      options: { ...options, against: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } },
    }).values
  try {
    values = parse()
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
  if (values.help) return 'help'
  const runs = numbers('runs', values.runs, 1, 100) ?? [5]
  if (runs.length > 1) throw new UsageError('--runs: one number')
  return {
    tools: chosen('tool', values.tool, tools, tools),
    workloads: chosen(
      'workload',
      values.workload,
      workloads.map(({ name }) => name),
      ['converged'],
    ),
    hosts: numbers('hosts', values.hosts, 1, 200),
    rtt: numbers('rtt', values.rtt, 0, 2000),
    runs: runs[0]!,
    json: values.json,
    against: values.against ?? [],
  }
}
