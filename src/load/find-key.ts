import { dirname, resolve } from 'node:path'
import { endOf, isMark, partsOf, propertiesOf, type Span } from './object-keys.ts'
import { type Token, tokensOf } from './tokens.ts'

/** Where a key stands. */
export interface FoundKey {
  readonly file: string
  readonly line: number
  readonly column: number
  /** False where the key itself is not written out (computed, spread, from a package): then this is where it enters. */
  readonly exact: boolean
}

/** The call whose argument is looked through. */
export interface Call {
  readonly file: string
  readonly name: string
  /** Chooses among several calls. */
  readonly line?: number | undefined
}

interface Source {
  readonly file: string
  readonly text: string
  readonly tokens: readonly Token[]
}
/** The brace of an object, or the bracket of a call that joins what it is given. */
interface Open {
  readonly source: Source
  readonly at: number
}
interface Found extends Open {
  readonly exact: boolean
}

/**
 * Finds keys of the object that a call is given, by reading the source (types erased, positions kept). It follows
 * constants, also those of files that are imported, and never guesses: where a later spread could bring the key, that
 * spread is what it finds. Numbers in a path are arguments of a call that joins pieces.
 * @param read The text of a file of the user's.
 */
export function keyFinder(
  read: (file: string) => string,
  { file, name, line }: Call,
): (path: readonly (string | number)[]) => FoundKey | undefined {
  const files = new Map<string, Source | undefined>()
  const open = (path: string): Source | undefined => {
    if (!files.has(path)) files.set(path, sourceOf(read, path))
    return files.get(path)
  }
  const source = open(file)
  const calls =
    source?.tokens.flatMap((token, at) =>
      token.kind === 'word' && token.text === name && isMark(source.tokens[at + 1], '(') ? [at] : [],
    ) ?? []
  const opened = calls.flatMap((at) => {
    // An object that stands there itself is looked through even where the file ends in it.
    const plain = source && handedOn.get(name) === 0 && isMark(source.tokens[at + 2], '{')
    const inside = plain ? { source, at: at + 2 } : source && argumentsOf({ source, at }, open)
    return inside ? [{ at, inside }] : []
  })
  const call = opened.find(({ at }) => placeOf(source!.text, source!.tokens[at]!.start).line === line) ?? opened[0]
  return (path) => {
    const found = call && look(call.inside, path, open, 0)
    if (!found) return undefined
    const { text, tokens, file: where } = found.source
    return { file: where, ...placeOf(text, tokens[found.at]!.start), exact: found.exact }
  }
}

type OpenFile = (path: string) => Source | undefined

function sourceOf(read: (file: string) => string, file: string): Source | undefined {
  try {
    const text = read(file)
    return { file, text, tokens: tokensOf(text) }
  } catch {
    return undefined // No file of the user's, or none that can be read: then what is imported enters where it is named.
  }
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: before.at(-1)!.length + 1 }
}

/** Later properties win, so they are looked at first. */
function look(node: Open, path: readonly (string | number)[], open: OpenFile, depth: number): Found | undefined {
  const [key, ...rest] = path
  const { source } = node
  const { tokens } = source
  // Constants that are made of each other would go on for ever.
  if (depth > 20) return undefined
  const joins = isMark(tokens[node.at], '(')
  const parts = joins ? partsOf(tokens, node.at) : []
  if (typeof key === 'number') {
    const value = parts[key]
    const object = value && objectAt(source, value, open)
    return (object && look(object, rest, open, depth + 1)) ?? (value && { source, at: value.from, exact: false })
  }
  const properties = joins ? parts.map((value) => ({ kind: 'other' as const, at: value.from, value })) : propertiesOf(tokens, node.at)
  let unsure: number | undefined
  for (const property of properties.toReversed()) {
    const object = property.value && objectAt(source, property.value, open)
    if (property.kind === 'key') {
      if (property.key !== key) continue
      if (unsure !== undefined) break
      if (rest.length === 0) return { source, at: property.at, exact: true }
      const found = object === undefined ? undefined : look(object, rest, open, depth + 1)
      return found ?? { source, at: property.at, exact: false }
    }
    const spread = object === undefined ? undefined : look(object, path, open, depth + 1)
    if (spread !== undefined && unsure === undefined) return spread
    if (object === undefined) unsure ??= property.at
  }
  return unsure === undefined ? undefined : { source, at: unsure, exact: false }
}

