/** What Rollcall keeps somewhere. */
export interface Kept {
  /** A host; absent for this machine. */
  readonly host?: string
  readonly kind: Kind
  readonly path: string
  readonly bytes: number
  readonly ageSeconds: number
  /** What it is, in a few words. */
  readonly about: string
  /** Why it stays whatever is asked: somebody uses it. */
  readonly inUse?: string
}

/**
 * `facts`: the memory of facts. `compiled`: code without types and verdicts of the compiler. `builds`: older builds of
 * Rollcall. `lab`: state that a lab left. `images`: what lab hosts are made from. `pending`: handlers that a run still
 * owes a host. `lost`: ends of steps whose link was lost, which the next run tells. `records`: what unpacked archives left, so that no later run unpacks them again. `sessions`: folders of sessions that ended without tidying up. `temporary`: files of a write that was
 * cut off. `connections`: sockets and records of kept connections. `runs`:
 * journals of runs, which --resume and --retry-failed look into. `jobs`: what commands with `async` have left.
 */
export const kinds = [
  'facts',
  'sources',
  'compiled',
  'builds',
  'lab',
  'images',
  'pending',
  'lost',
  'records',
  'sessions',
  'temporary',
  'connections',
  'runs',
  'jobs',
] as const
export type Kind = (typeof kinds)[number]
