import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { privateDirectory, userStateDir } from './directories.ts'
import { inventoryIdOf } from './fact-cache.ts'
import { writeAtomic } from './write-atomic.ts'

/** Raised when the shape of a record changes: older ones are then as good as none. */
const version = 1

/** What a source has answered, and when (epoch milliseconds). */
export interface KeptAnswer {
  readonly value: unknown
  readonly askedAt: number
}
export interface SourceMemory {
  /** Undefined where there is none that can be used. */
  read(): Promise<KeptAnswer | undefined>
  write(value: unknown, askedAt: number): Promise<void>
}

/** Where answers of all inventories lie. */
export const sourcesFolder = () => join(userStateDir(), 'sources')

/**
 * The memory of one source of one inventory: a file that only this user can read.
 * @param asked What the source is asked. An answer to something else is none.
 */
export function openSourceMemory(inventoryPath: string, source: string, asked: unknown): SourceMemory {
  const folder = privateDirectory(sourcesFolder())
  const question = createHash('sha256').update(JSON.stringify(asked)).digest('hex')
  const name = createHash('sha256').update(source).digest('hex').slice(0, 16)
  const path = join(folder, `${inventoryIdOf(inventoryPath)}.${name}.json`)
  return {
    read: async () => {
      try {
        const data = JSON.parse(await readFile(path, 'utf8')) as Partial<KeptAnswer & { version: number; question: string }>
        if (data.version !== version || data.question !== question || typeof data.askedAt !== 'number') return undefined
        return { value: data.value, askedAt: data.askedAt }
      } catch {
        return undefined // None yet, or one that cannot be read: then the source is asked.
      }
    },
    write: (value, askedAt) => writeAtomic(path, JSON.stringify({ version, source, question, askedAt, value }), 0o600),
  }
}
