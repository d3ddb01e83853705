import { hostname, userInfo } from 'node:os'
import { UnreachableError } from '../model/errors.ts'
import type { Connection } from './connection.ts'
import { connectSpawned } from './spawned.ts'

/** What a local connection may be told; the defaults are the controller's own shell and environment. */
export interface LocalOptions {
  readonly shell?: string
  readonly env?: NodeJS.ProcessEnv
}

/** The user that Rollcall runs as. A number without an entry in the user database is called by the number. */
export function localUser(): string {
  if (process.getuid?.() === 0) return 'root'
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.())
  }
}

/** A connection to the machine that Rollcall runs on: the same interface as a remote one, without a network. */
export function connectLocal({ shell = 'sh', env = process.env }: LocalOptions = {}): Connection {
  return connectSpawned({
    description: `${localUser()}@${hostname()} (local)`,
    env,
    argv: (command) => [shell, '-c', command],
    notStarted: (program, error) =>
      new UnreachableError({ summary: 'The local shell could not be started', detail: `${program}: ${error.message}` }, { cause: error }),
  })
}
