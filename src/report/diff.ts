import { structuredPatch } from 'diff'
import type { DiffEntry, DiffSide } from '../model/event.ts'
import type { Colours } from './colours.ts'

/** Comparing two large texts that share nothing could take minutes: past this many changed lines the report says so instead. */
const mostEdits = 2000
const notKnown = '(unknown)'

/** One resource before and after, for people: changed fields as `mode: 0644 → 0600`, texts as a unified diff. */
export function formatDiff(entry: DiffEntry, colours: Colours): string[] {
  const text = textDiff(entry, colours)
  const fields = fieldChanges(entry)
  return text === undefined ? [entry.resource, ...fields] : [...(fields.length === 0 ? [] : [entry.resource, ...fields]), ...text]
}

function fieldChanges({ before, after }: DiffEntry): string[] {
  const names = new Set([...Object.keys(before.fields), ...Object.keys(after.fields)])
  return [...names].map((name) => `${name}: ${before.fields[name] ?? '(none)'} → ${after.fields[name] ?? '(none)'}`)
}

function textDiff({ resource, before, after }: DiffEntry, colours: Colours): string[] | undefined {
  if (before.text === undefined && after.text === undefined) return undefined
  // A text that is not known yet is told by its field; it must not look like a deletion.
  if (isUnknown(before) || isUnknown(after)) return undefined
  const [from, to] = [before.text ?? '', after.text ?? '']
  if (from === to) return undefined
  const limit = from === '' || to === '' ? {} : { maxEditLength: mostEdits }
  const patch = structuredPatch('', '', from, to, undefined, undefined, { context: 3, ...limit })
  if (patch === undefined) return [`${resource}: ${lines(from)} lines → ${lines(to)} lines, too different for a line diff`]
  return [
    colours.strong(`--- ${resource} (before)`),
    colours.strong(`+++ ${resource} (after)`),
    ...patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
      colours.hint(`@@ -${start(oldStart, oldLines)} +${start(newStart, newLines)} @@`),
      ...lines.map((line) => paint(line, colours)),
    ]),
  ]
}

function isUnknown(side: DiffSide): boolean {
  return side.text === undefined && Object.values(side.fields).includes(notKnown)
}

function lines(text: string): number {
  return text === '' ? 0 : text.replace(/\n$/, '').split('\n').length
}

function paint(line: string, colours: Colours): string {
  if (line.startsWith('+')) return colours.added(line)
  if (line.startsWith('-')) return colours.removed(line)
  return line
}

/** The format counts an empty side from the line before it. */
function start(first: number, lines: number): string {
  return `${lines === 0 ? first - 1 : first},${lines}`
}
