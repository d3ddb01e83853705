import { resolve } from 'node:path'
import { shortPath } from '../load/code-frame.ts'
import { formatLine, RollcallError, type SourceLine } from '../model/errors.ts'
import type { InventoryModel } from '../model/inventory.ts'
import {
  definitionsIn,
  type Entry,
  isUnwritten,
  type Members,
  membersOf,
  objectOf,
  ownEntry,
  type Place,
  piecesOf,
  type Unwritten,
} from './find.ts'
import { placeOf, realPath, type Sources } from './source.ts'

/** What an edit works on. Places are found anew after each step, since every step moves what stands behind it. */
export interface Desk {
  readonly root: string
  /** The inventory's file. */
  readonly entry: string
  readonly sources: Sources
  readonly model: InventoryModel
}
export type Half = 'hosts' | 'groups'

/** The objects that `defineInventory` is given, of every definition that the inventory is made of. */
function definitions({ sources, entry, model }: Desk): readonly Place[] {
  const all = definitionsIn(sources, entry)
  const { at } = model
  const named = at && all.filter((each) => realPath(each.at.file) === realPath(resolve(at.file)) && each.at.line === at.line)
  const chosen = named && named.length > 0 ? named : all
  return chosen.flatMap(({ given }) => (isUnwritten(given) ? [] : [given]))
}

/** All hosts, or all groups, as far as they are written out. */
export function halfOf(desk: Desk, half: Half): Members & { readonly main: Place | undefined } {
  const found: Members[] = []
  const unwrittenHalves: Unwritten[] = []
  let main: Place | undefined
  for (const definition of definitions(desk)) {
    const members = membersOf(desk.sources, definition)
    const entry = members.entries.findLast(({ name }) => name === half)
    if (entry === undefined) {
      unwrittenHalves.push(...members.unwritten)
      continue
    }
    const pieces = piecesOf(desk.sources, entry.source, entry.property.value)
    if (isUnwritten(pieces)) unwrittenHalves.push(pieces)
    else {
      main ??= pieces[0]
      found.push(...pieces.map((piece) => membersOf(desk.sources, piece)))
    }
  }
  return {
    main,
    entries: found.flatMap(({ entries }) => entries),
    unwritten: [...unwrittenHalves, ...found.flatMap((each) => each.unwritten)],
    places: found.flatMap(({ places }) => places),
  }
}

/** The line of a host or group, and what stands behind its name. @throws RollcallError where only running the code tells it. */
export function entryOf(desk: Desk, half: Half, name: string): Entry & { readonly definition: Place } {
  const { entries, unwritten } = halfOf(desk, half)
  const entry = entries.findLast((each) => each.name === name)
  if (entry === undefined) throw tooDynamic(desk, `${half === 'hosts' ? 'host' : 'group'} '${name}' is not written out`, unwritten)
  const definition = objectOf(desk.sources, entry.source, entry.property.value)
  if (isUnwritten(definition)) throw tooDynamic(desk, `what is declared of '${name}' is not written out`, [definition])
  return { ...entry, definition }
}

/** A setting of an object: its own line, or undefined where it has none. @throws RollcallError where something else may bring it. */
export function settingOf(desk: Desk, place: Place, key: string, whose: string): Entry | undefined {
  const own = ownEntry(place, key)
  if (own) return own
  const { entries, unwritten } = membersOf(desk.sources, place)
  const other = entries.findLast(({ name }) => name === key)
  const from = other ? [{ at: placeOf(other.source, other.property.start), code: key }] : unwritten
  if (from.length > 0) throw tooDynamic(desk, `${key} of ${whose} ${other ? 'comes' : 'may come'} from elsewhere`, from)
  return undefined
}

export function shown({ root }: Pick<Desk, 'root'>, at: SourceLine): string {
  return formatLine({ ...at, file: shortPath(root, at.file) })
}

/** What cannot be edited, and the code that stands in the way. */
export function tooDynamic(desk: Desk, what: string, where: readonly Unwritten[]): RollcallError {
  const lines = where.slice(0, 5).map((each) => `${shown(desk, each.at)}: ${each.code}`)
  return new RollcallError({
    summary: 'The inventory is made by code that cannot be edited by command',
    detail: [what, ...(lines.length > 0 ? ['what stands there:', ...lines] : [])].join('\n'),
    ...(where[0] && { at: { ...where[0].at, file: shortPath(desk.root, where[0].at.file) } }),
    fix: 'Change it in an editor, or write it out: names as keys, and text, numbers, lists and objects as values.',
    exitCode: 1,
  })
}
