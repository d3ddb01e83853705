import type { AnyNode, Source, TextEdit } from './source.ts'
import { newlineOf, type Style } from './style.ts'

/** What stands between two brackets: properties of an object, items of a list, names of an import. */
export interface List {
  readonly source: Source
  /** Offset behind the bracket that opens it, and of the one that closes it. */
  readonly open: number
  readonly close: number
  readonly items: readonly Item[]
}
interface Item {
  readonly start: number
  /** Behind it and its type, e.g. `as const`. */
  readonly end: number
  /** Offset of the comma behind it. */
  readonly comma: number | undefined
}

export function listOf(source: Source, { start, end }: { start: number; end: number }, nodes: readonly AnyNode[]): List {
  const close = source.plain.lastIndexOf(closing[source.plain[start]!] ?? '}', end - 1)
  const items = nodes.map((node): Item => {
    const next = skip(source.plain, node.end, close)
    return { start: node.start, end: typedEnd(source, node.end, next), comma: source.plain[next] === ',' ? next : undefined }
  })
  return { source, open: start + 1, close, items }
}
const closing: Readonly<Record<string, string>> = { '{': '}', '[': ']' }

/** The next offset that is no space and in no comment. */
function skip(plain: string, from: number, end: number): number {
  for (let at = from; at < end; ) {
    const space = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\//y
    space.lastIndex = at
    const skipped = space.exec(plain)?.[0].length
    if (skipped === undefined) return at
    at += skipped
  }
  return end
}

function typedEnd({ text, plain }: Source, from: number, to: number): number {
  for (let at = to - 1; at >= from; at--) if (/\s/.test(plain[at]!) && /\S/.test(text[at]!)) return at + 1
  return from
}

/** Where a value ends, its type included. */
export function endOf(source: Source, node: AnyNode): number {
  return typedEnd(source, node.end, skip(source.plain, node.end, source.plain.length))
}

/** Only spaces stand before an offset on its line. */
function beginsLine({ text }: Source, at: number): boolean {
  return /^[ \t]*$/.test(text.slice(lineStart(text, at), at))
}

export function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1
}

/** The spaces that the line of an offset begins with. */
export function indentAt(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, at)))![0]
}

/** Offset of the line break, where behind `at` only spaces and comments stand on its line. */
function restOfLine({ plain, text }: Source, at: number): number | undefined {
  const rest = /(?:[ \t\r]|\/\*(?:(?!\*\/)[^\n])*\*\/)*(?:\/\/[^\n]*)?/y
  rest.lastIndex = at
  const end = at + (rest.exec(plain)?.[0].length ?? 0)
  if (plain[end] !== '\n') return undefined
  return text[end - 1] === '\r' ? end - 1 : end
}

/** Whether items stand on lines of their own. */
export function isTall({ source, open, items }: List): boolean {
  const last = items.at(-1)
  return last !== undefined && last.start > open && beginsLine(source, last.start) && lineStart(source.text, last.start) > open - 1
}

/** An item more, behind all others. @param text Gives it as it stands at an indentation. */
export function append(list: List, style: Style, text: (indent: string) => string, pad: string): TextEdit[] {
  const { source, open, close, items } = list
  const last = items.at(-1)
  const newline = newlineOf(source.text)
  if (last === undefined) return [first(list, style, text, pad)]
  if (isTall(list)) {
    const indent = indentAt(source.text, last.start)
    const behind = (last.comma ?? last.end - 1) + 1
    const at = restOfLine(source, behind) ?? behind
    const added = { from: at, to: at, text: `${newline}${indent}${text(indent)}${last.comma === undefined ? '' : ','}` }
    if (last.comma !== undefined) return [added]
    return at === last.end ? [{ ...added, text: `,${added.text}` }] : [{ from: last.end, to: last.end, text: ',' }, added]
  }
  const written = text(indentAt(source.text, open))
  if (last.comma !== undefined) return [{ from: last.comma + 1, to: last.comma + 1, text: `${style.gap}${written},` }]
  const at = behindComments(source, last.end, close)
  return [{ from: at, to: at, text: `,${style.gap}${written}` }]
}

