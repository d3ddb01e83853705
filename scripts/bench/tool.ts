import type { Command, Ran } from './measure.ts'

/** One tool at one piece of work: what to start, and how to tell that it did it. */
export interface Job {
  readonly tool: string
  readonly command: Command
  /** Brings hosts back to where the work starts; not measured. */
  readonly before?: () => Promise<void>
  /** What it leaves running is for its next run, and part of what that costs. */
  readonly keeps?: boolean
  /** What is wrong with what it did; undefined when nothing is. A run that did not do its work is no measurement. */
  readonly problem: (ran: Ran) => string | undefined
  /** The most exchanges that it says it had with one host. */
  readonly exchanges?: (ran: Ran) => number | undefined
}

/** Name of the tool that the others are compared with; where it is a known program, `floor: ` and its name. */
export const floor = 'floor'

export const isFloor = (tool: string) => tool === floor || tool.startsWith(`${floor}: `)

/** The last lines of what a program said, for a message about it. */
export function lastWords(ran: Ran): string {
  return `exit code ${ran.code}\n${`${ran.stdout}${ran.stderr}`.trim().split('\n').slice(-15).join('\n')}`
}
