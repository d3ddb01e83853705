import { isUtf8 } from 'node:buffer'
import type { DiffEntry, DiffSide } from '../model/event.ts'
import { mask } from '../util/redact.ts'
import type { Difference, State, States, WantedStates } from './compare.ts'
import type { PreparedCall } from './evaluate.ts'

/** Stands for a line of the old content of which it is not known that it holds no secret. */
const hiddenLine = '(hidden, for it may hold a secret)'

/**
 * Adds the text to the diff of a sealed file where it is known in which places of it secrets stand. Of the old content only
 * those lines are shown that the new one has too, and those like a line of it with a secret, without the secret: an older
 * value is known to nobody here.
 */
export function withSealedTexts(
  entries: readonly DiffEntry[],
  differing: readonly Difference[],
  found: States,
  wanted: WantedStates,
  call: PreparedCall,
): readonly DiffEntry[] {
  if (!call.sealed || call.opaque) return entries
  return entries.map((entry) => {
    const name = differing.find(({ read }) => read.key === entry.resource)!.name
    const shown = shownOf(wanted[name], call)
    const old = textOf(found[name]?.content)
    if (shown === undefined || (found[name]?.exists === true && old === undefined)) return entry
    const before: DiffSide = old === undefined ? entry.before : { ...entry.before, text: sealOld(old, shown) }
    return before.text === shown ? entry : { ...entry, before, after: { ...entry.after, text: shown } }
  })
}

/** What is planned to be written, as people may see it; undefined where there is nothing to see but secrets. */
function shownOf(wanted: State | undefined, { inputs }: PreparedCall): string | undefined {
  const content = wanted?.content
  if (!(content instanceof Uint8Array)) return undefined
  const input = Object.values(inputs).find((one) => one?.shown && Buffer.from(one.bytes).equals(content))
  const text = textOf(input?.shown)
  return text === undefined || text.replaceAll(mask, '').trim() === '' ? undefined : text
}

function textOf(bytes: unknown): string | undefined {
  if (!(bytes instanceof Uint8Array) || !isUtf8(bytes) || bytes.includes(0)) return undefined
  return Buffer.from(bytes).toString('utf8')
}

function sealOld(old: string, shown: string): string {
  const lines = shown.split('\n')
  const harmless = new Set(lines.filter((line) => !line.includes(mask)))
  const alike = [...new Set(lines.filter((line) => line.includes(mask)))].map((line) => ({ line, parts: line.split(mask) }))
  return old
    .split('\n')
    .map((line) => (harmless.has(line) ? line : (alike.find(({ parts }) => fits(line, parts))?.line ?? hiddenLine)))
    .join('\n')
}

/** Whether a line is these parts with anything between them. Not a regular expression: parts are many in a hostile file. */
function fits(line: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts
  const last = rest.pop() ?? ''
  if (line.length < first.length + last.length || !line.startsWith(first) || !line.endsWith(last)) return false
  let at = first.length
  for (const part of rest) {
    const next = line.indexOf(part, at)
    if (next === -1 || next + part.length > line.length - last.length) return false
    at = next + part.length
  }
  return true
}
