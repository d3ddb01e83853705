import { suggest } from '../util/suggest.ts'
import { RollcallError, type SourceLine } from './errors.ts'
import { isWild, itemsOf, type PatternItem, pythonOnly, splitPlace, testOf } from './host-pattern.ts'
import { type DynamicSet, type HostChoice, isDynamic, type NewSet, newSetsIn, type Position, showChoice } from './host-set.ts'
import type { InventoryModel } from './inventory.ts'

/** Who asks for hosts, for messages, and what may be read for it. */
export interface Asking {
  /** `--limit`, `The pattern`, `A play`. */
  readonly by: string
  /** Stands before what is wrong: which play. */
  readonly where?: string
  readonly at?: SourceLine
  /** Hosts that have been put into a dynamic group so far; absent: all that can be. */
  readonly members?: (group: DynamicSet) => ReadonlySet<string>
  /** Hosts that have been added so far; absent: none. */
  readonly added?: (set: NewSet) => Iterable<string>
  /** The text of a file that `@` names; absent where there are no files. */
  readonly readFile?: (path: string) => string
}

/**
 * The hosts of a choice, each once, in Ansible's order: those of the names as they stand, then only what is in each `&`,
 * then without what is in a `!`.
 * @throws RollcallError (exit 1) for a name the inventory does not have, and for what is no pattern.
 */
export function matchHosts(choice: HostChoice, inventory: InventoryModel, asking: Asking): readonly string[] {
  const of = (each: HostChoice) => matchHosts(each, inventory, asking)
  if (typeof choice === 'string') return named(choice, inventory) ?? matchText(choice, inventory, asking)
  if (choice.kind === 'nth' || choice.kind === 'without') refuseUnknowable(choice.of.slice(choice.kind === 'nth' ? 0 : 1), asking)
  switch (choice.kind) {
    case 'new':
      return [...(asking.added?.(choice) ?? [])]
    case 'dynamic': {
      const chosen = asking.members?.(choice)
      return of(choice.of[0]).filter((host) => chosen?.has(host) ?? true)
    }
    case 'pattern':
      return matchText(choice.text, inventory, asking)
    case 'union':
      return [...new Set(choice.of.flatMap(of))]
    case 'intersection':
      return choice.of.map(of).reduce(common)
    case 'without':
      return choice.of.map(of).reduce(missing)
    case 'nth':
      return atPosition(of(choice.of[0]), choice.position, asking)
    default:
      return choice satisfies never
  }
}

/** Before the run nobody could tell which hosts a play may change. */
function refuseUnknowable(choices: readonly HostChoice[], asking: Asking): void {
  const dynamic = choices.find(isDynamic)
  if (dynamic === undefined) return
  if (newSetsIn(dynamic).length > 0)
    throw refusal(
      asking,
      'takes places of new hosts, or leaves them out',
      showChoice(dynamic),
      'Which hosts a run adds is known only when it has: add the others to new hosts of their own.',
    )
  throw refusal(
    asking,
    'takes places of a dynamic group, or leaves one out',
    showChoice(dynamic),
    'Which hosts are in it is known only when it is filled: put the others into a group of their own, by groupBy.',
  )
}

const common = (left: readonly string[], right: readonly string[]) => {
  const kept = new Set(right)
  return left.filter((host) => kept.has(host))
}
const missing = (left: readonly string[], right: readonly string[]) => {
  const gone = new Set(right)
  return left.filter((host) => !gone.has(host))
}

function matchText(text: string, inventory: InventoryModel, asking: Asking): readonly string[] {
  const items = itemsOf(text, withSeparator(inventory))
  if (items.length === 0) throw refusal(asking, 'is empty', undefined, 'Name a host, a group, or several joined by commas.')
  return matchItems(
    items.flatMap((item) => (item.operator === 'or' && item.text.startsWith('@') ? inFile(item.text, inventory, asking) : item)),
    inventory,
    asking,
  )
}

/** Where nothing is named but what is kept or taken away, all hosts are meant; where nothing is, as in an empty file, none. */
function matchItems(items: readonly PatternItem[], inventory: InventoryModel, asking: Asking): readonly string[] {
  const sets = (operator: PatternItem['operator']) =>
    items.filter((item) => item.operator === operator).map((item) => membersOf(item.text, inventory, asking))
  const [or, and, not] = [sets('or'), sets('and'), sets('not')]
  const first = items.length === 0 ? [] : or.length === 0 ? inventory.groups.get('all')! : [...new Set(or.flat())]
  return not.reduce(missing, and.reduce(common, first))
}

/** Names that hold what separates items: a pattern may hold them all the same. */
function withSeparator({ hosts, groups }: InventoryModel): readonly string[] {
  return [...hosts.keys(), ...groups.keys()].filter((name) => /[\s,:]/.test(name))
}

/** Lines of a file are items of the pattern, as of the files that Ansible leaves for another try. */
function inFile(text: string, inventory: InventoryModel, asking: Asking): readonly PatternItem[] {
  const path = text.slice(1)
  if (!asking.readFile)
    throw refusal(asking, 'cannot take hosts from a file', `'${text}'`, 'Files are for the command line: --limit @file.')
  if (path === '') throw refusal(asking, 'has an @ without the name of a file', `'${text}'`, 'Write @ and a path, such as @hosts.retry.')
  const lines = asking
    .readFile(path)
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, ''))
  const items = lines.flatMap((line) => itemsOf(line, withSeparator(inventory)))
  const nested = items.find((item) => item.text.startsWith('@'))
  if (nested) throw refusal(asking, 'names a file that names a file', `'${nested.text}' in ${path}`, 'Put the names into one file.')
  return items
}

