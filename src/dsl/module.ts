import { callerLine } from '../util/caller.ts'
import { type Call, makeCall } from './call.ts'
import type {
  ActionDefinition,
  ControllerDefinition,
  FoundSoFar,
  Happening,
  InputSet,
  Inputs,
  Mode,
  ModuleDefinition,
  QueryDefinition,
  ResultFields,
  Return,
  StepOutcome,
  Waiting,
} from './definition.ts'
import type { Found, ReadSet, Wanted } from './resource.ts'
import type { Params, ParamsSchema } from './schema.ts'
import type { Step } from './step.ts'

/** What users call: parameters in, a call out. `definition` is for the engine, the docs and the law kit. */
export interface Callable<P extends ParamsSchema, R> {
  (params: Params<P>): Call<R>
  readonly definition: { readonly name: string; readonly summary: string; readonly params: P }
}

function callable<P extends ParamsSchema, R>(
  definition: ModuleDefinition | ActionDefinition | QueryDefinition | ControllerDefinition,
): Callable<P, R> {
  const call = (params: Params<P>) => makeCall<R>(definition, params, callerLine())
  return Object.assign(call, { definition }) as unknown as Callable<P, R>
}

/** The states a module found and left: its result unless it defines another. */
export interface States<R extends ReadSet> {
  readonly before: Found<R>
  readonly after: Found<R>
}

/**
 * A state that holds: file, package, service, user. Authors write no diff, no check mode and no verification; all of
 * it follows from reads, plan and steps, which are pure.
 */
export function defineModule<
  P extends ParamsSchema,
  R extends ReadSet,
  I extends InputSet = {},
  Res extends object = States<R>,
>(definition: {
  readonly name: string
  readonly summary: string
  readonly params: P
  /** What the fields of its result are, for `rollcall doc`. */
  readonly resultFields?: ResultFields
  /** Files of the controller and rendered templates; the engine resolves them to bytes. */
  readonly inputs?: (params: Params<P>) => I
  /** What to read. Called again with what was found until it asks for nothing new, at most three rounds. */
  readonly reads: (params: Params<P>, found: FoundSoFar, inputs: Inputs<I>) => R
  /** The state wanted. May hold `unknown`. Throws `Refusal` for what cannot be. */
  readonly plan: (params: Params<P>, found: Found<R>, inputs: Inputs<I>) => Wanted<R>
  /** The way from found to wanted. The engine runs it, and never in check mode. */
  readonly steps: (
    params: Params<P>,
    change: { readonly found: Found<R>; readonly wanted: Wanted<R>; readonly inputs: Inputs<I> },
  ) => readonly Step[]
  /** For `--force`, where all is as wanted: the steps that make it so once more. Absent, or none: nothing is done again. */
  readonly again?: (params: Params<P>, of: { readonly found: Found<R>; readonly inputs: Inputs<I> }) => readonly Step[]
  /** Keys (globs, `file:/etc/*`) that a change may touch besides those it reads. Default: none. */
  readonly touches?: (params: Params<P>) => readonly string[]
  /** What of the state wanted must be found after the steps. Default: all of it. */
  readonly leaves?: (params: Params<P>, change: { readonly wanted: Wanted<R>; readonly after: Found<R> }) => Wanted<R>
  /** The result users read by `result(task)`, where before and after are not what they expect. `outcomes`: of the steps that ran. */
  readonly result?: (
    params: Params<P>,
    change: {
      readonly before: Found<R>
      readonly after: Found<R>
      readonly changed: boolean
      readonly outcomes: readonly StepOutcome[]
    },
  ) => Res
}): Callable<P, Res> {
  return callable({ kind: 'module', ...definition } as unknown as ModuleDefinition)
}

/** What is left of an action: whether it ran, and its last step's exit and output. In check mode it never ran. */
export type Ran =
  | { readonly ran: false; readonly reason: string }
  | { readonly ran: true; readonly rc: number; readonly stdout: string; readonly stderr: string }

/**
 * Something that happens: a command, a reload, a reboot. Check mode says `would run`. `reads` and `due` make it
 * conditional (`creates`, `unless`, …).
 */
export function defineAction<
  P extends ParamsSchema,
  R extends ReadSet = {},
  I extends InputSet = {},
  Res extends object = Ran,
>(definition: {
  readonly name: string
  readonly summary: string
  readonly params: P
  /** What the fields of its result are, for `rollcall doc`. */
  readonly resultFields?: ResultFields
  readonly inputs?: (params: Params<P>) => I
  readonly reads?: (params: Params<P>) => R
  /** `true`: run it. A sentence: why there is nothing to do. */
  readonly due?: (params: Params<P>, found: Found<R>) => true | string
  readonly steps: (params: Params<P>, inputs: Inputs<I>) => readonly Step[]
  /** Keys (globs) it may touch. Default: everything. */
  readonly touches?: (params: Params<P>) => readonly string[]
  readonly result?: (params: Params<P>, outcomes: readonly StepOutcome[], happening: Happening) => Res
  /** The result when there is nothing to do. Default: `ran: false` and the reason. */
  readonly idle?: (params: Params<P>, reason: string) => Res
  /** Exit codes of its last step that are no failure. Default: 0. */
  readonly okCodes?: (params: Params<P>) => readonly number[]
  /** The host goes away with the steps and comes back, as by a reboot: the engine waits for it over links of its own. */
  readonly returns?: (params: Params<P>, found: Found<R>) => Return
  /** Its steps only start something; its result is made of how that ends. */
  readonly waits?: (params: Params<P>) => Waiting | undefined
  /** What check mode says it would do; default `run`. */
  readonly would?: string
}): Callable<P, Res> {
  const last = (_: unknown, outcomes: readonly StepOutcome[]): Ran => {
    const end = outcomes.at(-1)
    return { ran: true, rc: end?.code ?? 0, stdout: text(end?.stdout), stderr: text(end?.stderr) }
  }
  return callable({
    kind: 'action',
    reads: () => ({}),
    due: () => true,
    touches: () => ['*'],
    result: last,
    idle: (_: unknown, reason: string): Ran => ({ ran: false, reason }),
    ...definition,
  } as unknown as ActionDefinition)
}

/** Reads something and changes nothing, so it runs in check mode too. */
export function defineQuery<P extends ParamsSchema, R extends ReadSet, Res extends object>(definition: {
  readonly name: string
  readonly summary: string
  readonly params: P
  /** What the fields of its result are, for `rollcall doc`. */
  readonly resultFields?: ResultFields
  readonly reads: (params: Params<P>, mode: Mode) => R
  /** Throws `Refusal` to fail the task. */
  readonly result: (params: Params<P>, found: Found<R>, mode: Mode) => Res
}): Callable<P, Res> {
  return callable({ kind: 'query', ...definition } as unknown as QueryDefinition)
}

/** Happens on the controller: assert, debug, pause. Touches no host. Throws `Refusal` to fail the task. */
export function defineControllerCall<P extends ParamsSchema, Res extends object>(definition: {
  readonly name: string
  readonly summary: string
  readonly params: P
  /** What the fields of its result are, for `rollcall doc`. */
  readonly resultFields?: ResultFields
  /** Throws `Refusal` for what its parameters alone make impossible: before the first play, where they are known then. */
  readonly refuse?: (params: Params<P>) => void
  readonly run: (params: Params<P>, mode: Mode) => Res | Promise<Res>
}): Callable<P, Res> {
  return callable({ kind: 'controller', ...definition } as unknown as ControllerDefinition)
}

const text = (bytes: Uint8Array | undefined) => (bytes === undefined ? '' : Buffer.from(bytes).toString('utf8'))
