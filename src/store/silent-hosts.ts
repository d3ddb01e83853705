import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { factsDirectory, silentFile } from './fact-cache.ts'
import { writeAtomic } from './write-atomic.ts'

/** A host that was waited for in vain. Times are epoch milliseconds. */
export interface Silence {
  /** When it was last asked. */
  readonly askedAt: number
  /** When it was last given all the time there is. */
  readonly waitedAt: number
  readonly reason: string
}
export type Silences = ReadonlyMap<string, Silence>

/** After so long nothing is told of it any more. */
const forgottenMs = 24 * 3600_000

/** Hosts of an inventory that were waited for in vain, lately. What cannot be read counts as none: it saves time, and nothing else. */
export function readSilences(inventory: string): Silences {
  try {
    const { version, hosts } = JSON.parse(readFileSync(join(factsDirectory(inventory), silentFile), 'utf8')) as {
      version: number
      hosts: Record<string, Silence>
    }
    return new Map(version === 1 ? Object.entries(hosts).filter(([, of]) => isSilence(of)) : [])
  } catch {
    return new Map()
  }
}

/** Notes who was waited for in vain and forgets who has answered. Of two runs at once the later one's notes may be all that stay. */
export async function noteSilences(inventory: string, silent: Silences, answered: Iterable<string>, now: number): Promise<void> {
  const before = readSilences(inventory)
  const after = new Map([...before].filter(([, { askedAt }]) => now - askedAt < forgottenMs))
  for (const [host, silence] of silent) after.set(host, silence)
  for (const host of answered) after.delete(host)
  if (silent.size === 0 && after.size === before.size) return
  const text = JSON.stringify({ version: 1, hosts: Object.fromEntries(after) })
  await writeAtomic(join(factsDirectory(inventory), silentFile), `${text}\n`, 0o600, { sync: false })
}

function isSilence(of: Partial<Silence> | null): of is Silence {
  return typeof of?.askedAt === 'number' && typeof of.waitedAt === 'number' && typeof of.reason === 'string'
}
