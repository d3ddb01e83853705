import { randomBytes } from 'node:crypto'
import {
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { identify, isAlive, type ProcessId } from '../util/process-id.ts'
import { terminateMaster } from './mux-master.ts'

/** What is written down beside the socket of a kept connection. Nothing in it is secret. */
export interface KeptRecord {
  readonly version: 1
  /** Stands for everything that decides who is logged in where. */
  readonly key: string
  /** The inventory's name. */
  readonly host: string
  readonly user: string
  readonly address: string
  readonly port: number
  /** The lab whose host it is. */
  readonly lab?: string
  /** ssh's master, which holds the login. */
  readonly master: ProcessId
  readonly startedAt: string
  /** It ends when nobody has used it for so long. */
  readonly persistSeconds: number
  /** So many channels the server gives a connection at a time, where an earlier one was refused more. */
  readonly channels?: number
  /** A digest of what known_hosts said of this host when its key passed. */
  readonly hostKeys: string
}

/** A connection that is kept now. */
export interface KeptConnection {
  readonly id: string
  readonly record: KeptRecord
  /** When a run last took it or gave it back. */
  readonly lastUsed: Date
  /** The run that has it now. */
  readonly usedBy?: number
}

/** Sockets are called as ids; of ssh's own in the making there is more behind a dot. */
const idForm = /^[0-9a-f]{16}-[0-9a-f]{6}$/

/** A new name for a connection of this key. Never used twice, so that no file of one is ever taken for another's. */
export function newId(key: string): string {
  return `${key}-${randomBytes(3).toString('hex')}`
}
/** How many bytes a socket's path may have behind its folder: `/`, the id, and what ssh adds while it makes it. */
export const socketNameLength = 1 + 16 + 1 + 6 + 17

export function socketOf(folder: string, id: string): string {
  return join(folder, id)
}
const recordOf = (folder: string, id: string) => join(folder, `${id}.json`)
const claimOf = (folder: string, id: string) => join(folder, `${id}.used`)

/** A key of this folder's own, by which digests of what was declared tell nothing to whoever sees them. */
export function folderKey(folder: string): Buffer {
  const file = join(folder, 'key')
  for (;;) {
    try {
      return readFileSync(file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    const mine = `${file}.${randomBytes(4).toString('hex')}`
    writeFileSync(mine, randomBytes(32), { mode: 0o600 })
    try {
      linkSync(mine, file) // Whole when it appears; of two that try, one wins.
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      rmSync(mine, { force: true })
    }
  }
}

export function writeRecord(folder: string, id: string, record: KeptRecord): void {
  const file = recordOf(folder, id)
  writeFileSync(`${file}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** What is kept in a folder, oldest first; with a key, only what is kept under it. What a master that has ended left is removed. */
export function listKept(folder: string, key = ''): readonly KeptConnection[] {
  const ids = idsIn(folder, '.json').filter((id) => id.startsWith(key))
  const kept = ids.flatMap((id): KeptConnection[] => {
    const record = readRecord(folder, id)
    if (record === undefined) return []
    if (!isAlive(record.master)) {
      forget(folder, id)
      return []
    }
    const holder = holderOf(claimOf(folder, id))
    const lastUsed = lstatSync(recordOf(folder, id), { throwIfNoEntry: false })?.mtime ?? new Date(record.startedAt)
    return [{ id, record, lastUsed, ...(holder !== undefined && isAlive(holder) && { usedBy: holder.pid }) }]
  })
  return kept.sort((a, b) => a.record.startedAt.localeCompare(b.record.startedAt))
}

function idsIn(folder: string, ending: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(ending))
      .map((name) => name.slice(0, name.length - ending.length))
      .filter((name) => idForm.test(name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function readRecord(folder: string, id: string): KeptRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(recordOf(folder, id), 'utf8')) as KeptRecord
    return record.version === 1 ? record : undefined
  } catch {
    return undefined // Gone meanwhile.
  }
}

/** Takes the files of a connection away: from now on nobody finds it. */
export function forget(folder: string, id: string): void {
  for (const file of [recordOf(folder, id), socketOf(folder, id), claimOf(folder, id)]) rmSync(file, { force: true })
}

/** Notes that a connection was used now, from when its idle time counts. */
export function touch(folder: string, id: string): void {
  try {
    utimesSync(recordOf(folder, id), new Date(), new Date())
  } catch {
    // Forgotten meanwhile.
  }
}

function holderOf(claim: string): ProcessId | undefined {
  try {
    const [pid, startTime = ''] = readlinkSync(claim).split(':')
    return { pid: Number(pid), startTime }
  } catch {
    return undefined
  }
}

/**
 * Takes a connection for this process alone; false where another has it. A link that leads nowhere: made in one step,
 * with who holds it in it. The claim of a process that has ended is nobody's.
 */
export function claim(folder: string, id: string): boolean {
  const path = claimOf(folder, id)
  const { pid, startTime } = identify(process.pid)!
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      symlinkSync(`${pid}:${startTime}`, path)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = holderOf(path)
    if (holder !== undefined && isAlive(holder)) return false
    // Moved away first, so that of two that try, only one removes it.
    const aside = `${path}.${randomBytes(4).toString('hex')}`
    try {
      renameSync(path, aside)
    } catch {
      continue
    }
    const moved = holderOf(aside)
    rmSync(aside, { force: true })
    if (moved === undefined || !isAlive(moved)) continue
    // Between our look and our move somebody took it: give it back.
    try {
      symlinkSync(`${moved.pid}:${moved.startTime}`, path)
    } catch {}
    return false
  }
  return false
}

export function release(folder: string, id: string): void {
  touch(folder, id)
  rmSync(claimOf(folder, id), { force: true })
}

const patienceMs = 1000

/** Ends a master, and with it all that runs over it; forgotten first, so that nobody takes it meanwhile. */
export async function endKept(folder: string, { id, record: { master } }: Pick<KeptConnection, 'id' | 'record'>): Promise<void> {
  rmSync(recordOf(folder, id), { force: true })
  await terminateMaster(socketOf(folder, id), patienceMs)
  // One that hangs does not read its socket.
  if (!(await ended(master))) await kill(master)
  forget(folder, id)
}

/** Ends one that does not answer, without waiting for what it would say. */
export async function giveUpKept(folder: string, { id, record: { master } }: KeptConnection): Promise<void> {
  forget(folder, id)
  if (isAlive(master)) await kill(master)
}

async function kill(master: ProcessId): Promise<void> {
  try {
    process.kill(master.pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
  await ended(master)
}

async function ended(master: ProcessId): Promise<boolean> {
  for (const end = Date.now() + patienceMs; isAlive(master); await sleep(10)) if (Date.now() > end) return false
  return true
}

/** Ends masters of which nothing is written down, as a run leaves them that was killed while it opened one. */
export async function endUnknown(folder: string): Promise<void> {
  const known = new Set(idsIn(folder, '.json'))
  for (const id of idsIn(folder, '').filter((name) => !known.has(name))) {
    await terminateMaster(socketOf(folder, id), patienceMs)
    forget(folder, id)
  }
}
