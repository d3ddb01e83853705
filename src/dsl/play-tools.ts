import type { Call } from './call.ts'

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
}
/** A function, so that a closure can name the task whose result it waits for. */
export type ResultReader = <T extends Task<any>>(task: T) => (T extends Task<infer R> ? R : never) & Outcome

/** One call, or a list of calls that one task makes in turn (Ansible's `loop`). */
export type Calls = Call<any> | readonly Call<any>[]
/** What a task's calls leave: the call's own result, or `items` for a list. */
export type ResultOf<A> = A extends Call<infer R> ? R : A extends readonly Call<infer R>[] ? { readonly items: readonly R[] } : never

export interface TaskOptions<C> {
  /** Skips the task on hosts where this is false. */
  readonly when?: (scope: C) => boolean
  /** Handlers to run at the end of the play where this task changed something. */
  readonly notify?: Handler | readonly Handler[]
  readonly tags?: readonly string[]
  /** Overrides the play's `become`. */
  readonly become?: boolean
}
export interface HandlerOptions {
  readonly become?: boolean
}

/**
 * What a play's body uses. Properties, not methods: parameters of methods are compared both ways, and a service module
 * would accept too poor a play.
 */
export interface PlayTools<C> {
  readonly task: <A extends Calls>(name: string, action: A | ((scope: C) => A), options?: TaskOptions<C>) => Task<ResultOf<A>>
  readonly handler: (name: string, action: Calls | ((scope: C) => Calls), options?: HandlerOptions) => Handler
  /** Runs here the handlers notified so far, instead of at the end of the play (Ansible's `meta: flush_handlers`). */
  readonly flushHandlers: () => void
}
