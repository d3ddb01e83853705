import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FactValues } from '../model/facts.ts'
import { privateDirectory, userStateDir } from './directories.ts'
import { writeAtomic } from './write-atomic.ts'

/** Raised when the shape of facts changes: older files are then gathered anew. */
const version = 1

/** Facts of an earlier run, each family with the time it was gathered (epoch milliseconds). */
export type CachedFacts = { readonly [family: string]: { readonly value: object; readonly gatheredAt: number } }

export interface CacheReading {
  /** Empty for a host never seen. */
  readonly families: CachedFacts
  /** Files that could not be used, a sentence each. The host then counts as never seen for these families. */
  readonly warnings: readonly string[]
}

export interface FactCache {
  readonly directory: string
  read(host: string, families: readonly string[]): Promise<CacheReading>
  /** Remembers the families given; what is remembered of others stays. */
  write(host: string, families: FactValues, gatheredAt: number): Promise<void>
}

/** Tells inventories apart: two of them may each have a host of the same name. */
export function inventoryIdOf(absolutePath: string): string {
  return createHash('sha256').update(absolutePath).digest('hex').slice(0, 16)
}

/** A file name for any host name, on file systems that allow 255 bytes. */
function fileNameOf(host: string): string {
  const plain = encodeURIComponent(host).replaceAll('.', '%2E')
  return plain.length <= 200 ? plain : createHash('sha256').update(host).digest('hex')
}

interface Entry {
  readonly value: object
  readonly gatheredAt: number
}

/** @throws Error with a clause saying why the text is no use. */
function entryOf(text: string, host: string, family: string): Entry {
  const data = JSON.parse(text) as { version?: unknown; host?: unknown; family?: unknown; gatheredAt?: unknown; value?: unknown } | null
  if (data === null || typeof data !== 'object') throw new Error('it is not a record')
  if (data.version !== version) throw new Error(`it has format ${String(data.version)}, and this Rollcall writes ${version}`)
  if (data.host !== host || data.family !== family) throw new Error('it is about something else')
  if (typeof data.gatheredAt !== 'number' || typeof data.value !== 'object' || data.value === null)
    throw new Error('it lacks the facts or their time')
  return { value: data.value, gatheredAt: data.gatheredAt }
}

/**
 * The memory of facts between runs, one small file per host and family: runs that gather different families at the
 * same time cannot undo each other, and no lock is needed.
 */
export function openFactCache(options: { readonly directory?: string; readonly inventoryId: string }): FactCache {
  const directory = privateDirectory(join(options.directory ?? join(userStateDir(), 'facts'), options.inventoryId))
  const pathOf = (host: string, family: string): string => join(directory, `${fileNameOf(host)}.${family}.json`)

  async function readFamily(host: string, family: string): Promise<{ entry?: Entry; warning?: string }> {
    try {
      return { entry: entryOf(await readFile(pathOf(host, family), 'utf8'), host, family) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
      const why = error instanceof SyntaxError ? 'it is damaged' : (error as Error).message
      return { warning: `What was remembered of ${host} (${family}) is not used: ${why} (${pathOf(host, family)})` }
    }
  }

  return {
    directory,
    async read(host, names) {
      const found = await Promise.all(names.map(async (family) => [family, await readFamily(host, family)] as const))
      return {
        families: Object.fromEntries(found.flatMap(([family, { entry }]) => (entry ? [[family, entry]] : []))),
        warnings: found.flatMap(([, { warning }]) => warning ?? []),
      }
    },
    async write(host, families, gatheredAt) {
      const known = Object.keys(families).filter((family) => families[family] !== undefined)
      await Promise.all(
        known.map((family) =>
          writeAtomic(pathOf(host, family), `${JSON.stringify({ version, host, family, gatheredAt, value: families[family] })}\n`, 0o600),
        ),
      )
    },
  }
}