function first({ source, open, close }: List, style: Style, text: (indent: string) => string, pad: string): TextEdit {
  const inner = source.text.slice(open, close)
  const newline = newlineOf(source.text)
  const indent = indentAt(source.text, open)
  if (!inner.includes('\n')) {
    if (inner.trim() === '') return { from: open, to: close, text: `${pad}${text(indent)}${pad}` }
    const at = open + inner.trimEnd().length
    return { from: at, to: close, text: ` ${text(indent)}${inner.slice(inner.trimEnd().length) || pad}` }
  }
  const at = open + inner.trimEnd().length
  const deeper = indent + style.unit
  return { from: at, to: close, text: `${newline}${deeper}${text(deeper)}${style.trailing ? ',' : ''}${newline}${indent}` }
}

/** Behind the comments that follow on the same line. */
function behindComments({ plain }: Source, from: number, end: number): number {
  const comments = /(?:[ \t]*\/\*(?:(?!\*\/)[^\n])*\*\/)*/y
  comments.lastIndex = from
  return Math.min(end, from + (comments.exec(plain)?.[0].length ?? 0))
}

/**
 * Takes an item away, with its line where that is its own, and with the comma that only it made necessary.
 * @param about A name: a comment right above that tells of it goes as well.
 */
export function takeAway(list: List, index: number, about?: string): TextEdit[] {
  const { source, open, close, items } = list
  const { text } = source
  const item = items[index]!
  const [before, after] = [items[index - 1], items[index + 1]]
  const behind = (item.comma ?? item.end - 1) + 1
  const drop = (from: number, to: number): TextEdit => ({ from, to, text: '' })
  const line = beginsLine(source, item.start) ? restOfLine(source, behind) : undefined
  if (line !== undefined && lineStart(text, item.start) > open - 1) {
    const from = about === undefined ? lineStart(text, item.start) : commentsAbove(source, item.start, open, about)
    const to = text.indexOf('\n', line) + 1
    if (items.length === 1 && (text.slice(open, from) + text.slice(to, close)).trim() === '') return [drop(open, close)]
    return [drop(from, to), ...(item.comma === undefined && before?.comma !== undefined ? [drop(before.comma, before.comma + 1)] : [])]
  }
  if (after !== undefined) {
    const gap = /[ \t]*/y
    gap.lastIndex = behind
    const end = behind + gap.exec(text)![0].length
    const lastOfLine = /[\r\n]/.test(text[end] ?? '')
    if (!lastOfLine) return [drop(item.start, end)]
    const from = before?.comma === undefined ? item.start : before.comma + 1
    return [drop(hasLineComment(source, from, item.start) ? item.start : from, behind)]
  }
  if (before?.comma === undefined) {
    const rest = text.slice(open, item.start) + text.slice(behind, close)
    return [rest.trim() === '' ? drop(open, close) : drop(open + text.slice(open, item.start).replace(/[ \t]+$/, '').length, behind)]
  }
  if (hasLineComment(source, before.comma, item.start))
    return [drop(item.start, behind), ...(item.comma === undefined ? [drop(before.comma, before.comma + 1)] : [])]
  return [item.comma === undefined ? drop(before.comma, item.end) : drop(before.comma + 1, behind)]
}

function hasLineComment({ plain }: Source, from: number, to: number): boolean {
  return plain
    .slice(from, to)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .includes('//')
}

/** The start of the lines of comment right above, where they name what goes; else of the line itself. */
function commentsAbove({ text, plain }: Source, at: number, open: number, about: string): number {
  const own = lineStart(text, at)
  let from = own
  while (from > open) {
    const above = lineStart(text, from - 1)
    // In `plain` a comment inside a type is none.
    if (above <= open - 1 || !/^\s*(?:\/\/.*|\/\*(?:(?!\*\/).)*\*\/\s*)$/.test(plain.slice(above, from).trimEnd())) break
    from = above
  }
  return names(text.slice(from, own), about) ? from : own
}

/** Whether a text has a name in it as a whole word. */
export function names(text: string, name: string): boolean {
  return new RegExp(`(?<![\\w.-])${name.replace(/[^\w-]/g, '\\$&')}(?![\\w-]|\\.\\w)`).test(text)
}
