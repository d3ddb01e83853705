import type { BecomeOption } from '../model/become.ts'
import type { Failure } from './block.ts'
import type { Call } from './call.ts'
import type { Environment } from './environment.ts'
import type { Topic } from './topic.ts'

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
  /** True only where the play went on all the same: by `ignoreErrors`, `ignoreUnreachable` or a block's `rescue`. */
  readonly failed: boolean
  /** How often it was tried; absent where the task has no `retries`. */
  readonly attempts?: number
}
/** A function, so that a closure can name the task whose result it waits for. */
export type ResultReader = <T extends Task<any>>(task: T) => (T extends Task<infer R> ? R : never) & Outcome

/** One call, or a list of calls that one task makes in turn (Ansible's `loop`), or several at once with `parallel`. */
export type Calls = Call<any> | readonly Call<any>[]
/** What a task's calls leave: the call's own result, or `items` for a list. */
export type ResultOf<A> = A extends Call<infer R> ? R : A extends readonly Call<infer R>[] ? { readonly items: readonly R[] } : never

/** What one call of a task leaves: of a list, each item. */
export type CallResult<A> = A extends Call<infer R> ? R : A extends readonly Call<infer R>[] ? R : never
/** What a call that has run leaves. */
type Done<R> = R extends { readonly ran: false } ? never : R
/** What `changedWhen`, `failedWhen` and `until` see: `result.rc` is of the call itself, `result(task)` of an earlier task. */
export type Judging<C, R> = C & {
  readonly result: Done<R> & { readonly changed: boolean; readonly failed: boolean; readonly msg?: unknown }
}

/** How often something that failed is tried again. */
export interface Retries {
  /** How many times more it is tried; default 3 where `until` or `delay` is given, else 0. */
  readonly retries?: number
  /** Seconds between two attempts; default 5. */
  readonly delay?: number
}

/** How it is decided what became of a call. A list is judged item by item. */
interface Judgement<C, R> extends Retries {
  /** Whether the call counts as a change, instead of what it says itself. */
  readonly changedWhen?: (scope: Judging<C, R>) => boolean
  /** Whether the call counts as failed, instead of what it says itself. A host that is lost is lost all the same. */
  readonly failedWhen?: (scope: Judging<C, R>) => boolean
  /** Tried again until this holds; without it, until the call does not fail. In check mode it is tried once. */
  readonly until?: (scope: Judging<C, R>) => boolean
  /** The play goes on on a host where this fails; `result(task).failed` is true there. */
  readonly ignoreErrors?: boolean
  /** The play goes on on a host that is lost here, as if the task had failed and been ignored; its next task connects anew. */
  readonly ignoreUnreachable?: boolean
  /** At most so many hosts run it at once. */
  readonly throttle?: number
  /**
   * So many items of its list may run at the same time on one host; default 1, one after another. What is known to bear on an earlier
   * item waits for it. Items begin in their order; where one fails no further one begins, and what runs goes on to its end.
   */
  readonly parallel?: number
  /** Seconds it may take; then its processes on the host are ended and it has failed. Each attempt, and each call of a list, has its own. */
  readonly timeout?: number
}

/** What tasks and blocks have alike. A block hands it to each of its tasks; tags add up, conditions must all hold. */
interface Common<C> {
  /** Skips the task on hosts where this is false. */
  readonly when?: (scope: C) => boolean
  readonly tags?: readonly string[]
  /** As another user, `root` by default; key by key before what stands around it. */
  readonly become?: BecomeOption
  /** Variables that its commands and steps run with; key by key before what stands around it. */
  readonly environment?: Environment<C>
  /**
   * Acts on this host in place of the task's own, whose closures, results and outcome it stays: `({ fleet }) => fleet.host('…')`,
   * or `'localhost'`, the machine that Rollcall runs on. It may be a host outside of `--limit`; the header names those.
   */
  readonly delegateTo?: 'localhost' | ((scope: C) => { readonly name: string })
  /** A failure on one host stops all others after this task, as if it had failed there too. */
  readonly anyErrorsFatal?: boolean
}

export interface TaskOptions<C, R = unknown> extends Judgement<C, R>, Common<C> {
  /** Handlers to run at the end of the play where this task changed something, or topics that handlers listen to. */
  readonly notify?: Handler | Topic | readonly (Handler | Topic)[]
  /** It runs on one host of the play alone, also under `serial`; its result is that of all. */
  readonly runOnce?: boolean
}
export interface HandlerOptions<C = any, R = unknown> extends Judgement<C, R> {
  readonly become?: BecomeOption
  readonly environment?: Environment<C>
  /** Topics whose notification runs this handler as well. */
  readonly listen?: Topic | readonly Topic[]
}

export interface BlockOptions<C> extends Common<C>, Retries {
  /** Tasks for hosts on which the body failed. Where they go well the host has not failed. */
  readonly rescue?: (tools: PlayTools<C & { readonly failure: Failure }>) => void
  /** Tasks that run in any case after body and rescue; `failure` is undefined where nothing had failed. */
  readonly always?: (tools: PlayTools<C & { readonly failure: Failure | undefined }>) => void
  /** At most so many hosts are in the block at once; each goes through the whole of it. */
  readonly throttle?: number
  readonly ignoreErrors?: boolean
  readonly ignoreUnreachable?: boolean
  /** Seconds that each of its tasks may take. */
  readonly timeout?: number
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
  /**
   * Tasks that belong together: `rescue` puts right what failed in the body, `always` runs in any case. What the body gives
   * (tasks, whose results others read) the block gives. Blocks may stand in blocks.
   */
  readonly block: <R>(name: string, body: (tools: PlayTools<C>) => R, options?: BlockOptions<C>) => R
  /** Runs here the handlers notified so far, instead of at the end of the play (Ansible's `meta: flush_handlers`). */
  readonly flushHandlers: () => void
}
