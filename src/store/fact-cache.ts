import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { checkedRecord, type FactCache, type FactRecord } from '../model/fact-cache.ts'
import { limitConcurrency } from '../util/concurrency.ts'
import { privateDirectory, userStateDir } from './directories.ts'
import { writeAtomic } from './write-atomic.ts'

/** Tells inventories apart: two of them may each have a host of the same name. */
export function inventoryIdOf(absolutePath: string): string {
  return createHash('sha256').update(absolutePath).digest('hex').slice(0, 16)
}

/** A file name for any host name, without a dot, on file systems that allow 255 bytes. */
function fileNameOf(host: string): string {
  const plain = encodeURIComponent(host).replaceAll('.', '%2E')
  return plain.length <= 200 ? plain : createHash('sha256').update(host).digest('hex')
}

/** Facts of a host that left the inventory stay a week: a dynamic inventory may have been told of too few for a moment. */
const keptMs = 7 * 24 * 3600_000
/** What a run that was killed has left half written; none writes for as long. */
const abandonedMs = 3600_000
/** Files that are read before others get their turn: hosts are being connected to at the same time. */
const slice = 100

/** The folder of an inventory's facts, made when missing. */
export function factsDirectory(inventory: string, directory?: string): string {
  return privateDirectory(join(directory ?? join(userStateDir(), 'facts'), inventoryIdOf(inventory)))
}

/**
 * Facts on this machine's disk, one small file per host and family: runs that gather different families at the same time
 * cannot undo each other, and no lock is needed. A file is replaced whole, so that none is ever seen half written.
 */
export function diskFactCache(directory?: string): FactCache {
  return {
    kind: 'factCache',
    name: 'the folder of facts',
    async load({ inventory, hosts }) {
      const folder = factsDirectory(inventory, directory)
      const names = new Map(hosts.map((host) => [fileNameOf(host), host]))
      const found: (FactRecord | Error)[] = []
      // One look at the folder: most hosts have two files of as many as there are families, and many none.
      for (const [index, file] of readdirSync(folder).entries()) {
        if (index % slice === slice - 1) await new Promise((resolve) => setImmediate(resolve))
        const [name = '', family = '', ending] = file.split('.')
        const host = names.get(name)
        if (host === undefined || ending !== 'json') continue
        const read = readRecord(join(folder, file), host, family)
        if (read) found.push(read)
      }
      return found
    },
    async save({ inventory, records, known }) {
      const folder = factsDirectory(inventory, directory)
      const together = limitConcurrency(16)
      await Promise.all(
        records.map((record) =>
          together(() =>
            // Not synced: what a power cut spoils is seen to be damaged, and asked again.
            writeAtomic(join(folder, `${fileNameOf(record.host)}.${record.family}.json`), `${JSON.stringify(record)}\n`, 0o600, {
              sync: false,
            }),
          ),
        ),
      )
      await prune(folder, new Set(known.map(fileNameOf)))
    },
  }
}

function readRecord(path: string, host: string, family: string): FactRecord | Error | undefined {
  try {
    const record = checkedRecord(JSON.parse(readFileSync(path, 'utf8')))
    if (record.host !== host || record.family !== family) throw new Error('it is about something else')
    return record
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined // Removed since the folder was looked at.
    const why = error instanceof SyntaxError ? 'it is damaged' : (error as Error).message
    return new Error(`What was remembered of ${host} (${family}) is not used: ${why} (${path})`)
  }
}

/** Removes what is of hosts that left the inventory, and what runs that were killed have left. */
async function prune(folder: string, known: ReadonlySet<string>): Promise<void> {
  const foreign = readdirSync(folder).filter((file) => file.startsWith('.') || (file.endsWith('.json') && !known.has(file.split('.')[0]!)))
  for (const file of foreign) {
    const path = join(folder, file)
    if (file === silentFile) continue
    const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now())
    if (age > (file.startsWith('.') ? abandonedMs : keptMs)) await rm(path, { force: true })
  }
}

/** Beside the facts: the file of a host has two dots in its name, so none is called so. */
export const silentFile = 'silent.json'
