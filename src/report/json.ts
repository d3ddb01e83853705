import type { Emit, Event } from '../model/event.ts'
import type { Screen } from './screen.ts'

/** Reports a run to a machine: each event as it is, one JSON object a line, its kind first. */
export function createJson(screen: Screen): Emit {
  return (event) => screen.print(jsonLine(event))
}

/** One event as one line. JSON itself escapes every control character, newlines included. */
export function jsonLine({ event, ...rest }: Event): string {
  return JSON.stringify({ event, ...rest })
}
