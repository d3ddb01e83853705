import type { CallerLine } from '../util/caller.ts'
import type { Definition } from './definition.ts'

declare const result: unique symbol
/** A module with its parameters: what one task does on one host. `R` is the type of its result. */
export interface Call<R = unknown> {
  readonly definition: Definition
  readonly params: object
  /** Where in the user's file the call stands. */
  readonly at: CallerLine | undefined
  readonly [result]: R
}

/** Wraps a definition as the function users call. */
export function makeCall<R>(definition: Definition, params: object, at: CallerLine | undefined): Call<R> {
  return { definition, params, at } as unknown as Call<R>
}
