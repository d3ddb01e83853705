import type { SourceLine } from '../model/errors.ts'

/** A group of tasks that is tried, put right, and tidied up after as a whole. For the engine; no value that users hold. */
export interface BlockRecord {
  readonly name: string
  /** It has a `rescue`. */
  readonly rescues: boolean
  /** How often its body is begun again on a host where it failed, and after how many seconds. */
  readonly retries: number
  readonly delay: number
  /** At most so many hosts are in it at once; absent: no bound. */
  readonly throttle: number | undefined
  readonly at: SourceLine | undefined
}

/** In which part of a block a task stands. */
export interface Within {
  readonly block: BlockRecord
  readonly part: 'body' | 'rescue' | 'always'
}

/** What made a block's body fail on a host: in closures of its `rescue` and `always`. */
export interface Failure {
  /** The task, as reports name it. */
  readonly task: string
  readonly message: string
  /** The host did not answer, rather than the task failing on it. */
  readonly unreachable: boolean
  /** What the task left all the same: `rc`, `stdout` … of a command. Empty where nothing is known. */
  readonly result: { readonly [field: string]: unknown }
}
