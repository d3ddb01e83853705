import type { Script } from '../util/sh.ts'

/** Runs a script; a non-zero exit fails the task with the script's output. */
export interface RunStep {
  readonly kind: 'run'
  readonly script: Script
  readonly stdin?: Uint8Array
  /** What people see in place of a script that is too long to read. */
  readonly title?: string
  /**
   * It only runs a few short tools in the foreground, holds nothing of a user's, and may share a shell with other steps:
   * a subshell of it, so `$$` is not its own.
   */
  readonly quick?: boolean
  /**
   * It counts its input, and changes nothing when some of it is missing: a long input then goes to it while it arrives, and
   * the host keeps no other copy.
   */
  readonly countsInput?: boolean
}

/**
 * Writes a file atomically: temporary file in the target's directory, owner and mode set or kept, `validate`, sync,
 * rename. A symlinked destination is followed. Where rename cannot work (a bind mount) it fails unless `unsafeWrites`.
 */
export interface WriteStep {
  readonly kind: 'write'
  readonly path: string
  readonly content: Uint8Array
  /** A file of the host whose content is taken instead. */
  readonly from?: string
  /** Octal, `0644`. Absent: kept; for a new file 0644. */
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
  /** A check of the new file before it replaces the old one; gets the temporary file's path. Non-zero: the old file stays. */
  readonly validate?: (path: string) => Script
  readonly unsafeWrites?: boolean
  /** Keep the old content beside the file, named with the time. */
  readonly backup?: boolean
}

/** One command or one atomic write that leads from the state found to the state wanted. */
export type Step = RunStep | WriteStep

/** A step that runs a script. */
export function run(script: Script, stdin?: Uint8Array): RunStep {
  return stdin === undefined ? { kind: 'run', script } : { kind: 'run', script, stdin }
}

/** A step that runs a few short tools of ours; see {@link RunStep.quick}. */
export function runQuick(script: Script): RunStep {
  return { kind: 'run', script, quick: true }
}

/** A step that writes a file. */
export function write(path: string, content: Uint8Array, options: Omit<WriteStep, 'kind' | 'path' | 'content'> = {}): WriteStep {
  return { kind: 'write', path, content, ...options }
}
