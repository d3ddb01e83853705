import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolders } from './make-folders.ts'
import { identify, isAlive, type ProcessId } from './process-id.ts'

function holderOf(file: string): ProcessId | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessId
  } catch {
    return undefined
  }
}

/** Whether a process that lives holds this lock. */
export function isLocked(file: string): boolean {
  const holder = holderOf(file)
  return holder !== undefined && isAlive(holder)
}

function take(file: string): boolean {
  const mine = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`
  writeFileSync(mine, JSON.stringify(identify(process.pid)))
  try {
    // Linked when already complete: nobody ever reads half a lock.
    linkSync(mine, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  } finally {
    rmSync(mine, { force: true })
  }
}

/** Removes the lock of a dead holder. Moved away first, so that of two that try, only one removes it. */
function clearStale(file: string): void {
  const aside = `${file}.stale.${process.pid}`
  try {
    renameSync(file, aside)
  } catch {
    return
  }
  const moved = holderOf(aside)
  if (moved !== undefined && isAlive(moved)) {
    // Between our look and our move a living process took it: give it back.
    try {
      linkSync(aside, file)
    } catch {}
  }
  rmSync(aside, { force: true })
}

/**
 * Runs `work` while no other process runs under the same lock file. A lock whose holder has died is not honoured.
 * `onWait` is called once when another process holds it.
 */
export async function withLock<T>(file: string, onWait: () => void, work: () => Promise<T>, pollMs = 100): Promise<T> {
  makeFolders(dirname(file), 0o700)
  for (let told = false; !take(file); await new Promise((resolve) => setTimeout(resolve, pollMs))) {
    const holder = holderOf(file)
    if (holder !== undefined && !isAlive(holder)) clearStale(file)
    else if (!told) {
      told = true
      onWait()
    }
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}
