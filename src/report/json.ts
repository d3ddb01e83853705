import type { Emit, Event } from '../model/event.ts'
import type { Screen } from './screen.ts'

/** Reports a run to a machine: each event as it is, one JSON object a line, its kind first. */
export function createJson(screen: Screen): Emit {
  return (event) => screen.print(jsonLine(event))
}

/** One event as one line. */
export function jsonLine({ event, ...rest }: Event): string {
  return jsonText({ event, ...rest })
}

// JSON itself escapes C0 only: a terminal also obeys DEL, C1 (0x9b begins a sequence as `ESC [` does) and marks of direction.
const obeyed = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** A value as JSON on one line that can be shown on a terminal; who parses it gets the value unchanged. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(obeyed, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)
}