/** The object that a value is: written out, in brackets, given to a call that hands it on, or a constant. */
function objectAt(source: Source, { from, to }: Span, open: OpenFile): Open | undefined {
  const { tokens } = source
  const first = tokens[from]
  if (first === undefined || from >= to) return undefined
  if (isMark(first, '{')) return endOf(tokens, from) === to - 1 ? { source, at: from } : undefined
  if (isMark(first, '(') && endOf(tokens, from) === to - 1) return objectAt(source, { from: from + 1, to: to - 1 }, open)
  if (first.kind !== 'word') return undefined
  if (isMark(tokens[from + 1], '(')) return endOf(tokens, from + 1) === to - 1 ? argumentsOf({ source, at: from }, open) : undefined
  return to === from + 1 ? constantOf(source, first.text, open) : undefined
}

/** Functions that give back what they are given: which of their arguments, or all of them joined. */
const handedOn: ReadonlyMap<string, number | 'all'> = new Map<string, number | 'all'>([
  ['defineInventory', 0],
  ['defineGroups', 0],
  ['defineHosts', 1],
  ['joinGroups', 'all'],
  ['joinHosts', 'all'],
  ['ssh', 0],
  ['lab', 0],
  ['local', 0],
])

/** What the call at `at` hands on. */
function argumentsOf({ source, at }: Open, open: OpenFile): Open | undefined {
  const which = handedOn.get(source.tokens[at]!.text)
  if (which === undefined) return undefined
  if (which === 'all') return { source, at: at + 1 }
  const part = partsOf(source.tokens, at + 1)[which]
  return part && objectAt(source, part, open)
}

/** A constant of the file, or one that it imports from a file beside it. */
function constantOf(source: Source, name: string, open: OpenFile): Open | undefined {
  const { tokens } = source
  const declared = tokens.findIndex(
    (token, at) => token.text === 'const' && token.kind === 'word' && tokens[at + 1]?.text === name && isMark(tokens[at + 2], '='),
  )
  if (declared !== -1) return objectAt(source, { from: declared + 3, to: valueEnd(tokens, declared + 3) }, open)
  const imported = importOf(source, name)
  const from = imported && open(imported.file)
  return from && from !== source ? constantOf(from, imported.name, open) : undefined
}

/** Where a value ends that begins with a bracket, a call or a name. What is more than that is nothing to follow. */
function valueEnd(tokens: readonly Token[], from: number): number {
  const bracket = tokens[from]?.kind === 'word' ? from + 1 : from
  const closed = ['{', '(', '['].some((mark) => isMark(tokens[bracket], mark))
  return closed ? endOf(tokens, bracket) + 1 : from + 1
}

/** `import { a as name } from './file.ts'` */
function importOf({ file, tokens }: Source, name: string): { readonly file: string; readonly name: string } | undefined {
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== 'word' || token.text !== 'import' || !isMark(tokens[at + 1], '{')) continue
    const end = endOf(tokens, at + 1)
    const from = tokens[end + 2]
    if (tokens[end + 1]?.text !== 'from' || from?.kind !== 'text' || !/^\.\.?\//.test(from.text)) continue
    for (const { from: first, to } of partsOf(tokens, at + 1))
      if (tokens[to - 1]?.text === name) return { file: resolve(dirname(file), from.text), name: tokens[first]!.text }
  }
  return undefined
}
