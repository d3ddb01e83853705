import { RollcallError } from './model/errors.ts'
import { userSocketDirIfThere } from './store/index.ts'
import { endKept, endUnknown, type KeptConnection, listKept, socketNameLength, socketOf } from './transport/kept-records.ts'
import { matchesPatterns } from './transport/wildcard.ts'
import { suggest } from './util/suggest.ts'

/** A connection that waits for the next run, or that one uses now. */
export interface ShownConnection {
  readonly host: string
  readonly user: string
  readonly address: string
  readonly port: number
  readonly lab?: string
  /** When its login was made. */
  readonly since: string
  readonly ageSeconds: number
  /** Absent while a run uses it. */
  readonly idleSeconds?: number
  /** In how many seconds it ends by itself. Absent while a run uses it. */
  readonly expiresInSeconds?: number
  readonly persistSeconds: number
  /** The run that uses it. */
  readonly usedBy?: number
  /** The process of ssh that holds the login. */
  readonly pid: number
  readonly socket: string
}

export interface CloseRequest {
  /** Names of hosts and globs, joined by commas; all without it. */
  readonly pattern?: string
  /** Those that a run uses as well. */
  readonly force: boolean
  /** Only those to hosts of this lab. */
  readonly lab?: string
}
export interface ClosedConnections {
  readonly closed: readonly ShownConnection[]
  /** Runs use them, and they were not to be ended with force. */
  readonly stay: readonly ShownConnection[]
}

/** Where their sockets and records lie; undefined where there never was one. */
export function connectionsFolder(): string | undefined {
  return userSocketDirIfThere(socketNameLength)
}

/** The connections that this user keeps on this machine. Starts and contacts nothing. */
export function showConnections(): readonly ShownConnection[] {
  const folder = connectionsFolder()
  return folder === undefined ? [] : listKept(folder).map((kept) => shown(folder, kept))
}

/**
 * Ends kept connections; what a run uses stays unless forced.
 * @throws RollcallError (exit 1) for a pattern that matches none.
 */
export async function closeConnections({ pattern, force, lab }: CloseRequest): Promise<ClosedConnections> {
  const folder = connectionsFolder()
  if (folder === undefined) {
    if (pattern !== undefined) throw noneMatches(pattern, [])
    return { closed: [], stay: [] }
  }
  const all = listKept(folder).filter(({ record }) => lab === undefined || record.lab === lab)
  const names = pattern?.split(',').map((name) => name.trim())
  const chosen = all.filter(({ record }) => names === undefined || matchesPatterns(names, record.host))
  if (pattern !== undefined && chosen.length === 0) throw noneMatches(pattern, all)
  const going = chosen.filter(({ usedBy }) => force || usedBy === undefined)
  const stay = chosen.filter((kept) => !going.includes(kept))
  const closed = going.map((kept) => shown(folder, kept))
  await Promise.all(going.map((kept) => endKept(folder, kept)))
  if (pattern === undefined && lab === undefined) await endUnknown(folder)
  return { closed, stay: stay.map((kept) => shown(folder, kept)) }
}

function shown(folder: string, { id, record, lastUsed, usedBy }: KeptConnection): ShownConnection {
  const { host, user, address, port, lab, master, startedAt, persistSeconds } = record
  const secondsSince = (time: number) => Math.max(0, Math.floor((Date.now() - time) / 1000))
  const idleSeconds = secondsSince(lastUsed.getTime())
  return {
    host,
    user,
    address,
    port,
    ...(lab !== undefined && { lab }),
    since: startedAt,
    ageSeconds: secondsSince(Date.parse(startedAt)),
    ...(usedBy === undefined ? { idleSeconds, expiresInSeconds: Math.max(0, persistSeconds - idleSeconds) } : { usedBy }),
    persistSeconds,
    pid: master.pid,
    socket: socketOf(folder, id),
  }
}

function noneMatches(pattern: string, all: readonly KeptConnection[]): RollcallError {
  const names = [...new Set(all.map(({ record }) => record.host))]
  const meant = suggest(pattern, names)
  return new RollcallError({
    summary: 'No kept connection is to a host of this name',
    detail: `'${pattern}'`,
    fix: meant ? `Did you mean '${meant}'?` : names.length === 0 ? 'None is kept.' : `There are: ${names.join(', ')}.`,
    exitCode: 1,
  })
}
