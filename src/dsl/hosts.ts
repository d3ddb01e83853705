import { RollcallError } from '../model/errors.ts'
import type { HostChoice, HostSet, NewSet, Position } from '../model/host-set.ts'
import type { GroupShape, Shape } from '../model/inventory.ts'
import { callerLine } from '../util/caller.ts'
import { suggest } from '../util/suggest.ts'
import type { Inventory } from './inventory.ts'

/** Hosts put together of names, for a play's `hosts`. The names, however deep they were written, stand in one property of the type. */
export interface Chosen<N extends string> {
  readonly [names]: N
}
declare const names: unique symbol
/** Hosts that are in any of these. */
export interface Union<A extends List> extends Chosen<NamesIn<A[number]>> {
  readonly union: A
}
/** Hosts that are in each of these. */
export interface Intersection<A extends List> extends Chosen<NamesIn<A[number]>> {
  readonly intersection: A
}
/** Hosts of one choice that are in none of others. */
export interface Without<A extends Choice, B extends List> extends Chosen<NamesIn<A | B[number]>> {
  readonly without: A
}
/** Hosts at places of a choice. */
export interface Nth<A extends Choice> extends Chosen<NamesIn<A>> {
  readonly nth: A
}
/** Hosts that tasks put into it while the run goes on. */
export interface DynamicGroup<A extends Choice = Choice> extends Chosen<NamesIn<A>> {
  readonly dynamic: A
}
/** One group, or several. */
type Like<G extends string = string> = G | readonly [G, ...G[]]
/** Hosts that no inventory has, and that tasks add while the run goes on. `V`: their vars; `P`: whether each has a private address. */
export interface NewHosts<L extends Like = any, V extends object = any, P extends string | undefined = any>
  extends Chosen<L extends string ? L : L[number]> {
  readonly like: L
  readonly [adds]: { readonly vars: V; readonly privateIp: P }
}
declare const adds: unique symbol
/** Of a group without hosts nothing says that one could lack a private address. */
type AlikeIn<S extends Shape, L> = L extends string ? GroupOf<S, L> : EachOf<S, L>
type PrivateIp<P> = [P] extends [never] ? string : P
/** A pattern as text: of its names the compiler knows nothing. */
export interface Pattern extends Chosen<never> {
  readonly pattern: string
}

/** A name, or what these functions make. */
export type Choice<N extends string = string> = N | Chosen<N>
type List = readonly Choice[]
type Several = readonly [Choice, Choice, ...Choice[]]
type NamesIn<A> = A extends string ? A : A extends Chosen<infer N> ? N : never

/** The compiler says of a wrong name only this, and not what all names are. */
interface NotInTheInventory<N extends string> {
  readonly 'every name is a group or a host of it': N
}
/** What is wrong with a choice of hosts, if anything. */
export type CheckedChoice<H, Known extends string> =
  H extends Chosen<infer N> ? ([N] extends [Known] ? unknown : { readonly hosts: NotInTheInventory<Exclude<N, Known>> }) : unknown

type All<S extends Shape> = S['all'] extends infer X extends GroupShape ? X : never
export type HostIn<S extends Shape> = All<S>['host']
/** Hosts that are declared, and not only told by a source. */
export type NamedHost<S extends Shape> = string extends HostIn<S> ? Literal<HostIn<S>> : HostIn<S>
type Literal<N> = N extends string ? (string extends N ? never : N) : never
/** Names of an inventory. */
export type Known<S extends Shape> = (keyof S & string) | NamedHost<S>
/** What every host of a choice has. */
export type GroupOf<S extends Shape, H> = H extends keyof S
  ? S[H] extends infer X extends GroupShape
    ? X
    : never
  : H extends string
    ? { readonly host: H; readonly vars: All<S>['vars']; readonly privateIp: All<S>['privateIp'] }
    : ComposedOf<S, H>
/** What may be said of every host of a choice. Of a union only what is true of each part: a union of types says just that. */
type ComposedOf<S extends Shape, H> =
  H extends NewHosts<any, infer V, infer P>
    ? { readonly host: string; readonly vars: V; readonly privateIp: P }
    : H extends Union<infer A>
      ? GroupOf<S, A[number]>
      : H extends Intersection<infer A>
        ? EachOf<S, A>
        : H extends Without<infer A, any> | Nth<infer A> | DynamicGroup<infer A>
          ? GroupOf<S, A>
          : All<S>
