import type { BuiltInFamily, FactOrigin, Facts, Family } from './facts.ts'
import type { GroupShape, Shape } from './inventory.ts'

type Everything = 'every host of the inventory'
type Limited = 'only the hosts inside --limit'

/** What the inventory declares of a host. */
export interface DeclaredHost<Name extends string = string, V = object, P extends string | undefined = string | undefined> {
  readonly name: Name
  readonly groups: readonly string[]
  readonly vars: V
  readonly privateIp: P
  readonly publicIp: string | undefined
}

export interface WithFacts<F extends Family> {
  readonly known: true
  readonly facts: Facts<F>
  /** The oldest origin among its families, and how old that is. */
  readonly origin: FactOrigin
  readonly ageSeconds: number
}
export interface WithoutFacts {
  readonly known: false
  /** Why nothing is known: the host is down and never answered before, or stands outside the play's facts scope. */
  readonly reason: string
}

/** A host of the fleet: what is declared, and its facts if anything is known of it. A host that is down stays in every list. */
export type FleetHost<
  Name extends string = string,
  V = object,
  P extends string | undefined = string | undefined,
  F extends Family = BuiltInFamily,
> = DeclaredHost<Name, V, P> & (WithFacts<F> | WithoutFacts)

/** `FleetHost` narrowed to hosts whose facts may be read. */
export type KnownHost<M> = Extract<M, { readonly known: true }>

/** Members shared by groups of the fleet and of the targets. */
interface HostGroup<M, Who> {
  /**
   * The first law as the name of a phantom property, so that the compiler prints it: `FleetGroup` and `TargetGroup`
   * differ in nothing but its type, and a plain array lacks it. It exists in types only.
   */
  readonly '--limit chooses where tasks run, it never narrows what templates know': Who
  readonly names: readonly string[]
  readonly size: number
  /** A plain array: data, and no longer a group that a template accepts. */
  map<R>(each: (host: M, index: number) => R): readonly R[]
  filter(keep: (host: M) => boolean): readonly M[]
  /**
   * Every host of the group with its facts. Nothing fails until a fact that is neither live, cached nor declared is
   * really read: then the error names host and fact.
   */
  withFacts(): readonly KnownHost<M>[]
  [Symbol.iterator](): Iterator<M>
}

/** The declared part of a member of a group: with facts in reach, a condition would drop a host that is down. */
type DeclaredPart<M> = Pick<M, keyof M & keyof DeclaredHost>

/** A group of the FLEET: every host of it, whatever `--limit` says. Only `fleet.group` and `where` make one. */
export interface FleetGroup<M = FleetHost> extends HostGroup<M, Everything> {}
/**
 * A group of the fleet as `fleet` hands it out. A type of its own: were `where` a member of `FleetGroup`, the compiler
 * would say of a wrong group that it lacks `where`, and not the first law.
 */
export interface ChoosableGroup<M = FleetHost> extends FleetGroup<M> {
  /**
   * Hosts of the group chosen by what they ARE, with the vars of the group. The condition sees declared values only, so
   * a host that is down cannot drop out.
   */
  where(condition: (host: DeclaredPart<M>) => boolean): ChoosableGroup<M>
}
/** A group of the TARGETS: only hosts this run may change. No template accepts it. */
export interface TargetGroup<M = FleetHost> extends HostGroup<M, Limited> {}

/** Worked out eagerly: messages then print a host's vars instead of the whole inventory. */
type Member<S extends Shape, G extends keyof S, F extends Family> = S[G] extends infer X extends GroupShape
  ? FleetHost<X['host'], X['vars'], X['privateIp'], F>
  : never
type HostName<S extends Shape> = At<S, 'all'>['host']
type At<S extends Shape, G extends string> = S[G] extends infer X extends GroupShape ? X : never

type One<S extends Shape, N extends string, F extends Family> = S['all'] extends infer X extends GroupShape
  ? FleetHost<N, X['vars'], X['privateIp'], F>
  : never

/** EVERY host of the inventory with what is known of it, whatever `--limit` says; itself the group `all`. */
export interface Fleet<S extends Shape = Shape, F extends Family = BuiltInFamily> extends ChoosableGroup<Member<S, 'all', F>> {
  readonly names: readonly HostName<S>[]
  group<G extends keyof S & string>(name: G): ChoosableGroup<Member<S, G, F>>
  host<N extends HostName<S>>(name: N): One<S, N, F>
}

/** The hosts this run may change: those of the play's `hosts` that `--limit` leaves. No template accepts them. */
export interface Targets<S extends Shape = Shape, F extends Family = BuiltInFamily> extends TargetGroup<Member<S, 'all', F>> {
  readonly names: readonly HostName<S>[]
  group<G extends keyof S & string>(name: G): TargetGroup<Member<S, G, F>>
  host<N extends HostName<S>>(name: N): One<S, N, F>
  includes(name: string): boolean
}
