import { mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { cgroup2Mount } from '../../src/lab/cgroup.ts'
import { sleep } from '../../src/lab/process.ts'

/** Seconds of CPU, user and system, that all processes of a cgroup have used, those that have ended among them. */
export function cpuSeconds(cgroup: string): number {
  const usage = /^usage_usec (\d+)$/m.exec(readFileSync(join(cgroup, 'cpu.stat'), 'utf8'))
  return Number(usage?.[1]) / 1e6
}

export function processesIn(cgroup: string): readonly number[] {
  let listed: string
  try {
    listed = readFileSync(join(cgroup, 'cgroup.procs'), 'utf8')
  } catch {
    return [] // It is gone already: an interrupted measurement looks once more.
  }
  return listed
    .split('\n')
    .filter((line) => line !== '')
    .map(Number)
}

/** A cgroup that counts what its processes use, whatever they start and however they leave it behind. */
export interface CountingCgroup {
  readonly path: string
  /** Kills what still runs in it, such as the connections that Ansible keeps, and waits until it is gone. */
  empty(): Promise<void>
  /** {@link CountingCgroup.empty}, and away with it. */
  remove(): Promise<void>
}

export function countingCgroup(name: string): CountingCgroup {
  // A lab is up or about to be, and needs the same hierarchy.
  const path = join(cgroup2Mount() ?? '/sys/fs/cgroup', name)
  mkdirSync(path, { recursive: true })
  const empty = async () => {
    for (let attempt = 0; attempt < 500 && killAll(path); attempt++) await sleep(10)
  }
  const remove = async () => {
    await empty()
    try {
      rmdirSync(path)
    } catch (error) {
      // A process that has ended belongs to it until its parent has heard of it.
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
      await sleep(100)
      rmdirSync(path)
    }
  }
  let removed: Promise<void> | undefined
  return {
    path,
    empty,
    remove: () => {
      removed ??= remove()
      return removed
    },
  }
}

/** Whether there was anything to kill. */
function killAll(cgroup: string): boolean {
  const left = processesIn(cgroup)
  for (const pid of left) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
  return left.length > 0
}
