import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { SourceLine } from '../model/errors.ts'
import {
  type AnyNode,
  bare,
  type CallExpression,
  type Expression,
  type ImportDeclaration,
  nameOf,
  nodesIn,
  type ObjectExpression,
  type Property,
  placeOf,
  realPath,
  type Source,
  type Sources,
} from './source.ts'

/** An object that is written out somewhere in the project's files. */
export interface Place {
  readonly source: Source
  readonly object: ObjectExpression
}
/** A property that is written out, and the object it stands in. */
export interface Entry extends Place {
  readonly name: string
  readonly property: Property
}
/** Something that only running the code could tell. */
export interface Unwritten {
  readonly at: SourceLine
  /** The code that stands there, shortened. */
  readonly code: string
}
/** What an object has: its own properties and those of the objects spread into it. */
export interface Members {
  /** In order; of two with one name the later one counts. */
  readonly entries: readonly Entry[]
  readonly unwritten: readonly Unwritten[]
  /** The object itself, and all that are spread into it. */
  readonly places: readonly Place[]
}

export const isUnwritten = (found: object): found is Unwritten => 'code' in found

export function unwritten(source: Source, node: AnyNode): Unwritten {
  const code = source.text.slice(node.start, node.end).replace(/\s+/g, ' ')
  return { at: placeOf(source, node.start), code: code.length > 60 ? `${code.slice(0, 59)}…` : code }
}

/** The object that an expression is: written out, a constant of the file, or one imported from another file. */
export function objectOf(sources: Sources, source: Source, node: AnyNode): Place | Unwritten {
  const found = follow(sources, source, node, 0)
  return found?.length === 1 ? found[0]! : unwritten(source, node)
}

/** {@link objectOf}, where several may be joined. */
export function piecesOf(sources: Sources, source: Source, node: AnyNode): readonly Place[] | Unwritten {
  return follow(sources, source, node, 0) ?? unwritten(source, node)
}

/** Functions of `rollcall` that give back what they are given: which of their arguments, or all of them joined. */
const handedOn: readonly (readonly [name: string, argument: number | 'all'])[] = [
  ['defineGroups', 0],
  ['defineHosts', 1],
  ['joinGroups', 'all'],
  ['joinHosts', 'all'],
]

function follow(sources: Sources, source: Source, node: AnyNode, depth: number): readonly Place[] | undefined {
  const inner = bare(node)
  if (inner.type === 'ObjectExpression') return [{ source, object: inner }]
  // Constants that are made of each other would go on for ever.
  if (depth > 20) return undefined
  if (inner.type === 'CallExpression') {
    const name = inner.callee.type === 'Identifier' ? inner.callee.name : undefined
    const which = handedOn.find(([own]) => name !== undefined && ownNames(source.program, own).includes(name))?.[1]
    const parts = which === 'all' ? inner.arguments : which === undefined ? [] : inner.arguments.slice(which, which + 1)
    const found = parts.map((part) => follow(sources, source, part, depth + 1))
    return found.length === 0 || found.includes(undefined) ? undefined : found.flatMap((each) => each!)
  }
  if (inner.type !== 'Identifier') return undefined
  const value = constant(source, inner.name)
  if (value) return follow(sources, source, value, depth + 1)
  const imported = importOf(source, inner.name)
  return imported && exported(sources, imported.path, imported.name, depth + 1)
}

/** The value of a constant at the top of a file. */
function constant({ program }: Source, name: string): Expression | undefined {
  for (const statement of program.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
    if (declaration?.type !== 'VariableDeclaration' || declaration.kind !== 'const') continue
    for (const { id, init } of declaration.declarations) if (id.type === 'Identifier' && id.name === name) return init ?? undefined
  }
  return undefined
}

function importOf({ program, path }: Source, local: string): { path: string; name: string } | undefined {
  for (const statement of program.body) {
    if (statement.type !== 'ImportDeclaration') continue
    for (const specifier of statement.specifiers) {
      if (specifier.local.name !== local || specifier.type === 'ImportNamespaceSpecifier') continue
      const file = fileOf(path, statement.source.value)
      const name = specifier.type === 'ImportDefaultSpecifier' ? 'default' : textOf(specifier.imported)
      return file === undefined ? undefined : { path: file, name }
    }
  }
  return undefined
}

const textOf = (name: { type: string; name?: string; value?: unknown }) => (name.type === 'Identifier' ? name.name! : String(name.value))

