import type { SourceLine } from '../model/errors.ts'
import type { InventoryModel, Shape } from '../model/inventory.ts'
import { callerLine } from '../util/caller.ts'
import type { CheckedGroups, CheckedHosts, GroupDefinitions, HostDefinitions, ShapeOf, VarsOf } from './inventory-types.ts'
import { resolveInventory } from './resolve-inventory.ts'

declare const shape: unique symbol
/** Every host and group, always. `S` carries names and vars as types. */
export interface Inventory<S extends Shape = Shape> {
  readonly kind: 'inventory'
  readonly model: InventoryModel
  readonly [shape]: S
}
/** Worked out before it is named, so that compiler messages print groups and their vars and not the machinery. */
type InventoryOf<G, H> = ShapeOf<G, H> extends infer S extends Shape ? Inventory<S> : never
export type ShapeIn<I> = I extends Inventory<infer S> ? S : never

/**
 * Declares every host and group. Names become types; an override must fit the type its group or `all` declares.
 * @throws RollcallError for an unknown group, an empty host list, or two groups that set one var of a host differently.
 */
export function defineInventory<const G extends GroupDefinitions, const H extends HostDefinitions<G>>(definition: {
  readonly groups: G & CheckedGroups<G>
  readonly hosts: H & CheckedHosts<G, H>
  /** Vars of `all` or of groups that `-e name=value` may override, on every host that has them. */
  readonly overridable?: readonly { [K in keyof G]: keyof VarsOf<G, K> & string }[keyof G][]
}): InventoryOf<G, H> {
  const at: SourceLine | undefined = callerLine()
  const { groups, hosts, overridable = [] } = definition
  const model = resolveInventory(groups as GroupDefinitions, hosts as HostDefinitions<GroupDefinitions>, at, overridable)
  return { kind: 'inventory', model } as unknown as InventoryOf<G, H>
}