/** Part by part: a union among the parts must not become an intersection. */
type EachOf<S extends Shape, A> = A extends readonly [infer H, ...infer Rest]
  ? Rest extends readonly []
    ? GroupOf<S, H>
    : Both<GroupOf<S, H>, EachOf<S, Rest>>
  : never
interface Both<A extends GroupShape, B extends GroupShape> {
  readonly host: A['host'] & B['host']
  readonly vars: Simplify<A['vars'] & B['vars']>
  readonly privateIp: A['privateIp'] & B['privateIp']
}
type Simplify<T> = { readonly [K in keyof T]: T[K] } & {}

const make = <T>(set: HostSet): T => set as unknown as T
const all = (of: readonly Choice[]) => of as readonly unknown[] as readonly HostChoice[]

/**
 * Hosts that are in any of these, each once, in this order: Ansible's `web:db`. Closures see the vars that all of them
 * have.
 */
export const union = <const A extends Several>(...of: A): Union<A> => make({ kind: 'union', of: all(of) })

/** Hosts of the first that are in each other one, too: Ansible's `web:&eu`. Closures see the vars of each. */
export const intersection = <const A extends Several>(...of: A): Intersection<A> => make({ kind: 'intersection', of: all(of) })

/** Hosts of the first that are in none of the others: Ansible's `web:!edge`. Closures see the vars of the first. */
export const without = <const A extends Choice, const B extends readonly [Choice, ...Choice[]]>(from: A, ...others: B): Without<A, B> =>
  make({ kind: 'without', of: all([from, ...others]) })

/**
 * The host at a place of a choice, counted from 0, or from the end where it is negative: Ansible's `web[0]` and `web[-1]`.
 * `{ from: 0, to: 2 }` are the first three, Ansible's `web[0:2]`; without `to` it goes to the end.
 */
export const nth = <const A extends Choice>(of: A, position: Position): Nth<A> =>
  make({ kind: 'nth', of: [of as unknown as HostChoice], position })

/**
 * A group that `groupBy` fills while a run goes on, and that a later play names as its `hosts`. It takes hosts of `of`, whose vars
 * closures then see; default is `all`. Its name is for reports.
 */
export const dynamicGroup = <const A extends Choice = 'all'>(name: string, { of }: { readonly of?: A } = {}): DynamicGroup<A> =>
  make({ kind: 'dynamic', name, of: all([of ?? 'all']) as readonly [HostChoice] })

/**
 * Hosts that this run adds, by `addHost`, and that a later play names as its `hosts`. Each is a host of the groups `like`, whose vars
 * it has, and of `all`, the default. The limit takes its name as that of a group.
 * @throws RollcallError for a name that is taken, and for a group that there is not.
 */
export const newHosts = <S extends Shape, const L extends Like<keyof S & string> = 'all'>(
  name: string,
  inventory: Inventory<S>,
  { like }: { readonly like?: L } = {},
): NewHosts<L, AlikeIn<S, L>['vars'], PrivateIp<AlikeIn<S, L>['privateIp']>> => {
  const { model } = inventory
  const at = callerLine()
  const fail = (detail: string, fix: string) => {
    throw new RollcallError({
      summary: 'New hosts are declared wrongly',
      detail: `'${name}': ${detail}`,
      fix,
      exitCode: 1,
      ...(at && { at }),
    })
  }
  if (!/^[\w.-]+$/.test(name)) fail('it cannot be a name', 'Use letters, digits, dots, dashes and underscores: --limit takes it.')
  if (model.groups.has(name) || model.hosts.has(name)) fail('the inventory has that name', 'Give them another: --limit takes it.')
  const groups = [like ?? 'all'].flat() as string[]
  for (const group of groups) {
    const meant = suggest(group, model.groups.keys())
    if (!model.groups.has(group))
      fail(`'${group}' is no group`, meant ? `Did you mean '${meant}'?` : `There are: ${[...model.groups.keys()].join(', ')}.`)
  }
  const set = { kind: 'new', name, like: [...new Set(groups)].filter((group) => group !== 'all') } as const
  // Not to be printed with it.
  return make(Object.defineProperty(set, 'inventory', { value: model }) as unknown as NewSet)
}

/** A pattern of Ansible's as text: `pattern('web:!edge')`. Its names are checked at load; closures see the vars of `all`. */
export const pattern = (text: string): Pattern => make({ kind: 'pattern', text })
