import type { DeclaredFacts } from '../model/facts.ts'
import type { GivenConnection, Shape, Vars } from '../model/inventory.ts'
import type { Secret } from '../util/secret.ts'
import type { Static, TSchema } from './schema.ts'

/** What `Type.Object` gives. Loosely, since comparing with typebox's own type costs the compiler much. */
export interface VarsSchema {
  readonly type: 'object'
  readonly properties: object
}

export interface GroupDefinition {
  readonly vars?: Vars
  /** Groups below it: their hosts are its hosts too, and have its vars. */
  readonly children?: readonly string[]
  /** What vars of its hosts look like, wherever they come from. Those it names have types without being set in code. */
  readonly schema?: VarsSchema
  /** Settings for its hosts; what is nearer to a host wins, setting by setting. */
  readonly connection?: GivenConnection | 'local'
}
export type GroupDefinitions = { readonly [group: string]: GroupDefinition }

export interface HostDefinition<Group extends string = string> {
  readonly groups: readonly Group[]
  /** Address on the private network that hosts use among themselves. */
  readonly privateIp?: string
  readonly publicIp?: string
  readonly vars?: Vars
  /** How it is reached: `ssh()` (default), `lab()`, or `'local'`, which is the controller itself. */
  readonly connection?: GivenConnection | 'local'
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
/** What a schema says of a var is meant as it stands; lists of a `const` inventory can be read only. */
type Fixed<T> = T extends Secret
  ? T
  : T extends readonly (infer E)[]
    ? readonly Fixed<E>[]
    : T extends object
      ? { readonly [K in keyof T]: Fixed<T[K]> }
      : T

export type Simplify<T> = { readonly [K in keyof T]: T[K] } & {}
export type UnionToIntersection<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void ? I : never

/** Pieces as one object. */
export type Joined<P extends readonly object[]> = Simplify<UnionToIntersection<P[number]>>

/** Vars that a group itself speaks of. */
export type VarsOf<G, K> = K extends keyof G ? SetIn<G[K]> & SchemaIn<G[K]> : {}
type SetIn<D> = D extends { readonly vars: infer V } ? Widen<V> : {}
type SchemaIn<D> = D extends { readonly schema: infer S extends TSchema } ? Fixed<Static<S>> : {}
/** Names of vars that a group sets, without their types. */
export type NamesSetIn<D> = D extends { readonly vars: infer V } ? keyof V & string : never
/** Names of vars that a group's schema speaks of. */
export type NamesOfSchemaIn<D> = D extends { readonly schema: { readonly properties: infer P } } ? keyof P & string : never
/** Vars of each of several groups. */
type VarsOfAll<G, Groups> = UnionToIntersection<Groups extends string ? VarsOf<G, Groups> : never>

type Tree = { readonly [group: string]: string }
/** Group → itself and every group above it. One pass over the groups, as {@link Members} is one over the hosts. */
type Above<G, P = Parents<G>> = { readonly [K in keyof G & string]: Up<P, K> & string }
type Parents<G> = { readonly [P in keyof G & string as ChildOf<G[P]>]: P }
type ChildOf<D> = D extends { readonly children: readonly (infer C extends string)[] } ? C : never
/** Groups that are below each other end here; what they are told is said at load, with the path. */
type Up<P, K, Seen = never> = K extends Seen ? never : K | (K extends keyof P ? Up<P, P[K], Seen | K> : never)

/**
 * Group → its hosts and what they declare. One pass over the hosts: keys that come to one name are joined by the
 * compiler, where asking every group of every host would cost their product.
 */
type Members<H, A extends Tree> = { readonly [N in keyof H & string as GroupsOf<H[N], A> | 'all']: Group<H, N> }
/** Every group that a host is in, but `all`. */
type GroupsOf<D, A extends Tree> = D extends { readonly groups: readonly (infer G extends keyof A)[] } ? A[G] : never
interface Group<H, N extends keyof H & string> {
  readonly host: N
  /** A group of which one host declares no private address has none to rely on. */
  readonly privateIp: H[N] extends { readonly privateIp: string } ? string : string | undefined
}
/** Not by `keyof M`, which would be worked out anew for each group. */
type HostsOf<M, K extends string> = M extends { readonly [P in K]: { readonly host: infer N } } ? N : never
type PrivateIpOf<M, K extends string> = M extends { readonly [P in K]: { readonly privateIp: infer P } } ? P : never

/** Group → the vars that its hosts have: its own, those of groups above it, and those of `all`. */
type Declared<G, A> = { readonly [K in keyof A]: VarsOf<G, 'all'> & VarsOfAll<G, A[K]> }
/** The vars a host may override are those that its groups declare, each with the type declared there. */
type Overrides<D, Groups> = UnionToIntersection<Groups extends keyof D ? D[Groups] : never>
/**
 * What is wrong with hosts. Asked of all of them at once: where nothing is, an intersection host by host would cost the
 * compiler twice as much as all else it does for them.
 */
export type CheckedHosts<G, H, D = Declared<G, Above<G>>> = [{ readonly [N in keyof H]: Mistake<H[N], D> }[keyof H]] extends [never]
  ? unknown
  : { readonly [N in keyof H]: CheckedHost<H[N], D> }
type Mistake<H, D> = keyof H extends keyof HostDefinition
  ? H extends { readonly groups: readonly (infer I)[]; readonly vars: infer V }
    ? V extends Partial<Overrides<D, I>>
      ? never
      : 'vars'
    : never
  : 'setting'
type CheckedHost<H, D> = keyof H extends keyof HostDefinition
  ? H extends { readonly groups: readonly (infer I)[]; readonly vars: infer V }
    ? CheckedVars<V, Overrides<D, I>>
    : unknown
  : NoOther<H, keyof HostDefinition>
export type CheckedGroups<G, A = Above<G>> = { readonly [K in keyof G]: CheckedGroup<G, K, A> }
type CheckedGroup<G, K extends keyof G, A> = keyof G[K] extends keyof GroupDefinition
  ? CheckedChildren<G, K> &
      (G[K] extends { readonly vars: infer V }
        ? CheckedVars<V, SchemaIn<G[K]> & (K extends 'all' ? {} : VarsOf<G, 'all'> & VarsOfAll<G, Exclude<A[K & keyof A], K>>)>
        : unknown)
  : NoOther<G[K], keyof GroupDefinition>
type CheckedChildren<G, K extends keyof G> = [ChildOf<G[K]>] extends [keyof G]
  ? unknown
  : { readonly children: readonly Exclude<keyof G, 'all' | K>[] }
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

/** A host of which only a source knows the name. Joined with names that are known, it does not swallow them. */
type Unnamed = string & {}

/** Worked out in place, without a name, so that compiler messages print groups and their vars and not the machinery. */
export type ShapeOf<G, H, Sources, A extends Tree = Above<G>, D = Declared<G, A>, M = Members<H, A>> = {
  readonly [K in (keyof G & string) | 'all']: {
    readonly host: HostsOf<M, K> | (Sources extends readonly [] ? never : Unnamed)
    readonly vars: Simplify<K extends keyof D ? D[K] : VarsOf<G, 'all'>>
    readonly privateIp: PrivateIpOf<M, K> | (Sources extends readonly [] ? never : string | undefined)
  }
} extends infer S extends Shape
  ? S
  : never
