import { spawnSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'

/** What the figures were measured on. */
export interface Machine {
  readonly date: string
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly kernel: string
  readonly node: string
  readonly openssh: string
  readonly ansible?: string
}

function firstLine(argv: readonly string[]): string | undefined {
  const { stdout, stderr, error } = spawnSync(argv[0]!, argv.slice(1), { encoding: 'utf8' })
  return error === undefined ? `${stdout}${stderr}`.trim().split('\n')[0] : undefined
}

export function thisMachine(ansible: boolean): Machine {
  const version = ansible ? firstLine(['ansible', '--version']) : undefined
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    openssh: (firstLine(['ssh', '-V']) ?? 'none').replace(/,.*/, ''),
    ...(version !== undefined && { ansible: version }),
  }
}

export function machineLine({ date, cpu, cores, memoryGb, kernel, node, openssh, ansible }: Machine): string {
  const programs = [`Linux ${kernel}`, `Node.js ${node}`, openssh, ansible].filter((name) => name !== undefined)
  return `${date}, ${cores} cores of ${cpu}, ${memoryGb} GB, ${programs.join(', ')}`
}
