import { isDeepStrictEqual } from 'node:util'
import { RollcallError } from '../model/errors.ts'
import type { InventoryModel } from '../model/inventory.ts'
import { suggest } from '../util/suggest.ts'
import type { Plain } from './effects.ts'
import type { Target } from './values.ts'

/** What an edit did to the texts, and what the inventory has to be then. */
export interface Plan {
  /** `web-3 is in web, cluster`: one sentence without a full stop. */
  readonly done: string
  /** The inventory as it was, with what the edit takes away or names anew. All else has to stay. */
  readonly kept?: (before: Plain) => Plain
  /** The inventory as it is then, without what the edit brings. */
  readonly seen?: (after: Plain) => Plain
  /** Where it may be another. */
  readonly may: (path: readonly string[]) => boolean
  /** Why the edit did not do what it was asked for. */
  readonly missed: (after: Plain) => string | undefined
  /** Whether vars and connections that become others have to be told of. */
  readonly tells?: boolean
  /** What no longer exists, for those who name it. */
  readonly gone?: string
  readonly force?: boolean
  readonly notes?: readonly string[]
}

/** @throws RollcallError (exit 1) that says why the inventory cannot become so. */
export function refuse(summary: string, detail: string, fix: string): never {
  throw new RollcallError({ summary, detail, fix, exitCode: 1 })
}

/** A host of the inventory. @throws RollcallError for a group and for what is neither. */
export function knownHost({ hosts, groups }: InventoryModel, name: string): Target {
  const host = hosts.get(name)
  if (host) return { name, half: 'hosts', groups: host.groups }
  if (groups.has(name)) refuse('This works on hosts', `'${name}' is a group`, 'Name a host.')
  return unknown('host', name, hosts.keys())
}

/** A host, a group, or `all`. */
export function knownTarget(model: InventoryModel, name: string): Target {
  if (model.hosts.has(name)) return knownHost(model, name)
  if (model.groups.has(name)) return { name, half: 'groups', groups: [] }
  return unknown('host and no group', name, [...model.hosts.keys(), ...model.groups.keys()])
}

export function knownGroups({ groups }: InventoryModel, names: readonly string[]): readonly string[] {
  const all = [...groups.keys()].filter((name) => name !== 'all')
  for (const name of names) {
    if (name === 'all') refuse('No host is put into all', 'every host is in it', 'Leave it out.')
    if (!groups.has(name)) unknown('group', name, all)
  }
  return [...new Set(names)]
}

function unknown(what: string, name: string, names: Iterable<string>): never {
  const known = [...names]
  const meant = suggest(name, known)
  const listed = known.length > 20 ? `${known.slice(0, 20).join(', ')}, …` : known.join(', ')
  return refuse(
    'The inventory has nothing of this name',
    `'${name}' is no ${what}`,
    meant ? `Did you mean '${meant}'?` : known.length === 0 ? 'There is none.' : `There are: ${listed}.`,
  )
}

/** @throws RollcallError for a name that is taken or can be none. */
export function freeName({ hosts, groups }: InventoryModel, name: string): void {
  if (hosts.has(name) || groups.has(name))
    refuse(
      'This name is taken',
      `'${name}' is a ${hosts.has(name) ? 'host' : 'group'} of the inventory`,
      hosts.has(name) ? `Change what is there by set or move, or choose another name.` : 'Choose another name.',
    )
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name) || name === '__proto__')
    refuse('This cannot be a name', `'${name}'`, 'Use letters, digits, dots, dashes and underscores.')
}

/** The first that is not as it has to be, as a sentence. */
export function unlike(wanted: { readonly [what: string]: unknown }, found: { readonly [what: string]: unknown }): string | undefined {
  const wrong = Object.keys(wanted).find((what) => !isDeepStrictEqual(wanted[what], found[what]))
  return wrong === undefined ? undefined : `${wrong} would be ${JSON.stringify(found[wrong])}, not ${JSON.stringify(wanted[wrong])}`
}

/** An inventory in which no group has a host, for where only its place in them may change. */
export function inNoGroup(inventory: Plain, host: string): Plain {
  const groups = Object.entries(inventory.groups).map(([group, hosts]) => [group, hosts.filter((each) => each !== host)])
  return { ...inventory, groups: Object.fromEntries(groups) }
}

/** An inventory without a host. */
export function without(inventory: Plain, host: string): Plain {
  const { [host]: _, ...hosts } = inventory.hosts
  return { ...inNoGroup(inventory, host), hosts, order: inventory.order.filter((each) => each !== host) }
}
