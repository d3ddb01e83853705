import type { RunningEvent, RunningTask } from '../model/event.ts'
import { formatAge } from './age.ts'
import { clip } from './clip.ts'
import type { Colours } from './colours.ts'

/** Room that a terminal gives. */
export interface Room {
  readonly columns: number
  readonly rows: number
}

/**
 * What runs, for the foot of a terminal: of one task its last lines below it, of several one line each. No line is wider than
 * the terminal, and there are never so many that their first one could leave it.
 */
export function runningLines({ tasks, more }: RunningEvent, colours: Colours, { columns, rows }: Room): string[] {
  const most = Math.max(1, rows - 3)
  const [only] = tasks
  if (!only) return []
  if (tasks.length === 1 && more === 0) {
    const title = clip(titleOf(only, 0), columns)
    const shown = only.output.slice(Math.max(0, only.output.length - (most - 1)))
    return [title, ...(most === 1 ? [] : shown).map((line) => colours.faint(clip(`    ${line}`, columns)))]
  }
  const width = Math.max(...tasks.map(({ host }) => host.length))
  const room = tasks.length + (more > 0 ? 1 : 0) > most ? most - 1 : tasks.length
  const left = more + tasks.length - room
  const lines = tasks.slice(0, room).map((task) => lineOf(task, width, colours, columns))
  return left > 0 && lines.length < most ? [...lines, colours.faint(clip(`  … and ${left} more`, columns))] : lines
}

function lineOf(task: RunningTask, width: number, colours: Colours, columns: number): string {
  const title = titleOf(task, width)
  const last = task.output.at(-1)
  const whole = clip(last === undefined ? title : `${title}  ${last}`, columns)
  return whole.length > title.length ? title + colours.faint(whole.slice(title.length)) : whole
}

function titleOf({ host, task, durationMs }: RunningTask, width: number): string {
  return `  ${host.padEnd(width)}  ${task}: running for ${runningFor(durationMs)}`
}

/** `12 s`, `3 min 5 s`, `2 h`. */
function runningFor(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  return seconds > 60 && seconds < 3600 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s` : formatAge(seconds)
}
