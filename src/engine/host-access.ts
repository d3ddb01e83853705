import type { Becoming } from '../model/become.ts'
import type { HostTraffic } from '../model/event.ts'
import type { Ending, Job, Reply } from '../transport/session-types.ts'
import type { Script } from '../util/sh.ts'
import type { As } from './as.ts'

export type { As } from './as.ts'

/** Reads from a host. The only way check mode has to it. */
export interface HostReader {
  /**
   * One exchange; its time counts as `about`, by default as reading.
   * @throws UnreachableError when the link is lost, RollcallError when become is refused.
   */
  read(as: As, jobs: readonly Job[], about?: 'facts' | 'read'): Promise<readonly Reply[]>
}

/** Changes a host. In check mode no such object exists. */
export interface HostWriter {
  /** One exchange of steps and of the reads that ride along. */
  apply(as: As, jobs: readonly Job[]): Promise<readonly Reply[]>
}

/** What was seen of what a session runs. */
export interface Written {
  /** The task whose step runs; absent where no step has begun. */
  readonly task?: string
  /** When that step, or the exchange, has begun. */
  readonly since?: Date
  /** The ends of both outputs, the one that was written to last behind the other; none where they cannot be had. */
  readonly outputs: readonly Uint8Array[]
}

/**
 * Looks at what this user's session runs now, from another session. Undefined where it runs nothing, or what it runs has ended meanwhile.
 * Never fails, and what is looked at is not disturbed by it.
 * @param bytes How much of each output; undefined: none.
 * @param files Sets `o` and `e` to the files of what runs by itself; absent: of the step that runs in the session.
 */
export type Peek = (as: As, bytes: number | undefined, files?: Script) => Promise<Written | undefined>

/** An open way to one host. */
export interface HostAccess {
  readonly reader: HostReader
  readonly writer: HostWriter | undefined
  /** Who acts on this host, by what was said of becoming: root who becomes root is the login itself. */
  as(said: Becoming): As
  /** The name of that user. */
  userOf(as: As): string
  /**
   * Drops every link and connects anew, when a host was away; what is said to it goes on being counted. Absent where there is no link
   * to lose: on the controller itself. @throws UnreachableError when the host does not answer (yet).
   */
  readonly reopen?: (options: { readonly connectTimeoutMs?: number | undefined }) => Promise<void>
  /** Lets go of a session whose answer is waited for no longer; the next exchange of this user opens another. */
  abandon(as: As): void
  /**
   * Ends what this user's session runs, with all that it has started (`now`), or sees to it that no further task begins in its
   * exchange (`next`); its answer then comes. False where nothing was found to run. Fails where the host cannot be asked.
   */
  cancel(as: As, what: Ending): Promise<boolean>
  /** Absent where there is nothing to look at. */
  readonly peek?: Peek
  /** What was said so far, over all users and links. */
  stats(): HostTraffic
  close(): Promise<void>
}
