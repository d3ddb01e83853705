import type { Script } from '../util/sh.ts'

/** One script to run on a host inside an exchange. */
export interface Job {
  readonly script: Script
  /** Given to the script as standard input; without it the script reads /dev/null. */
  readonly stdin?: Uint8Array
  /**
   * A step changes the host: once a step of an exchange has failed (non-zero), the steps after it are not run
   * and their replies say `ran: false`. Jobs that are no steps (reads) always run and never stop anything.
   */
  readonly step?: boolean
  /** Of a step: another task begins with it, so an exchange that is to end with the task that runs ends before it. */
  readonly begins?: boolean
  /**
   * A read whose script is Rollcall's own: it changes nothing, reads no standard input, starts nothing that outlives it,
   * and does not care about `$$` and `$0`. It is run by a fork of the session's shell, which costs no `sh` and no files;
   * should it fail, it is run once more as any other job is, so that its reply tells why.
   */
  readonly own?: boolean
  /** Of a step: what people call it. It is recorded on the host, with the exit code, when its answer does not get through. */
  readonly about?: string
  /** Of a step: the name of its task, for whoever watches it run. */
  readonly task?: string
  /** A step that the session's own shell runs, whatever it leaves in that: Rollcall's own, which neither ends nor leaves the shell. */
  readonly within?: boolean
  /** Everybody on the host may see the script, and nothing in it needs to stay unknown there. */
  readonly open?: boolean
  /**
   * Of a step: the script counts its input, and changes nothing when some of it is missing. A long input then goes to it
   * while it arrives, and lies nowhere else on the host.
   */
  readonly countsInput?: boolean
  /** It runs at the same time as those next to it of the same group, which are all steps or all reads, and none of them `own` or `within`. */
  readonly beside?: Beside
  /** Of a step beside others: exit codes that are no failure; default 0. */
  readonly okCodes?: readonly number[]
}

/**
 * Where a job stands among those that run at the same time: jobs of one item one after another, items at once, in whatever lane is
 * free. Items begin in their order. Where a step fails no further item begins, and what has begun goes on to its end.
 */
export interface Beside {
  /** The same object for all of a group. */
  readonly group: { readonly most: number }
  readonly item: number
}

/** A shorter input goes along with its exchange, which costs one turn less; a longer one is sent when its step begins. */
export const longInput = 1024 * 1024

/** An exchange that is under way in a session, as its host knows it. */
export interface Running {
  /** Of the session's loop. */
  readonly pid: number
  readonly nonce: string
  readonly exchange: number
  /** Its last step that has begun, from 1, of those side by side one that still runs; absent before the first one. */
  readonly step?: number
  /** The name of that step's task. */
  readonly task?: string
  /** When that step has begun, or the exchange, by the controller's clock. */
  readonly since: Date
}

/** What another session does to such an exchange: end what runs, or let no further task begin in it. */
export type Ending = 'now' | 'next'

export interface Reply {
  readonly ran: boolean
  /** Exit code as the shell gives it (128 + n for a signal); 0 when `ran` is false. */
  readonly code: number
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  /** Of a step that ran: from the word that it starts to the word of its end, or of the next one, by the controller's clock. */
  readonly time?: { readonly start: Date; readonly end: Date }
}

/** Counters for `--timing`, the recap and tests. */
export interface SessionStats {
  readonly exchanges: number
  readonly bytesSent: number
  readonly bytesReceived: number
}

/**
 * A long-lived POSIX `sh` on a host, for one user. Each `exchange` is one network round trip however many jobs it
 * carries; replies come in the order of the jobs. Exchanges of one session never overlap: a second call waits.
 */
export interface Session {
  readonly user: string
  readonly stats: SessionStats
  /** The exchange that is under way, so that another session can end its jobs. */
  readonly running: Running | undefined
  /** @throws UnreachableError when the link is lost before all replies have arrived. */
  exchange(jobs: readonly Job[]): Promise<readonly Reply[]>
  close(): Promise<void>
}
