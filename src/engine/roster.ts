import { isDeepStrictEqual } from 'node:util'
import { Refusal } from '../dsl/definition.ts'
import type { SourceLine } from '../model/errors.ts'
import type { NewSet } from '../model/host-set.ts'
import type { HostRecord, InventoryModel } from '../model/inventory.ts'
import { type AskedHost, differenceOf, NotAdded, newRecord, withHost } from '../model/new-host.ts'
import type { Unsure } from './unsure.ts'

/** The task that adds a host, and the host it runs for. */
export interface Adder {
  readonly by: string
  readonly task: string
  readonly at: SourceLine | undefined
}
export interface AddedHost extends Adder {
  readonly asked: AskedHost
}
/** Check mode: a host that a run would add, perhaps as another one. */
export interface UnsureHost extends AddedHost {
  readonly because: string
}

/** The hosts of one run: those of the inventory, and those that its tasks add. */
export interface Roster {
  /** With every host added so far: another object whenever there is one more, so that a play keeps the one it began with. */
  readonly inventory: InventoryModel
  readonly added: ReadonlyMap<string, AddedHost>
  readonly unsure: readonly UnsureHost[]
  /**
   * Adds a host; false where it is there already, the same in everything. What is not sure is only noted.
   * @throws Refusal for what the inventory would not take, and for a host that was added otherwise.
   */
  readonly add: (asked: AskedHost, adder: Adder, unsure?: Unsure) => boolean
  readonly members: (set: NewSet) => readonly string[]
  /** Takes the inventory as its sources tell it now. Hosts that tasks added stay. */
  readonly renew: (now: InventoryModel) => Renewal
  /** Whether that has been done. */
  readonly renewed: boolean
  /** Whether a host is in the run since it began, or in other groups than it was. */
  readonly isNew: (name: string) => boolean
  /** The inventory with hosts that are gone, in no group: what names them is no mistake. */
  readonly named: InventoryModel
}
/** What a renewed inventory has more, and less. */
export interface Renewal {
  readonly came: readonly string[]
  readonly gone: readonly string[]
}

/** Opens the roster of one run: the hosts of its inventory. */
export function openRoster(declared: InventoryModel): Roster {
  let inventory = declared
  const added = new Map<string, AddedHost>()
  const unsure: UnsureHost[] = []
  const moved = new Set<string>()
  const gone = new Map<string, HostRecord>()
  let renewed = false
  return {
    get inventory() {
      return inventory
    },
    get renewed() {
      return renewed
    },
    get named() {
      return gone.size === 0 ? inventory : { ...inventory, hosts: new Map([...gone, ...inventory.hosts]) }
    },
    isNew: (name) => added.has(name) || moved.has(name),
    renew: (now) => {
      const before = inventory
      const came = [...now.hosts.keys()].filter((name) => !before.hosts.has(name))
      const lost = [...before.hosts.values()].filter(({ name }) => !now.hosts.has(name) && !added.has(name))
      for (const host of now.hosts.values()) {
        const groups = before.hosts.get(host.name)?.groups
        if (groups === undefined || !isDeepStrictEqual(groups, host.groups)) moved.add(host.name)
        gone.delete(host.name)
      }
      for (const host of lost) gone.set(host.name, host)
      const stay = [...added.keys()].filter((name) => !now.hosts.has(name))
      inventory = stay.reduce((all, name) => withHost(all, before.hosts.get(name)!), now)
      renewed = true
      return { came, gone: lost.map(({ name }) => name) }
    },
    added,
    unsure,
    add: (asked, adder, because) => {
      const known = added.get(asked.name)
      if (known) {
        const differs = differenceOf(known.asked, asked)
        if (differs === undefined) return false
        throw new Refusal(
          `Host '${asked.name}' was added already, and otherwise: ${differs} differs`,
          `It was added by task '${known.task}' for ${known.by}. One name is one host: give each a name of its own.`,
        )
      }
      const record = recordOf(asked, inventory)
      if (because) {
        unsure.push({ asked, ...adder, because: because.because })
        return false
      }
      added.set(asked.name, { asked, ...adder })
      inventory = withHost(inventory, record)
      return true
    },
    members: (set) => [...added].flatMap(([name, { asked }]) => (asked.set === set ? [name] : [])),
  }
}

function recordOf(asked: AskedHost, inventory: InventoryModel) {
  try {
    return newRecord(asked, inventory)
  } catch (error) {
    throw error instanceof NotAdded ? new Refusal(error.message, error.fix) : error
  }
}
