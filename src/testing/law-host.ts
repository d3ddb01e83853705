import type { Job, Reply } from '../transport/session-types.ts'

/** Where laws are tried: it opens a fresh place for each case. */
export interface LawHost {
  readonly name: string
  readonly open: () => Promise<LawPlace>
}

/** A host for one case, as it was before anything happened to it. */
export interface LawPlace {
  /** Runs a job as a session would. */
  readonly run: (job: Job) => Promise<Reply>
  /** What stands before a path where the tests look at the host. */
  readonly root: string
  /** What stands before the same path on the host itself: `''` where the host has a `/` of its own. */
  readonly inside: string
  /** Begins to watch; the answer tells what was written since, a line each. */
  readonly watch: () => Promise<() => Promise<readonly string[]>>
  /** Whether a hostile value was run as a command. */
  readonly canaryRan: () => Promise<boolean>
  readonly close: () => Promise<void>
}
