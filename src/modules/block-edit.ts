import { Refusal } from '../dsl/definition.ts'
import type { Edited } from './edited-file.ts'
import { compile } from './regexp.ts'
import { insertAt, joinLines, type Line, linesOf } from './text-lines.ts'

export interface BlockEdit {
  readonly path: string
  readonly block?: string | undefined
  readonly state?: 'present' | 'absent' | undefined
  readonly marker?: string | undefined
  readonly markerBegin?: string | undefined
  readonly markerEnd?: string | undefined
  readonly insertAfter?: string | RegExp | undefined
  readonly insertBefore?: string | RegExp | undefined
  readonly prependNewline?: boolean | undefined
  readonly appendNewline?: boolean | undefined
}

/** Ansible's rules for a block between markers, as a function of the text. */
export function blockEditor(given: BlockEdit): (text: string) => Edited {
  const { path, state = 'present', marker = '# {mark} ROLLCALL MANAGED BLOCK', markerBegin = 'BEGIN', markerEnd = 'END' } = given
  const begin = marker.replaceAll('{mark}', () => markerBegin)
  const end = marker.replaceAll('{mark}', () => markerEnd)
  if (begin === end)
    throw new Refusal(`both markers of the block are '${begin}', so its end could not be found`, 'Let markerBegin and markerEnd differ.')
  const { lines: wanted } = linesOf(state === 'absent' ? '' : (given.block ?? ''))
  const inside = wanted.find(({ text }) => text === begin || text === end)
  if (inside) throw new Refusal(`the block holds its own marker, '${inside.text}'`, 'Give the block another marker.')
  const place = placeOf(given)

  return (text) => {
    const { lines, end: lineEnd } = linesOf(text)
    const blocks = blocksOf(lines, begin, end, path)
    if (wanted.length === 0) {
      const left = lines.filter((_, index) => !blocks.some(([from, to]) => index >= from && index <= to))
      return { text: joinLines(left), msg: blocks.length === 0 ? '' : 'block removed' }
    }
    const full = [begin, ...wanted.map((line) => line.text), end].map((line): Line => ({ text: line, end: lineEnd }))
    const last = blocks.at(-1)
    const rest = last ? lines.toSpliced(last[0], last[1] - last[0] + 1) : lines
    const at = last?.[0] ?? place(rest, text)
    const empty: Line = { text: '', end: lineEnd }
    const before = given.prependNewline && at > 0 && rest[at - 1]!.text !== '' ? [empty] : []
    const after = given.appendNewline && at < rest.length && rest[at]!.text !== '' ? [empty] : []
    const result = joinLines(insertAt(rest, at, [...before, ...full, ...after], lineEnd))
    return { text: result, msg: result === text ? '' : last ? 'block replaced' : 'block inserted' }
  }
}

/** First and last line of each block. Half a block is refused: what Ansible makes of one may take the lines between. */
function blocksOf(lines: readonly Line[], begin: string, end: string, path: string): readonly (readonly [number, number])[] {
  const blocks: [number, number][] = []
  let open: number | undefined
  const damaged = (there: string, missing: string) =>
    new Refusal(
      `${path} holds the marker '${there}' without its '${missing}'`,
      'Repair the file by hand: put the marker back, or remove the other.',
    )
  for (const [index, { text }] of lines.entries()) {
    if (text === begin) {
      if (open !== undefined) throw damaged(begin, end)
      open = index
    } else if (text === end) {
      if (open === undefined) throw damaged(end, begin)
      blocks.push([open, index])
      open = undefined
    }
  }
  if (open !== undefined) throw damaged(begin, end)
  return blocks
}

/** Where a block that is not there goes in. An expression with the m flag is matched against the whole text. */
function placeOf({ insertAfter, insertBefore }: BlockEdit): (lines: readonly Line[], text: string) => number {
  if (insertBefore === 'BOF' || insertAfter === 'BOF') return () => 0
  const asked = insertAfter ?? insertBefore
  if (asked === undefined || asked === 'EOF') return (lines) => lines.length
  const expression = compile(insertAfter === undefined ? 'insertBefore' : 'insertAfter', asked)
  const offset = insertAfter === undefined ? 0 : 1
  return (lines, text) => {
    if (!expression.multiline) {
      const index = lines.findLastIndex((line) => expression.test(line.text))
      return index === -1 ? lines.length : index + offset
    }
    const match = expression.exec(text)
    if (!match) return lines.length
    const until = text.slice(0, offset === 1 ? match.index + match[0].length : match.index)
    return Math.min(until.split('\n').length - 1 + offset, lines.length)
  }
}
