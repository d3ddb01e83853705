import { existsSync, readFileSync } from 'node:fs'

/** A process together with its start time, so that a reused pid is not mistaken for it. */
export interface ProcessId {
  readonly pid: number
  /** Empty where the system has no /proc to tell it. */
  readonly startTime: string
}

function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name, in parentheses, may hold spaces: count from behind it. A zombie is gone for our purposes.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return !existsSync('/proc/self/stat') && answersSignals(pid) ? '' : undefined
  }
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The identity of a process that runs now; undefined when there is none with this pid. */
export function identify(pid: number): ProcessId | undefined {
  const started = startTime(pid)
  return started === undefined ? undefined : { pid, startTime: started }
}

/** Whether exactly this process still runs: a reused pid is not it. */
export function isAlive(process: ProcessId): boolean {
  return startTime(process.pid) === process.startTime
}
