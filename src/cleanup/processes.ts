import { readdirSync, readFileSync } from 'node:fs'

/** A process of this machine. */
export interface SeenProcess {
  readonly pid: number
  readonly argv: readonly string[]
}

/** The processes that can be seen, but this one. Empty where there is no /proc. */
export function otherProcesses(): readonly SeenProcess[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .flatMap((name) => {
        try {
          return [{ pid: Number(name), argv: readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0') }]
        } catch {
          // It has ended meanwhile.
          return []
        }
      })
  } catch {
    return []
  }
}

/** A command line of Rollcall at work, whichever clone it is from. */
export function isRollcall({ argv }: SeenProcess): boolean {
  return argv.some((word) => /\/dist\/[0-9a-f]{16}\/cli\.js$/.test(word)) && !argv.includes('--complete')
}
