import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessSamples {
  /** Argument lists that were seen, words joined by spaces. */
  readonly commands: ReadonlySet<string>
  readonly environments: ReadonlySet<string>
  stop(): void
}

/**
 * Looks again and again at all processes of the machine; those of the lab's hosts are among them. Not at the tests' own, whose
 * environment may hold what is looked for.
 */
export function sampleProcesses(everyMs = 10): ProcessSamples {
  const commands = new Set<string>()
  const environments = new Set<string>()
  const own = new Set([String(process.pid), String(process.ppid)])
  const read = (pid: string, what: string) => {
    try {
      return readFileSync(`/proc/${pid}/${what}`, 'utf8').replaceAll('\0', ' ')
    } catch {
      return '' // It has ended.
    }
  }
  const timer = setInterval(() => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && !own.has(name))) {
      commands.add(read(pid, 'cmdline'))
      environments.add(read(pid, 'environ'))
    }
  }, everyMs)
  return { commands, environments, stop: () => clearInterval(timer) }
}
