import type { BecomeOption } from '../model/become.ts'
import type { Call } from './call.ts'
import type { Environment } from './environment.ts'

declare const left: unique symbol
/** A task of a play: a value, and the typed key to its result. */
export interface Task<R = unknown> {
  readonly kind: 'task'
  readonly name: string
  readonly [left]: R
}
/** A task that runs once, at the end of the play, on the hosts where a change notified it. */
export interface Handler {
  readonly kind: 'handler'
  readonly name: string
}

/** What every result has, besides what its module leaves. A skipped task left only this; reading more of it is an error. */
export interface Outcome {
  readonly changed: boolean
  readonly skipped: boolean
  /** True only where `ignoreErrors` let the play go on. Then `msg` says why, and more can be read of what had a result. */
  readonly failed: boolean
}
/** A function, so that a closure can name the task whose result it waits for. */
export type ResultReader = <T extends Task<any>>(task: T) => (T extends Task<infer R> ? R : never) & Outcome

/** One call, or a list of calls that one task makes in turn (Ansible's `loop`). */
export type Calls = Call<any> | readonly Call<any>[]
/** What a task's calls leave: the call's own result, or `items` for a list. */
export type ResultOf<A> = A extends Call<infer R> ? R : A extends readonly Call<infer R>[] ? { readonly items: readonly R[] } : never

/** What one call of a task leaves: of a list, each item. */
export type CallResult<A> = A extends Call<infer R> ? R : A extends readonly Call<infer R>[] ? R : never
/** What a call that has run leaves. */
type Done<R> = R extends { readonly ran: false } ? never : R
/** What `changedWhen` and `failedWhen` see: `result.rc` is of the call itself, `result(task)` of an earlier task. */
export type Judging<C, R> = C & {
  readonly result: Done<R> & { readonly changed: boolean; readonly failed: boolean; readonly msg?: unknown }
}

/** How it is decided what became of a call. A list is judged item by item. */
interface Judgement<C, R> {
  /** Whether the call counts as a change, instead of what it says itself. */
  readonly changedWhen?: (scope: Judging<C, R>) => boolean
  /** Whether the call counts as failed, instead of what it says itself. A host that is lost is lost all the same. */
  readonly failedWhen?: (scope: Judging<C, R>) => boolean
  /** The play goes on on a host where this fails; `result(task).failed` is true there. */
  readonly ignoreErrors?: boolean
}

export interface TaskOptions<C, R = unknown> extends Judgement<C, R> {
  /** Skips the task on hosts where this is false. */
  readonly when?: (scope: C) => boolean
  /** Handlers to run at the end of the play where this task changed something. */
  readonly notify?: Handler | readonly Handler[]
  readonly tags?: readonly string[]
  /** As another user, `root` by default; key by key before what the play says. */
  readonly become?: BecomeOption
  /** Variables that its commands and steps run with; key by key before what the play says. */
  readonly environment?: Environment<C>
}
export interface HandlerOptions<C = any, R = unknown> extends Judgement<C, R> {
  readonly become?: BecomeOption
  readonly environment?: Environment<C>
}

/**
 * What a play's body uses. Properties, not methods: parameters of methods are compared both ways, and a service module
 * would accept too poor a play.
 */
export interface PlayTools<C> {
  readonly task: <A extends Calls>(
    name: string,
    action: A | ((scope: C) => A),
    options?: TaskOptions<C, CallResult<NoInfer<A>>>,
  ) => Task<ResultOf<A>>
  readonly handler: <A extends Calls>(
    name: string,
    action: A | ((scope: C) => A),
    options?: HandlerOptions<C, CallResult<NoInfer<A>>>,
  ) => Handler
  /** Runs here the handlers notified so far, instead of at the end of the play (Ansible's `meta: flush_handlers`). */
  readonly flushHandlers: () => void
}