/** The file of the project that a relative import names. */
function fileOf(from: string, specifier: unknown): string | undefined {
  if (typeof specifier !== 'string' || !/^\.\.?\//.test(specifier) || !/\.[cm]?[jt]s$/.test(specifier)) return undefined
  const path = resolve(dirname(from), specifier)
  return existsSync(path) && !path.includes('/node_modules/') ? path : undefined
}

function exported(sources: Sources, path: string, name: string, depth: number): readonly Place[] | undefined {
  if (depth > 20) return undefined
  const source = sources.read(path)
  for (const statement of source.program.body) {
    if (statement.type === 'ExportDefaultDeclaration' && name === 'default') return follow(sources, source, statement.declaration, depth)
    if (statement.type !== 'ExportNamedDeclaration') continue
    if (statement.declaration?.type === 'VariableDeclaration') {
      const found = statement.declaration.declarations.some(({ id }) => id.type === 'Identifier' && id.name === name)
      const value = found ? constant(source, name) : undefined
      if (value) return follow(sources, source, value, depth)
    }
    for (const specifier of statement.specifiers) {
      if (textOf(specifier.exported) !== name) continue
      const local = textOf(specifier.local)
      const file = statement.source ? fileOf(path, statement.source.value) : undefined
      if (file !== undefined) return exported(sources, file, local, depth + 1)
      const value = statement.source ? undefined : constant(source, local)
      return value && follow(sources, source, value, depth + 1)
    }
  }
  return undefined
}

/** All that an object has, through the objects that are spread into it. */
export function membersOf(sources: Sources, place: Place, depth = 0): Members {
  const { source, object } = place
  const all: Members[] = [{ entries: [], unwritten: [], places: [place] }]
  for (const property of object.properties) {
    const name = nameOf(property)
    const spread = property.type === 'SpreadElement' && depth < 20 ? follow(sources, source, property.argument, 0) : undefined
    if (spread) all.push(...spread.map((each) => membersOf(sources, each, depth + 1)))
    else if (name === undefined) all.push({ entries: [], unwritten: [unwritten(source, property)], places: [] })
    else all.push({ entries: [{ source, object, name, property: property as Property }], unwritten: [], places: [] })
  }
  return {
    entries: all.flatMap(({ entries }) => entries),
    unwritten: all.flatMap((each) => each.unwritten),
    places: all.flatMap(({ places }) => places),
  }
}

/** A property that stands in this very object, not in one spread into it. */
export function ownEntry({ source, object }: Place, name: string): Entry | undefined {
  const property = object.properties.findLast((each) => nameOf(each) === name)
  return property && { source, object, name, property: property as Property }
}

/** The calls of `defineInventory` in a file and those it imports, each with what it is given. */
export function definitionsIn(sources: Sources, entry: string): readonly { readonly at: SourceLine; readonly given: Place | Unwritten }[] {
  return filesFrom(sources, entry).flatMap((path) => {
    const source = sources.read(path)
    const calls = [...nodesIn(source.program)].filter(
      (node): node is CallExpression => node.type === 'CallExpression' && defines(source, node),
    )
    return calls.map((call) => ({
      at: placeOf(source, call.start),
      given: call.arguments[0] ? objectOf(sources, source, call.arguments[0]) : unwritten(source, call),
    }))
  })
}

function defines({ program }: Source, { callee }: CallExpression): boolean {
  const inner = bare(callee)
  if (inner.type === 'MemberExpression') return inner.property.type === 'Identifier' && inner.property.name === 'defineInventory'
  return inner.type === 'Identifier' && ownNames(program, 'defineInventory').includes(inner.name)
}

/** What `rollcall`'s exports are called in a file. */
export function ownNames(program: Source['program'], name: string): readonly string[] {
  return ownImports(program).flatMap(({ specifiers }) =>
    specifiers.flatMap((each) => (each.type === 'ImportSpecifier' && textOf(each.imported) === name ? each.local.name : [])),
  )
}

export function ownImports(program: Source['program']): readonly ImportDeclaration[] {
  return program.body.filter((each): each is ImportDeclaration => each.type === 'ImportDeclaration' && each.source.value === 'rollcall')
}

/** A file and all of the project that it imports by relative paths, each once. */
export function filesFrom(sources: Sources, entry: string): readonly string[] {
  const found = new Map<string, string>()
  const visit = (path: string) => {
    if (found.has(realPath(path))) return
    found.set(realPath(path), path)
    for (const next of importsOf(sources.read(path))) visit(next)
  }
  visit(entry)
  return [...found.values()]
}

/** The files of the project that a file imports. */
export function importsOf({ program, path }: Source): readonly string[] {
  return [...nodesIn(program)].flatMap((node) => {
    const named =
      node.type === 'ImportDeclaration' || node.type === 'ExportAllDeclaration' || node.type === 'ExportNamedDeclaration'
        ? node.source?.value
        : node.type === 'ImportExpression' && node.source.type === 'Literal'
          ? node.source.value
          : undefined
    return fileOf(path, named) ?? []
  })
}