/** The hosts that one item stands for, each once. */
function membersOf(text: string, inventory: InventoryModel, asking: Asking): readonly string[] {
  if (text === '') throw refusal(asking, 'has an & or a ! with no name behind it', undefined, "Write it before a name, as in 'web:!edge'.")
  const direct = named(text, inventory)
  if (direct) return direct
  if (text.startsWith('@')) return matchItems(inFile(text, inventory, asking), inventory, asking)
  const place = splitPlace(text)
  if (!place) return wild(text, inventory, asking) ?? unknown(text, inventory, asking)
  if (place.old)
    throw refusal(
      asking,
      'has a range with a dash',
      `'${text}'`,
      `For hosts ${place.from} to ${place.to} of ${place.of} write ${text.replace(/-(?=[0-9]*\]$)/, ':')}; for names a regular expression, ~${text}$`,
    )
  const members = named(place.of, inventory) ?? wild(place.of, inventory, asking)
  if (!members) {
    if (wild(`~${text}$`, inventory, asking))
      throw refusal(
        asking,
        'names a host or group that is not in the inventory',
        `'${place.of}' of '${text}', in which [${place.from}] counts hosts`,
        `For names write a regular expression: '~${text}$'`,
      )
    return unknown(place.of, inventory, asking)
  }
  return atPosition(
    members,
    place.to === undefined ? place.from : { from: place.from, ...(place.to !== 'end' && { to: place.to }) },
    asking,
    text,
  )
}

/** A host, a group, or `ungrouped`, by its whole name. */
function named(name: string, { hosts, groups }: InventoryModel): readonly string[] | undefined {
  const direct = groups.get(name) ?? (hosts.has(name) ? [name] : undefined)
  return (
    direct ?? (name === 'ungrouped' ? [...hosts.values()].filter((host) => host.groups.length === 0).map((host) => host.name) : undefined)
  )
}

/**
 * Members of the groups that match, then hosts that match. `all` is meant only where every host matches as well: `a*` is
 * about names with an a.
 */
function wild(text: string, { hosts, groups }: InventoryModel, asking: Asking): readonly string[] | undefined {
  if (!isWild(text)) return undefined
  const test = tester(text, asking)
  const matching = [...hosts.keys()].filter(test)
  const everybody = groups.get('all')!
  if (test('all') && matching.length === hosts.size) return everybody
  const members = [...groups].filter(([name]) => name !== 'all' && test(name)).flatMap(([, of]) => of)
  const any = matching.length > 0 || [...groups.keys()].some((name) => name !== 'all' && test(name))
  return any ? [...new Set([...members, ...matching])] : undefined
}

function tester(text: string, asking: Asking): (name: string) => boolean {
  const python = text.startsWith('~') ? pythonOnly(text) : undefined
  if (python) throw refusal(asking, 'has a regular expression of Python, not of JavaScript', `'${text}'`, python)
  try {
    return testOf(text)
  } catch (error) {
    const reason = (error as Error).message.replace(/^.*: /s, '')
    throw refusal(
      asking,
      'is no pattern',
      `'${text}': ${reason}`,
      'In a regular expression put a backslash before each of \\ ^ $ . | ? * + ( ) [ ] { } that stands for itself.',
    )
  }
}

function atPosition(hosts: readonly string[], position: Position, asking: Asking, text?: string): readonly string[] {
  const shown = text ?? `nth(…, ${JSON.stringify(position)})`
  const { from, to } = typeof position === 'number' ? { from: position, to: position } : position
  if (![from, to ?? 0].every(Number.isInteger) || (typeof position !== 'number' && (from < 0 || (to !== undefined && to < from))))
    throw refusal(
      asking,
      'has a range that is none',
      `'${shown}'`,
      'A range goes from one place to the same or a later one, counted from 0.',
    )
  if (typeof position !== 'number') return hosts.slice(from, to === undefined ? undefined : to + 1)
  if (hosts.length === 0) return []
  const host = hosts.at(position)
  if (host === undefined)
    throw refusal(
      asking,
      'counts past the end',
      `'${shown}', and there ${hosts.length === 1 ? 'is 1 host' : `are ${hosts.length} hosts`}`,
      `The first is 0, the last ${hosts.length - 1} or -1.`,
    )
  return [host]
}

function unknown(name: string, { hosts, groups }: InventoryModel, asking: Asking): never {
  const known = [...hosts.keys(), ...groups.keys()]
  const meant = isWild(name) ? undefined : suggest(name, known)
  throw refusal(
    asking,
    'names a host or group that is not in the inventory',
    `'${name}'`,
    meant ? `Did you mean '${meant}'?` : `The inventory has: ${few(known)}.`,
  )
}

/** Nobody reads a list of thousands. */
export function few(names: readonly string[]): string {
  return names.length <= 30 ? names.join(', ') : `${names.slice(0, 30).join(', ')} and ${names.length - 30} more`
}

function refusal({ by, where, at }: Asking, what: string, detail: string | undefined, fix: string): RollcallError {
  const said = [where, detail].filter((part) => part !== undefined).join(': ')
  return new RollcallError({ summary: `${by} ${what}`, ...(said !== '' && { detail: said }), fix, exitCode: 1, ...(at && { at }) })
}
