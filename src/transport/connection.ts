import type { Readable, Writable } from 'node:stream'
import type { Script } from '../util/sh.ts'

/** How a remote process ended: an exit code, or the signal that killed it. */
export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

/** A process on a host: three byte streams and its end. */
export interface RemoteProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Settles when the process has ended; rejects with UnreachableError when the link was lost first. */
  readonly exit: Promise<Exit>
  kill(): void
}

/** An open, authenticated way to one host. ssh2, the system's OpenSSH, containers, chroot, nspawn and local all give this. */
export interface Connection {
  /** For messages: `admin@10.108.0.4:22`. */
  readonly description: string
  /** Starts a process through the login shell of the remote user, without a pty unless asked. */
  start(command: Script, options?: { readonly pty?: boolean }): Promise<RemoteProcess>
  /** The same way as any other user, without a program of the host that would ask. Absent where a way has one user. Its end is this one's. */
  as?(user: string): Connection
  close(): Promise<void>
  /** Closes one that `close` would keep for later runs. Absent where nothing is kept. */
  discard?(): Promise<void>
}
