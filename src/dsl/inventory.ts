import type { SourceLine } from '../model/errors.ts'
import type { InventoryModel, Shape } from '../model/inventory.ts'
import type { HostSource } from '../model/sourced.ts'
import { callerLine } from '../util/caller.ts'
import type {
  CheckedGroups,
  CheckedHosts,
  GroupDefinitions,
  HostDefinitions,
  NamesOfSchemaIn,
  NamesSetIn,
  ShapeOf,
} from './inventory-types.ts'
import { resolveInventory } from './resolve-inventory.ts'
import { type Source, sourceOf } from './sources.ts'

declare const shape: unique symbol
/** Every host and group, always. `S` carries names and vars as types. */
export interface Inventory<S extends Shape = Shape> {
  readonly kind: 'inventory'
  /** With sources: the declared hosts only, until these are asked. */
  readonly model: InventoryModel
  readonly [shape]: S
}
/** Worked out before it is named, so that compiler messages print groups and their vars and not the machinery. */
type InventoryOf<G, H, Sources> = ShapeOf<G, H, Sources> extends infer S extends Shape ? Inventory<S> : never
export type ShapeIn<I> = I extends Inventory<infer S> ? S : never

/** What an inventory with sources is made of, for whoever asks them. */
export interface Parts {
  readonly groups: GroupDefinitions
  readonly hosts: HostDefinitions<GroupDefinitions>
  readonly overridable: readonly string[]
  readonly at: SourceLine | undefined
  readonly sources: readonly HostSource[]
}
const parts = new WeakMap<Inventory, Parts>()
/** The parts of an inventory that has sources. */
export const partsOf = (inventory: Inventory): Parts | undefined => parts.get(inventory)

/**
 * Declares every host and group. Names become types; an override must fit the type its group or `all` declares.
 * @throws RollcallError for an unknown group, an empty host list, or two groups that set one var of a host differently.
 */
export function defineInventory<
  const G extends GroupDefinitions,
  const H extends HostDefinitions<G> = {},
  const Sources extends readonly Source[] = readonly [],
>(definition: {
  readonly groups: G & CheckedGroups<G>
  readonly hosts?: H & CheckedHosts<G, H>
  /**
   * Where more hosts come from: files, commands, functions. They are asked when the inventory is loaded. Names of their hosts
   * are no types; groups and vars stay so.
   */
  readonly sources?: Sources
  /** Vars of `all` or of groups that `-e name=value` may override, on every host that has them. */
  // By VarsOf, with their types, this would cost a million instantiations; under one name, messages would print that and no vars.
  readonly overridable?: readonly { [K in keyof G]: NamesSetIn<G[K]> | NamesOfSchemaIn<G[K]> }[keyof G][]
}): InventoryOf<G, H, Sources> {
  const at: SourceLine | undefined = callerLine()
  const { overridable = [] } = definition
  const sources = (definition.sources ?? []).map(sourceOf)
  const groups = definition.groups as GroupDefinitions
  const hosts = (definition.hosts ?? {}) as HostDefinitions<GroupDefinitions>
  const model = resolveInventory(groups, hosts, at, overridable, sources.length > 0 ? new Map() : undefined)
  const inventory = { kind: 'inventory', model } as unknown as Inventory
  if (sources.length > 0) parts.set(inventory, { groups, hosts, overridable, at, sources })
  return inventory as InventoryOf<G, H, Sources>
}
