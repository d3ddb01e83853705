import type { Script } from '../util/sh.ts'

/** Stands for a value that cannot be known before the change is made (the version a package will have, …). */
export const unknown: unique symbol = Symbol('rollcall.unknown')
export type Unknown = typeof unknown

/** How a state is shown in diffs: short fields, and the text of content where there is any. */
export interface Description {
  readonly fields: { readonly [name: string]: string }
  /** Content as text for a line diff; absent for binary or where there is none. */
  readonly text?: string
}

export interface ReadRequest {
  readonly id: string
  /** The largest need asked for this id in this exchange. */
  readonly need: string
}

/**
 * One kind of thing on a host that has a state: file, package, unit, user, … Everything the engine knows about it
 * stands here, so modules only say what they read and what they want.
 */
export interface ResourceKind<State extends object = object> {
  readonly name: string
  /** What may be asked of it, from the least to the most; needs on one key merge to the largest. */
  readonly needs: readonly string[]
  /** Fields that a need brings and lesser needs do not. What a call sees must not hang on what others read of the same thing. */
  readonly adds?: { readonly [need: string]: readonly string[] }
  /** `own`: only this run changes it, may be read ahead. `live`: read at its turn (network, time, users' commands). */
  readonly freshness: 'own' | 'live'
  /**
   * Set for kinds of Rollcall's own: the script may be run by a fork of the session's shell, beside others. It then prints
   * to standard output alone, reads no standard input, starts nothing that outlives it and does not care about `$$`.
   */
  readonly sharesShell?: true
  /**
   * ONE script that reads all the requests: POSIX sh that works on dash and busybox, changes nothing, exits 0, and
   * starts as few processes as possible (a process is what a converged run costs).
   */
  readonly script: (requests: readonly ReadRequest[]) => Script
  /** States in the order of the requests. Throws with a sentence when the output makes no sense. */
  readonly parse: (stdout: Uint8Array, requests: readonly ReadRequest[]) => readonly State[]
  readonly describe: (state: State) => Description
  /**
   * Fields that are content or tell what it is (a hash): nobody sees them of a call that holds a secret. Other fields are
   * hidden there only where the secret stands in them.
   */
  readonly contentFields?: readonly string[]
  /** The id under which the state really lives (a symlink's end); absent where an id has no other name. */
  readonly canonical?: (state: State, id: string) => string
  /** Whether a state is "not there": what a planned but unseen change may have brought into being. */
  readonly absent: (state: State) => boolean
  /** True where an absent state answers every need: of a file that is not there is no more to know. */
  readonly absentIsAll?: boolean
  /** Whether a change of one id may alter the state of the other (a directory and what lies below it). Default: equal ids. */
  readonly overlaps?: (changed: string, other: string) => boolean
  /**
   * Where on the host a thing of this kind lies, if anywhere: two things that lie apart may be changed at the same time. Absent: all of
   * this kind share something that takes one change at a time (a database, a lock).
   */
  readonly liesAt?: (id: string) => readonly string[]
  /** In check mode: whether a planned change of another kind of thing may alter this state, which is then only assumed. */
  readonly affectedBy?: (id: string, kind: string, changed: string) => boolean
  /** In check mode: the state of `id` that follows from a planned state of an overlapping resource, if any. */
  readonly follows?: (id: string, changed: string, planned: Partial<State>) => State | undefined
  /**
   * The same of a thing of any kind: where a file is planned, no link stands. `now` is the state but for that plan. `assumed`:
   * not all of the state that follows is known.
   */
  readonly followsFrom?: (id: string, other: PlannedOther, now: State) => { readonly state: State; readonly assumed?: true } | undefined
}

/** What is planned of a thing of any kind. */
export interface PlannedOther {
  readonly kind: string
  readonly id: string
  readonly planned: { readonly [field: string]: unknown }
}

/** A question to a host: one resource and how much of it. Two reads with one key are one. */
export interface Read<State extends object = object> {
  readonly kind: ResourceKind<State>
  readonly id: string
  readonly need: string
  /** `file:/etc/hosts`. */
  readonly key: string
  /** Commands that its script is run behind: a task's environment. */
  readonly environment?: Script
}

/**
 * Makes a read of a kind. `shown` stands for the id in its key where people must not see the id, and is as unique.
 * @throws TypeError when `need` is none of the kind's.
 */
export function readOf<State extends object>(
  kind: ResourceKind<State>,
  id: string,
  need: string = kind.needs[0]!,
  shown: string = id,
): Read<State> {
  if (!kind.needs.includes(need)) throw new TypeError(`a ${kind.name} has no '${need}' to read, only ${kind.needs.join(', ')}`)
  return { kind, id, need, key: `${kind.name}:${shown}` }
}

export type ReadSet = { readonly [name: string]: Read<any> }
export type Found<R extends ReadSet> = { readonly [K in keyof R]: R[K] extends Read<infer S> ? S : never }
/** The state wanted: only the fields that matter; the rest stays as found. */
export type Wanted<R extends ReadSet> = { readonly [K in keyof R]?: R[K] extends Read<infer S> ? WantedState<S> : never }
export type WantedState<S> = { readonly [K in KeysOf<S>]?: ValueOf<S, K> | Unknown }
type KeysOf<S> = S extends unknown ? keyof S : never
type ValueOf<S, K extends PropertyKey> = S extends { readonly [P in K]?: infer V } ? V : never
