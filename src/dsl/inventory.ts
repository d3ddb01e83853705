import type { SourceLine } from '../model/errors.ts'
import type { DeclaredFacts } from '../model/facts.ts'
import type { ConnectionSettings, InventoryModel, Shape, Vars } from '../model/inventory.ts'
import { callerLine } from '../util/caller.ts'
import type { Secret } from '../util/secret.ts'
import { resolveInventory } from './resolve-inventory.ts'

export interface GroupDefinition {
  readonly vars?: Vars
  /** For hosts of the group that give none themselves. */
  readonly connection?: ConnectionSettings | 'local'
}
export type GroupDefinitions = { readonly [group: string]: GroupDefinition }

export interface HostDefinition<Group extends string = string> {
  readonly groups: readonly Group[]
  /** Address on the private network that hosts use among themselves. */
  readonly privateIp?: string
  readonly publicIp?: string
  readonly vars?: Vars
  /** How it is reached: `ssh()` (default), `lab()`, or `'local'`, which is the controller itself. */
  readonly connection?: ConnectionSettings | 'local'
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
/**
 * Group → its hosts and what they declare. One pass over the hosts: keys that come to one name are joined by the
 * compiler, where asking every group of every host would cost their product.
 */
type Members<H> = { readonly [N in keyof H & string as MemberOf<H[N]> | 'all']: Group<H, N> }
type MemberOf<D> = D extends { readonly groups: readonly (infer G extends string)[] } ? G : never
interface Group<H, N extends keyof H & string> {
  readonly host: N
  /** A group of which one host declares no private address has none to rely on. */
  readonly privateIp: H[N] extends { readonly privateIp: string } ? string : string | undefined
}
/** Not by `keyof M`, which would be worked out anew for each group. */
type HostsOf<M, K extends string> = M extends { readonly [P in K]: { readonly host: infer N } } ? N : never
type PrivateIpOf<M, K extends string> = M extends { readonly [P in K]: { readonly privateIp: infer P } } ? P : never

/** The vars a host may override: those of its groups and of `all`, each with the type declared there. */
type Overrides<G, Groups> = VarsOf<G, 'all'> & UnionToIntersection<Groups extends string ? VarsOf<G, Groups> : never>
type UnionToIntersection<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void ? I : never
type CheckedHosts<G, H> = { readonly [N in keyof H]: CheckedHost<G, H[N]> }
type CheckedHost<G, D> = keyof D extends keyof HostDefinition
  ? D extends { readonly groups: readonly (infer I)[]; readonly vars: infer V }
    ? CheckedVars<V, Overrides<G, I>>
    : unknown
  : NoOther<D, keyof HostDefinition>
type CheckedGroups<G> = { readonly [K in keyof G]: CheckedGroup<G, K> }
type CheckedGroup<G, K extends keyof G> = keyof G[K] extends keyof GroupDefinition
  ? G[K] extends { readonly vars: infer V }
    ? CheckedVars<V, K extends 'all' ? {} : VarsOf<G, 'all'>>
    : unknown
  : NoOther<G[K], keyof GroupDefinition>
/** One comparison where all is well; only a mistake is looked for var by var. */
type CheckedVars<V, Declared> =
  V extends Partial<Declared>
    ? unknown
    : { readonly vars: { readonly [K in keyof V]: K extends keyof Declared ? Fitting<V[K], Declared[K]> : unknown } }
type Fitting<V, D> = V extends D ? unknown : NotAsDeclared<D>
/**
 * Interfaces, since the compiler makes `never` of a literal and another literal, and then prints only that. Their names
 * are what it prints instead.
 */
interface NotAsDeclared<T> {
  readonly 'an override has the type that the group, or all, declares': T
}
interface NoSuchSetting {
  readonly 'no setting of this name': never
}
/** Inference keeps whatever it is given, so a misspelt setting has to be refused by hand. */
type NoOther<D, Known> = { readonly [K in Exclude<keyof D, Known>]: NoSuchSetting }

declare const shape: unique symbol
/** Every host and group, always. `S` carries names and vars as types. */
export interface Inventory<S extends Shape = Shape> {
  readonly kind: 'inventory'
  readonly model: InventoryModel
  readonly [shape]: S
}
/** Worked out in place, without a name, so that compiler messages print groups and their vars and not the machinery. */
type InventoryOf<G, H, M = Members<H>> = {
  readonly [K in (keyof G & string) | 'all']: {
    readonly host: HostsOf<M, K>
    readonly vars: Simplify<VarsOf<G, 'all'> & VarsOf<G, K>>
    readonly privateIp: PrivateIpOf<M, K>
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
  /** Vars of `all` or of groups that `-e name=value` may override, on every host that has them. */
  readonly overridable?: readonly { [K in keyof G]: G[K] extends { readonly vars: infer V } ? keyof V & string : never }[keyof G][]
}): InventoryOf<G, H> {
  const at: SourceLine | undefined = callerLine()
  const { groups, hosts, overridable = [] } = definition
  const model = resolveInventory(groups as GroupDefinitions, hosts as HostDefinitions<GroupDefinitions>, at, overridable)
  return { kind: 'inventory', model } as unknown as InventoryOf<G, H>
}
