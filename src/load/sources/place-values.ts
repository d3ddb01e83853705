import type { GroupTree } from '../../dsl/group-tree.ts'
import { layOver } from '../../dsl/levels.ts'
import type { HostRecord, InventoryModel, VarLevel } from '../../model/inventory.ts'

/** Named values of one host, with every level that gives each. */
export interface HostValues {
  readonly host: HostRecord
  readonly values: ReadonlyMap<string, unknown>
  readonly levels: ReadonlyMap<string, readonly VarLevel[]>
}
/** A value that a host has to say itself. */
export interface OwnValue {
  readonly value: unknown
  /** Why, where in Ansible's inventory it does not. */
  readonly why?: string
}
/** Values as a typed inventory says them, so that each host has what it has in Ansible's. */
export interface PlacedValues {
  readonly groups: ReadonlyMap<string, ReadonlyMap<string, unknown>>
  readonly hosts: ReadonlyMap<string, ReadonlyMap<string, OwnValue>>
}

export interface PlaceTools {
  readonly tree: GroupTree
  /** The groups of a host in the order in which a typed inventory lays them over each other. */
  readonly groupsOf: (host: string) => readonly string[]
  readonly same: (one: unknown, other: unknown) => boolean
  /** Whether a value may override another, by its type. */
  readonly fits: (value: unknown, declared: unknown) => boolean
}

/**
 * Leaves values with the groups that set them, and gives to hosts what would come out otherwise: where groups that are not above
 * each other differ, where Ansible lets a farther one win, and where types differ.
 */
export function placeValues(model: InventoryModel, all: readonly HostValues[], tools: PlaceTools): PlacedValues {
  const groups = groupValues(model, all)
  const why = new Map<string, string>()
  for (const { values, levels } of all)
    for (const [name, setters] of levels) {
      if (!values.has(name)) why.set(name, 'not every host of its groups has it')
      // In the order of a typed inventory, which checks what is nearer to a host against what is farther, whoever wins in Ansible's.
      const rank = ({ level, group }: VarLevel) =>
        level === 'host' ? Infinity : rankOf(level === 'all' ? level : (group ?? ''), tools.tree)
      const chain = [...setters.toSorted((one, other) => rank(one) - rank(other)).map(({ value }) => value), values.get(name)]
      if (!pairsFit(chain, tools.fits)) why.set(name, 'its types differ')
    }
  for (const name of why.keys()) for (const values of groups.values()) values.delete(name)
  const hosts = new Map<string, ReadonlyMap<string, OwnValue>>()
  for (const { host, values, levels } of all) {
    const differ = new Map<string, string>()
    const known = layOver(
      [
        { level: 'all' as const, values: asObject(groups.get('all')) },
        ...tools.groupsOf(host.name).map((group) => ({ level: 'group' as const, group, values: asObject(groups.get(group)) })),
      ],
      tools.tree,
      (name, one, other) => differ.set(name, `groups ${one} and ${other} differ`),
    )
    const own = new Map<string, OwnValue>()
    for (const [name, value] of values) {
      const setters = known.get(name)
      if (setters && !differ.has(name) && tools.same(setters.at(-1)!.value, value)) continue
      const isOwn = levels.get(name)?.at(-1)?.level === 'host'
      const reason = isOwn
        ? undefined
        : (why.get(name) ?? differ.get(name) ?? (setters ? otherwise(levels.get(name)) : 'no group of its name here'))
      own.set(name, { value, ...(reason !== undefined && { why: reason }) })
    }
    hosts.set(host.name, own)
  }
  return { groups, hosts }
}

/** How near to its hosts a typed inventory lays a group; `all` is the farthest. */
export function rankOf(group: string, tree: GroupTree): number {
  return group === 'all' ? -1 : tree.depth(group)
}

function otherwise(levels: readonly VarLevel[] | undefined): string {
  const last = levels?.at(-1)
  return last === undefined ? 'it is set otherwise' : `Ansible lets ${last.group === undefined ? last.level : `group ${last.group}`} win`
}

function pairsFit(chain: readonly unknown[], fits: PlaceTools['fits']): boolean {
  return chain.every((value, at) => chain.slice(0, at).every((declared) => fits(value, declared)))
}

/** What each group says last; of groups that the model has. */
function groupValues(model: InventoryModel, all: readonly HostValues[]): Map<string, Map<string, unknown>> {
  const groups = new Map([...model.groups.keys()].map((name) => [name, new Map<string, unknown>()]))
  for (const { levels } of all)
    for (const [name, setters] of levels)
      for (const { level, group, value } of setters) {
        const owner = level === 'all' ? 'all' : group
        if (level !== 'host' && owner !== undefined) groups.get(owner)?.set(name, value)
      }
  return groups
}

function asObject(values: ReadonlyMap<string, unknown> | undefined): object {
  return Object.fromEntries(values ?? [])
}
