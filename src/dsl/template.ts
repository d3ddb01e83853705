import { dirname, resolve } from 'node:path'
import { RollcallError, type SourceLine } from '../model/errors.ts'
import type { Family } from '../model/facts.ts'
import type { DeclaredHost, FleetGroup, WithFacts, WithoutFacts } from '../model/fleet.ts'
import { type GroupSeen, groupSeen, isFleetGroup } from '../model/host-groups.ts'
import { callerLine } from '../util/caller.ts'

declare const holds: unique symbol
/** The first law broken: a template was handed hosts that are not a whole group of the fleet. */
export class NotAFleetGroup extends RollcallError {
  override readonly name = 'NotAFleetGroup'
}

/** What a template asks its caller for. */
export interface TemplateInput<T> {
  readonly kind: 'fleetGroup' | 'value'
  readonly [holds]: T
}

/** What a template needs of each host of a group: vars, a private address, families of facts. */
export interface HostNeeds {
  readonly privateIp?: string
  readonly vars?: object
  readonly facts?: Family
}
type Vars<N> = N extends { readonly vars: infer V extends object } ? V : object
type PrivateIp<N> = N extends { readonly privateIp: infer P extends string } ? P : string | undefined
type NeededFacts<N> = N extends { readonly facts: infer F extends Family } ? F : never
/** A host as a template with these needs sees it. */
export type HostWith<N extends HostNeeds = {}> = DeclaredHost<string, Vars<N>, PrivateIp<N>> & (WithFacts<NeededFacts<N>> | WithoutFacts)

/** Asks for a whole group of the fleet. Nothing made from `targets`, and no array, is accepted in its place. */
export function fleetGroup<N extends HostNeeds = {}>(): TemplateInput<FleetGroup<HostWith<N>>> {
  return { kind: 'fleetGroup' } as TemplateInput<FleetGroup<HostWith<N>>>
}

/** Asks for plain data. */
export function value<T>(): TemplateInput<T> {
  return { kind: 'value' } as TemplateInput<T>
}

export type TemplateInputs = { readonly [name: string]: TemplateInput<any> }
type Given<I extends TemplateInputs> = { readonly [K in keyof I]: I[K] extends TemplateInput<infer T> ? T : never }

export interface TemplateDefinition<I extends TemplateInputs, D extends object> {
  /** The `.eta` file, relative to the file that defines the template. */
  readonly file: string
  readonly input: I
  /** Maps the input to what the `.eta` reads as `it`. Pure. */
  readonly data: (input: Given<I>) => D
}

/** Which template, told from others by identity, and its input. */
interface Made {
  readonly template: object
  readonly given: Readonly<Record<string, unknown>>
}

/** A template with its input, not yet rendered: what `template({ src })` takes. */
export class Rendering {
  readonly path: string
  readonly at: SourceLine | undefined
  readonly #data: () => object
  /** Which hosts of which fleet groups it was given. */
  readonly seen: readonly GroupSeen[]
  /** Renderings of one template that were given the same are the same. */
  readonly made: Made
  constructor(path: string, data: () => object, seen: readonly GroupSeen[], at: SourceLine | undefined, made?: Made) {
    this.path = path
    this.#data = data
    this.seen = seen
    this.at = at
    this.made = made ?? { template: this, given: {} }
  }
  /** Works out the template's data; may throw what the user's mapping throws. */
  data(): object {
    return this.#data()
  }
}

declare const dataType: unique symbol
export interface Template<I extends TemplateInputs, D extends object> {
  (input: Given<I>): Rendering
  readonly path: string
  readonly [dataType]: D
}
/** The type of `it` in a template's `.eta`. */
export type TemplateData<T> = T extends { readonly [dataType]: infer D } ? D : never

/** Every template defined so far, by its `.eta` file: lets the loader find templates that the type-check missed. */
export const definedTemplates = new Set<string>()

/**
 * Binds an `.eta` file to its input and data. Calling the template checks, at run time too, that each fleet group is
 * one the engine made: a cast fools the compiler, not this.
 * @throws RollcallError when an input that asks for a fleet group is given anything else.
 */
export function defineTemplate<const I extends TemplateInputs, D extends object>(definition: TemplateDefinition<I, D>): Template<I, D> {
  const at = callerLine()
  const path = resolve(at ? dirname(at.file) : '.', definition.file)
  definedTemplates.add(path)
  const template = (input: Given<I>): Rendering => {
    const from = callerLine()
    const given = input as Readonly<Record<string, unknown>>
    const seen = Object.entries(definition.input)
      .filter(([, asked]) => asked.kind === 'fleetGroup')
      .map(([name]) => {
        const group = given[name]
        if (isFleetGroup(group)) return groupSeen(group, name)
        throw new NotAFleetGroup({
          summary: 'A template was given hosts that are not a group of the fleet',
          detail: `input '${name}' of ${definition.file} takes a whole group of the fleet\n--limit chooses where tasks run, it never narrows what templates know`,
          fix: `Pass fleet.group('…') or fleet.where(…) itself, not targets and nothing mapped, filtered, spread or cast.`,
          ...(from && { at: from }),
        })
      })
    return new Rendering(path, () => definition.data(input), seen, from, { template: definition, given })
  }
  return Object.assign(template, { path }) as unknown as Template<I, D>
}
