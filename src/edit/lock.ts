import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { RollcallError } from '../model/errors.ts'
import { makeFolders } from '../util/make-folders.ts'
import { identify, isAlive, type ProcessId } from '../util/process-id.ts'

/** How long another edit is waited for: each takes a second or two. */
const patience = 60_000

/**
 * Does something while no other edit of the project goes on; waits for one that does. The lock of a process that is gone
 * is nobody's.
 */
export async function alone<T>(root: string, work: () => Promise<T>): Promise<T> {
  const lock = join(root, '.rollcall/edit.lock')
  makeFolders(dirname(lock), 0o700)
  const own = `${lock}.${process.pid}`
  writeFileSync(own, JSON.stringify(identify(process.pid)), { mode: 0o600 })
  try {
    for (const end = Date.now() + patience; !take(own, lock); await wait(50)) {
      const holder = holderOf(lock)
      if (holder && !isAlive(holder)) free(lock, own)
      else if (Date.now() > end) throw held(holder, lock)
    }
  } finally {
    rmSync(own, { force: true })
  }
  try {
    removeLeftOvers(dirname(lock))
    return await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

/** Of processes that were killed while they waited. */
function removeLeftOvers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, pid] = /^edit\.lock\.(\d+)(?:\.old)?$/.exec(name) ?? []
    if (pid !== undefined && identify(Number(pid)) === undefined) rmSync(join(folder, name), { force: true })
  }
}

/** A link appears at once and whole: never a lock without its holder. */
function take(own: string, lock: string): boolean {
  try {
    linkSync(own, lock)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function holderOf(lock: string): ProcessId | undefined {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as ProcessId
  } catch {
    // Freed meanwhile.
    return undefined
  }
}

/** Of several that see a dead one's lock one moves it away; another's new lock, moved by mistake, is put back. */
function free(lock: string, own: string): void {
  const moved = `${own}.old`
  try {
    renameSync(lock, moved)
    const holder = holderOf(moved)
    if (holder && isAlive(holder)) linkSync(moved, lock)
  } catch {
    // Somebody else was faster.
  }
  rmSync(moved, { force: true })
}

function held(holder: ProcessId | undefined, lock: string): RollcallError {
  return new RollcallError({
    summary: 'Another edit of this project does not end',
    detail: `process ${holder?.pid ?? 'unknown'} holds ${lock}`,
    fix: 'Look what it waits for, and end it.',
    exitCode: 1,
  })
}
