import { Refusal } from '../dsl/definition.ts'
import type { Edited } from './edited-file.ts'
import { compile, replacement } from './regexp.ts'
import { insertAt, joinLines, type Line, linesOf } from './text-lines.ts'

export interface LineEdit {
  readonly path: string
  readonly line?: string | undefined
  readonly state?: 'present' | 'absent' | undefined
  readonly regexp?: string | RegExp | undefined
  readonly searchString?: string | undefined
  readonly insertAfter?: string | RegExp | undefined
  readonly insertBefore?: string | RegExp | undefined
  readonly firstMatch?: boolean | undefined
  readonly backrefs?: boolean | undefined
}

interface Place {
  readonly expression: RegExp
  readonly offset: 0 | 1
}

/**
 * Ansible's rules for one line, as a function of the text. They are applied until they change nothing more: with two
 * lines that match and a new one that does not, Ansible would replace the second now and the first in the next run.
 * @throws Refusal for expressions that are none, before any text is known.
 */
export function lineEditor(given: LineEdit): (text: string) => Edited {
  const { path, line = '', state = 'present', searchString, firstMatch = false, backrefs = false, insertAfter, insertBefore } = given
  const expression = given.regexp === undefined ? undefined : compile('regexp', given.regexp)
  const expand = expression && backrefs ? replacement('line', line, expression) : () => line
  const place = placeOf(insertAfter, insertBefore)
  const matches = (text: string): RegExpExecArray | boolean | null =>
    expression ? expression.exec(text) : searchString !== undefined ? text.includes(searchString) : false
  if (state === 'absent')
    return (text) => {
      const { lines } = linesOf(text)
      const left = lines.filter((one) => (expression || searchString !== undefined ? !matches(one.text) : one.text !== line))
      const gone = lines.length - left.length
      return { text: joinLines(left), msg: gone === 0 ? '' : `${gone} line${gone === 1 ? '' : 's'} removed`, found: gone }
    }

  /** Which line is replaced by what, or where the line goes in; undefined when it is there, or must not be made. */
  const next = (lines: readonly Line[]): { readonly at: number; readonly text: string; readonly replaces: boolean } | undefined => {
    const found = pick(lines, (text) => Boolean(matches(text)), firstMatch)
    if (found !== undefined) {
      const match = matches(lines[found]!.text)
      const text = typeof match === 'object' && match !== null ? expand(match) : line
      return lines[found]!.text === text && lines[found]!.end !== '' ? undefined : { at: found, text, replaces: true }
    }
    const same = pick(lines, (text) => text === line, false)
    if (same !== undefined) return lines[same]!.end === '' ? { at: same, text: line, replaces: true } : undefined
    if (backrefs) return undefined
    if (insertBefore === 'BOF' || insertAfter === 'BOF') return { at: 0, text: line, replaces: false }
    const beside = place && pick(lines, (text) => place.expression.test(text), firstMatch)
    return { at: beside === undefined ? lines.length : beside + place!.offset, text: line, replaces: false }
  }

  return (text) => {
    const { lines: before, end } = linesOf(text)
    let lines = before
    const replaced = new Set<number>()
    let added = false
    for (;;) {
      const change = next(lines)
      if (!change) break
      if (added || replaced.has(change.at))
        throw new Refusal(
          `in ${path} each run would change the line again: it would become ${JSON.stringify(change.text)}`,
          'Make regexp match the new line as well as the old one, and the line be the same for both.',
        )
      if (change.replaces) {
        replaced.add(change.at)
        lines = lines.with(change.at, { text: change.text, end: lines[change.at]!.end || end })
      } else {
        added = true
        lines = insertAt(lines, change.at, [{ text: change.text, end }], end)
      }
    }
    return { text: joinLines(lines), msg: added ? 'line added' : replaced.size > 0 ? 'line replaced' : '' }
  }
}

function placeOf(after: string | RegExp | undefined, before: string | RegExp | undefined): Place | undefined {
  if (after !== undefined && after !== 'EOF' && after !== 'BOF') return { expression: compile('insertAfter', after), offset: 1 }
  if (before !== undefined && before !== 'BOF' && before !== 'EOF') return { expression: compile('insertBefore', before), offset: 0 }
  return undefined
}

function pick(lines: readonly Line[], matches: (text: string) => boolean, first: boolean): number | undefined {
  const index = first ? lines.findIndex(({ text }) => matches(text)) : lines.findLastIndex(({ text }) => matches(text))
  return index === -1 ? undefined : index
}
