import { readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AnyNode, Expression, Property, SpreadElement } from 'acorn'
import { strip } from '../load/strip.ts'
import type { SourceLine } from '../model/errors.ts'

export type { AnyNode, CallExpression, Expression, ImportDeclaration, ObjectExpression, Property } from 'acorn'

/** A user's file, as it stands and as a tree. */
export interface Source {
  readonly path: string
  readonly text: string
  /** The same with its types as spaces: every offset is one of `text`. */
  readonly plain: string
  readonly program: Extract<AnyNode, { type: 'Program' }>
}

/** The files of an edit: what is read, and what becomes of it. Nothing is written. */
export interface Sources {
  /** As edited so far. @throws the error of the parser, with the place. */
  read(path: string): Source
  /** Puts texts in the place of ranges that do not overlap. */
  edit(path: string, edits: readonly TextEdit[]): void
  /** Every file whose text is another than it was. */
  changed(): readonly ChangedText[]
}
export interface TextEdit {
  readonly from: number
  readonly to: number
  readonly text: string
}
export interface ChangedText {
  readonly path: string
  readonly before: string
  readonly after: string
}

/** @param readText Tests give texts that are in no file. */
export function openSources(readText: (path: string) => string = (path) => readFileSync(path, 'utf8')): Sources {
  // Here, since only an edit needs the parser.
  const { parse } = createRequire(import.meta.url)('acorn') as typeof import('acorn')
  const read = new Map<string, { source: Source; before: string }>()
  const take = (path: string, text: string): Source => {
    const plain = strip(path, text)
    return { path, text, plain, program: parse(plain, { ecmaVersion: 'latest', sourceType: 'module', preserveParens: true }) }
  }
  const open = (path: string) => {
    const key = realPath(path)
    const known = read.get(key)
    if (known) return known
    const before = readText(path)
    const fresh = { source: take(path, before), before }
    read.set(key, fresh)
    return fresh
  }
  return {
    read: (path) => open(path).source,
    edit: (path, edits) => {
      const { source, before } = open(path)
      const sorted = [...edits].sort((a, b) => b.from - a.from || b.to - a.to)
      const text = sorted.reduce((done, { from, to, text }) => done.slice(0, from) + text + done.slice(to), source.text)
      read.set(realPath(path), { source: take(source.path, text), before })
    },
    changed: () =>
      [...read.values()].flatMap(({ source: { path, text }, before }) => (text === before ? [] : [{ path, before, after: text }])),
  }
}

/** One name for a file, whatever links lead to it. */
export function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

export function placeOf({ path, text }: Source, offset: number): SourceLine {
  const before = text.slice(0, offset).split('\n')
  return { file: path, line: before.length, column: before.at(-1)!.length + 1 }
}

/** Without the brackets around it. */
export function bare<T extends AnyNode>(node: T): Exclude<AnyNode, { type: 'ParenthesizedExpression' }> {
  return node.type === 'ParenthesizedExpression' ? bare(node.expression) : (node as Exclude<AnyNode, { type: 'ParenthesizedExpression' }>)
}

/** The name of a property that is written out; undefined for a computed one, a method, an accessor and a spread. */
export function nameOf(property: Property | SpreadElement): string | undefined {
  if (property.type === 'SpreadElement' || property.computed || property.method || property.kind !== 'init') return undefined
  const { key } = property
  return key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined
}

/** What a literal says: text, numbers, booleans, null, and lists and objects of these. */
export function literalOf(node: Expression | SpreadElement | null): { readonly value: unknown } | undefined {
  if (node === null) return undefined
  const inner = bare(node)
  switch (inner.type) {
    case 'Literal':
      return inner.regex === undefined && inner.bigint === undefined ? { value: inner.value } : undefined
    case 'TemplateLiteral':
      return inner.expressions.length === 0 ? { value: inner.quasis[0]?.value.cooked } : undefined
    case 'UnaryExpression': {
      const operand = inner.operator === '-' ? literalOf(inner.argument) : undefined
      return typeof operand?.value === 'number' ? { value: -operand.value } : undefined
    }
    case 'ArrayExpression': {
      const items = inner.elements.map(literalOf)
      return items.includes(undefined) ? undefined : { value: items.map((item) => item!.value) }
    }
    case 'ObjectExpression': {
      const entries = inner.properties.map((property) => {
        const name = nameOf(property)
        const value = name === undefined ? undefined : literalOf((property as Property).value)
        return value && ([name!, value.value] as const)
      })
      return entries.includes(undefined) ? undefined : { value: Object.fromEntries(entries as [string, unknown][]) }
    }
    default:
      return undefined
  }
}

/** All nodes below one, itself first. */
export function* nodesIn(node: AnyNode): Generator<AnyNode> {
  yield node
  for (const value of Object.values(node) as unknown[])
    for (const each of Array.isArray(value) ? value : [value])
      if (typeof each === 'object' && each !== null && typeof (each as AnyNode).type === 'string') yield* nodesIn(each as AnyNode)
}
