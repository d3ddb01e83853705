import Type, { type Static, type TObject, type TProperties, type TSchema } from 'typebox'

export type { Static, TObject, TProperties, TSchema }
export { Type }

/**
 * Classes a parameter may be an instance of, by the name that Ajv's `instanceOf` keyword uses.
 * The engine registers the keyword; a name that is not here is refused when the schema is compiled.
 */
export const instanceClasses = new Map<string, new (...args: never[]) => unknown>()

/** A parameter that holds an object of ours (a script, a rendered template, a secret) instead of JSON. */
export function instanceOf<T>(name: string, of: abstract new (...args: never[]) => T, description?: string) {
  instanceClasses.set(name, of as unknown as new (...args: never[]) => unknown)
  return Type.Unsafe<T>({ instanceOf: name, ...(description === undefined ? {} : { description }) })
}

/** A parameter that is a function, e.g. `validate: (path) => sh…`. */
export function callback<T extends (...args: never[]) => unknown>(description?: string) {
  return Type.Unsafe<T>({ instanceOf: 'Function', ...(description === undefined ? {} : { description }) })
}
instanceClasses.set('Function', Function as never)

/** One of a few words, typed as their union. */
export function oneOf<const V extends readonly string[]>(
  values: V,
  options: {
    readonly description?: string
    /** What to say to who gives a word that is none of them, and means something else: `restarted` is no state. */
    readonly instead?: { readonly [word: string]: string }
  } = {},
) {
  return Type.Unsafe<V[number]>({ type: 'string', enum: [...values], ...options })
}

declare const holds: unique symbol
/**
 * The schema of a module's parameters. It carries the type they have, worked out once: definitions generic over
 * typebox's own `TObject` cost the compiler a hundred times as much, in each playbook's type-check.
 */
export interface ParamsSchema<T = any> extends TSchema {
  readonly properties: TProperties
  readonly required?: readonly string[]
  readonly [holds]: T
}

/** Closed parameters: an unknown key is an error. */
export function parameters<P extends TProperties>(properties: P) {
  return Type.Object(properties, { additionalProperties: false }) as unknown as ParamsSchema<Given<Static<TObject<P>>>>
}

type Given<T> = { readonly [K in keyof T]: undefined extends T[K] ? T[K] | undefined : T[K] }
/** What a caller may pass: optional parameters may also be `undefined`, so that `x: condition ? 1 : undefined` is fine. */
export type Params<S extends ParamsSchema> = S[typeof holds]
