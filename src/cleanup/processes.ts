import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'

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

/** A command line of Rollcall at work, whichever clone it is from, that uses this state folder or stands in this project. */
export function isRollcallOf(stateDir: string, projectRoot: string | undefined): (process: SeenProcess) => boolean {
  return ({ pid, argv }) => {
    if (!argv.some((word) => /\/dist\/[0-9a-f]{16}\/cli\.js$/.test(word)) || argv.includes('--complete')) return false
    try {
      const folder = readlinkSync(`/proc/${pid}/cwd`)
      if (projectRoot !== undefined && (folder === projectRoot || folder.startsWith(`${projectRoot}/`))) return true
      const env = new Map(
        readFileSync(`/proc/${pid}/environ`, 'utf8')
          .split('\0')
          .map((entry) => [entry.replace(/=.*/s, ''), entry.replace(/^[^=]*=/, '')] as const),
      )
      const given = env.get('XDG_STATE_HOME') ?? ''
      return join(isAbsolute(given) ? given : join(env.get('HOME') ?? '/', '.local/state'), 'rollcall') === stateDir
    } catch {
      // Another user's, who has a state folder of his own, or it has ended meanwhile.
      return false
    }
  }
}
