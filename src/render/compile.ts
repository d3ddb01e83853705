import { compileFunction } from 'node:vm'
import { Eta } from 'eta'
import { print } from './print.ts'

/** Where a piece of generated code comes from: `shift` leads from a column there to the column in the template. */
interface Origin {
  readonly line: number
  readonly shift: number
  /** Where the piece begins, for code that Rollcall put before it. */
  readonly start: number
}

/** An `.eta` file as a function, with the way back from generated lines to its own. */
export interface Compiled {
  readonly run: (this: Eta, it: object, options: { readonly filepath: string }) => string
}

/** Eta as Rollcall uses it: no escaping, no trimming, only text and numbers are printed. A template runs with one as its `this`. */
export function makeEta(): Eta {
  return new Eta({
    autoEscape: false,
    autoTrim: false,
    useWith: false,
    varName: 'it',
    functionHeader: '"use strict";',
    filterFunction: print,
  })
}

type Piece = string | { readonly t: string; readonly val: string }

const files = new Map<string, { readonly path: string; readonly origins: readonly (Origin | undefined)[] }>()
const bodyMark = '/* the body of the template */'

function lineAndColumn(text: string, index: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, index)
  return { line: before.split('\n').length, column: index - before.lastIndexOf('\n') }
}

/** Where the content of each tag begins. Eta tells the line of a tag's opening only, and that may be lines above. */
function contentStarts(source: string, pieces: readonly Piece[]): readonly number[] {
  const open = /<%(-|_)?\s*(=|~)?\s*/g
  const close = /\s*(-|_)?%>/g
  return pieces.map((piece) => {
    if (typeof piece === 'string') return open.lastIndex
    const start = open.exec(source) === null ? source.length : open.lastIndex
    close.lastIndex = start + piece.val.length
    close.exec(source)
    open.lastIndex = close.lastIndex
    return start
  })
}

/** Eta's own parser and its surrounding function; only the body is ours, so that every line is known. */
function generate(source: string): { readonly code: string; readonly origins: readonly (Origin | undefined)[] } {
  const eta = makeEta()
  eta.compileBody = () => bodyMark
  const surrounding = eta.compileToString(source)
  const [before = '', after = ''] = surrounding.split(`${bodyMark}\n`)
  const lines: string[] = before.split('\n').slice(0, -1)
  const origins: (Origin | undefined)[] = lines.map(() => undefined)
  const pieces = eta.parse(source) as readonly Piece[]
  const starts = contentStarts(source, pieces)
  pieces.forEach((piece, index) => {
    const from = lineAndColumn(source, starts[index]!)
    if (typeof piece === 'string') {
      lines.push(`__eta.res+='${piece}';`)
      origins.push(undefined)
      return
    }
    const printed = piece.t !== 'e'
    const head = printed ? '__eta.res+=__eta.f((' : ''
    // What a tag prints ends on a line of its own, for the tag may end in a `//` comment.
    const content = piece.val.split('\n')
    content.forEach((text, below) => {
      lines.push(below === 0 ? head + text : text)
      origins.push({
        line: from.line + below,
        shift: below === 0 ? from.column - 1 - head.length : 0,
        start: below === 0 ? from.column : 1,
      })
    })
    if (printed) {
      lines.push('));')
      origins.push({ line: from.line, shift: 0, start: from.column })
    }
  })
  return { code: [...lines, after].join('\n'), origins }
}

/**
 * Compiles the text of an `.eta` file. Its frames in a stack are found again by {@link templateLine}.
 * @throws EtaError or SyntaxError as Eta and Node give them.
 */
export function compileTemplate(path: string, source: string): Compiled {
  const id = `eta-${files.size + 1}:`
  const { code, origins } = generate(source)
  files.set(id, { path, origins })
  return { run: compileFunction(code, ['it', 'options'], { filename: id }) as Compiled['run'] }
}

/** The innermost place in a template that a stack names; columns of code that Rollcall added point to the tag's content. */
export function templateLine(stack: string): { readonly file: string; readonly line: number; readonly column?: number } | undefined {
  for (const [, id, line, column] of stack.matchAll(/(eta-\d+:):(\d+)(?::(\d+))?/g)) {
    const file = files.get(id!)
    const origin = file?.origins[Number(line) - 1] ?? file?.origins.findLast((found) => found !== undefined)
    if (file === undefined || origin === undefined) continue
    return {
      file: file.path,
      line: origin.line,
      ...(column !== undefined && { column: Math.max(origin.start, Number(column) + origin.shift) }),
    }
  }
  return undefined
}
