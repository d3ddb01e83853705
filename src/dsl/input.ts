import { RollcallError } from '../model/errors.ts'
import type { InputDeclaration } from '../model/input.ts'
import { callerLine } from '../util/caller.ts'
import type { Secret } from '../util/secret.ts'
import { type Static, type TSchema, Type } from './schema.ts'

declare const holds: unique symbol
/** A value that a playbook is given by `-e`, or asks for. */
export interface Input<T = unknown> extends InputDeclaration {
  readonly [holds]: T
}
export type DeclaredInputs = { readonly [name: string]: Input<any> }
/** What a playbook's body sees of them. */
export type InputValues<I extends DeclaredInputs> = { readonly [N in keyof I]: I[N] extends Input<infer T> ? T : never }

interface Options<T> {
  /** What it is for: shown by `--list-inputs`, and where it is asked for. */
  readonly description?: string
  /** Used where it is not given; without a default it is asked for at a terminal, and needed elsewhere. */
  readonly default?: T
  /** What a person is asked; default is the description, or the name. */
  readonly prompt?: string
}
export interface TextOptions extends Options<string> {
  /** A regular expression of JavaScript that the text must match; write ^ and $ where all of it must. */
  readonly pattern?: string
  /** Default 1: an empty shell variable is not a value. */
  readonly minLength?: number
  readonly maxLength?: number
}
export interface NumberOptions extends Options<number> {
  readonly minimum?: number
  readonly maximum?: number
}
export interface ListOptions extends Options<readonly string[]> {
  /** What each text must match. */
  readonly pattern?: string
  readonly minItems?: number
}
export interface SecretOptions {
  readonly description?: string
  readonly prompt?: string
  /** A variable of the environment that gives it where `-e` does not. */
  readonly env?: string
  /** Have it typed twice where it is asked for. */
  readonly confirm?: boolean
  readonly minLength?: number
}

/** What a playbook's inputs are made of: each says the type that its body sees. */
export const input = {
  string: ({ pattern, minLength = 1, maxLength, ...options }: TextOptions = {}): Input<string> =>
    declare(Type.String({ minLength, ...given({ pattern, maxLength }) }), options),
  /** A whole number. */
  integer: ({ minimum, maximum, ...options }: NumberOptions = {}): Input<number> =>
    declare(Type.Integer(given({ minimum, maximum })), options),
  number: ({ minimum, maximum, ...options }: NumberOptions = {}): Input<number> =>
    declare(Type.Number(given({ minimum, maximum })), options),
  /** On the command line `true` or `false`, and nothing else. */
  boolean: (options: Options<boolean> = {}): Input<boolean> => declare(Type.Boolean(), options),
  /** One of a few words. */
  oneOf: <const V extends readonly string[]>(words: V, options: Options<NoInfer<V[number]>> = {}): Input<V[number]> =>
    declare({ type: 'string', enum: [...words] }, options),
  /** A list of texts: on the command line `a,b` or JSON. */
  strings: ({ pattern, minItems, ...options }: ListOptions = {}): Input<readonly string[]> =>
    declare(Type.Array(Type.String({ minLength: 1, ...given({ pattern }) }), given({ minItems })), options),
  /** Anything that a schema describes: `input.of(Type.Object({ … }))`. On the command line as JSON. */
  of: <S extends TSchema>(schema: S, options: Options<Static<S>> = {}): Input<Static<S>> => declare(schema as object, options),
  /**
   * A Secret: asked for without echo, or from a file (`-e @file`) or a variable. Never from the command line itself, which
   * ends in process lists and histories.
   */
  secret: ({ minLength = 1, ...options }: SecretOptions = {}): Input<Secret> => declare(Type.String({ minLength }), options, true),
  /** An input that may be left out, and is undefined then. Nobody is asked for it. */
  optional: <T>(of: Input<T>): Input<T | undefined> => ({ ...of, optional: true }) as unknown as Input<T | undefined>,
}

type Told = Omit<InputDeclaration, 'kind' | 'schema' | 'secret' | 'optional' | 'at'>

function declare<T>(schema: object, options: Told, secret = false): Input<T> {
  const at = callerLine()
  return Object.freeze({
    kind: 'input',
    schema: { ...schema },
    secret,
    optional: false,
    ...given(options),
    ...(at && { at }),
  }) as unknown as Input<T>
}

/** Without what is undefined: "not given", as everywhere. */
function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}

const nameForm = /^[A-Za-z_][A-Za-z0-9_]*$/

/** @throws RollcallError for a name that `-e` could not say, and for what no `input.…()` made. */
export function checkInputs(inputs: DeclaredInputs, playbook: string): void {
  const at = callerLine()
  const wrong = (detail: string, fix: string) =>
    new RollcallError({ summary: 'An input is declared wrongly', detail: `playbook '${playbook}': ${detail}`, fix, ...(at && { at }) })
  for (const [name, declared] of Object.entries(inputs)) {
    if (!nameForm.test(name)) throw wrong(`'${name}' cannot be the name of one`, 'Use letters, digits and underscores, no digit first.')
    if ((declared as { kind?: unknown } | undefined)?.kind !== 'input')
      throw wrong(`'${name}' was not made by input`, `Write:\n${name}: input.string({ description: '…' })`)
  }
}
