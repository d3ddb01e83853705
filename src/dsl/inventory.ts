import type { SourceLine } from '../model/errors.ts'
import type { DeclaredFacts } from '../model/facts.ts'
import type { ConnectionSettings, InventoryModel, Shape, Vars } from '../model/inventory.ts'
import { callerLine } from '../util/caller.ts'
import type { Secret } from '../util/secret.ts'
import { resolveInventory } from './resolve-inventory.ts'

export interface GroupDefinition {
  readonly vars?: Vars
  /** For hosts of the group that give none themselves. */
  readonly connection?: ConnectionSettings
}
export type GroupDefinitions = { readonly [group: string]: GroupDefinition }

export interface HostDefinition<Group extends string = string> {
  readonly groups: readonly Group[]
  /** Address on the private network that hosts use among themselves. */
  readonly privateIp?: string
  readonly publicIp?: string
  readonly vars?: Vars
  readonly connection?: ConnectionSettings
  /** Facts declared by hand: used for whatever the host cannot be asked. */
  readonly facts?: DeclaredFacts
}
export type HostDefinitions<G extends GroupDefinitions> = { readonly [host: string]: HostDefinition<Exclude<keyof G & string, 'all'>> }

/** Literals of a `const` inventory widened back: a var that is 80 here may be 8080 on another host. */
export type Widen<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends boolean
      ? boolean
      : T extends Secret
        ? Secret
        : T extends readonly (infer E)[]
          ? readonly Widen<E>[]
          : T extends object
            ? { readonly [K in keyof T]: Widen<T[K]> }
            : T

type Simplify<T> = { readonly [K in keyof T]: T[K] } & {}
type VarsOf<G, K> = K extends keyof G ? (G[K] extends { readonly vars: infer V } ? Widen<V> : {}) : {}
type HostsOf<H, K> = K extends 'all'
  ? keyof H & string
  : { [N in keyof H & string]: H[N] extends { readonly groups: readonly (infer I)[] } ? (K extends I ? N : never) : never }[keyof H &
      string]
/** By host: a group of which one host declares no private address has none to rely on. */
type PrivateIpOf<H, N> = N extends keyof H ? (H[N] extends { readonly privateIp: string } ? string : undefined) : never

/** The vars a host may override: those of its groups and of `all`, each with the type declared there. */
type Overrides<G, Groups> = Partial<VarsOf<G, 'all'> & UnionToIntersection<Groups extends string ? VarsOf<G, Groups> : never>>
type UnionToIntersection<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void ? I : never
type CheckedHosts<G, H> = {
  readonly [N in keyof H]: H[N] extends { readonly groups: readonly (infer I)[]; readonly vars: object }
    ? { readonly vars: Overrides<G, I> }
    : unknown
}
type CheckedGroups<G> = { readonly [K in keyof G]: K extends 'all' ? unknown : { readonly vars?: Partial<VarsOf<G, 'all'>> & Vars } }

declare const shape: unique symbol
/** Every host and group, always. `S` carries names and vars as types. */
export interface Inventory<S extends Shape = Shape> {
  readonly kind: 'inventory'
  readonly model: InventoryModel
  readonly [shape]: S
}
/** Worked out in place, without a name, so that compiler messages print groups and their vars and not the machinery. */
type InventoryOf<G, H> = {
  readonly [K in (keyof G & string) | 'all']: {
    readonly host: HostsOf<H, K>
    readonly vars: Simplify<VarsOf<G, 'all'> & VarsOf<G, K>>
    readonly privateIp: PrivateIpOf<H, HostsOf<H, K> & keyof H>
  }
} extends infer S extends Shape
  ? Inventory<S>
  : never
export type ShapeIn<I> = I extends Inventory<infer S> ? S : never

/**
 * Declares every host and group. Names become types; an override must fit the type its group or `all` declares.
 * @throws RollcallError for an unknown group, an empty host list, or two groups that set one var of a host differently.
 */
export function defineInventory<const G extends GroupDefinitions, const H extends HostDefinitions<G>>(definition: {
  readonly groups: G & CheckedGroups<G>
  readonly hosts: H & CheckedHosts<G, H>
}): InventoryOf<G, H> {
  const at: SourceLine | undefined = callerLine()
  const model = resolveInventory(definition.groups as GroupDefinitions, definition.hosts as HostDefinitions<GroupDefinitions>, at)
  return { kind: 'inventory', model } as unknown as InventoryOf<G, H>
}
