import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CountingCgroup, cpuSeconds, processesIn } from './cgroup.ts'

/** A program to start as a user would, from nothing. */
export interface Command {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** Ends the measurement, and the program, before the program does. */
  readonly until?: () => Promise<void>
}

/** What a program did and used, with all that it started. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly wallS: number
  readonly cpuS: number
  /** The largest sum, over the processes at one moment, of the most memory that each had held so far. */
  readonly rssMb: number
}

function peakMemoryKb(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** Runs a program in a cgroup, to its end; what it leaves running there stays. `folder` gets its output. */
export async function measure(command: Command, cgroup: CountingCgroup, folder: string): Promise<Ran> {
  const files = ['stdout', 'stderr'].map((name) => join(folder, name))
  const outputs = files.map((file) => openSync(file, 'w'))
  const before = cpuSeconds(cgroup.path)
  const reached = command.until?.()
  const started = performance.now()
  // The shell enters the cgroup before it becomes the program.
  const child = spawn('/bin/sh', ['-c', 'echo 0 >"$0/cgroup.procs" && exec "$@"', cgroup.path, ...command.argv], {
    cwd: command.cwd,
    env: command.env,
    stdio: ['ignore', ...outputs],
  })
  for (const output of outputs) closeSync(output)
  let peakKb = 0
  const sample = () => {
    const processes = processesIn(cgroup.path)
    peakKb = Math.max(
      peakKb,
      processes.reduce((sum, pid) => sum + peakMemoryKb(pid), 0),
    )
    // Looking at a hundred processes takes long enough to disturb them.
    timer = setTimeout(sample, processes.length > 20 ? 100 : 20)
  }
  let timer = setTimeout(sample, 20)
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 128))
  })
  try {
    const code = await (reached === undefined ? ended : Promise.race([ended, reached.then(() => 0)]))
    const wallS = (performance.now() - started) / 1000
    const cpuS = cpuSeconds(cgroup.path) - before
    const [stdout = '', stderr = ''] = files.map((file) => readFileSync(file, 'utf8'))
    return { code, stdout, stderr, wallS, cpuS, rssMb: peakKb / 1024 }
  } finally {
    clearTimeout(timer)
  }
}
