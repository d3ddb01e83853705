import { randomUUID } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import type { Holding } from './engine/host-lock.ts'

/** Who this run is, for others that come to its hosts. */
export function holdingOf(playbook: string, waitMs = 0): Holding {
  const by = `${nameOfUser()}@${hostname()}`
  const since = new Date().toISOString().replace(/\.\d+/, '')
  return { id: randomUUID(), holder: { playbook, since, by, pid: process.pid }, waitMs }
}

function nameOfUser(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.()) // It has no name.
  }
}
