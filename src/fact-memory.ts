import { dirname, join, relative } from 'node:path'
import type { FactMemory, Recalled } from './engine/fact-memory.ts'
import { projectOf } from './load/project.ts'
import { RollcallError } from './model/errors.ts'
import { type CachedFacts, checkedRecord, type FactCache, type FactRecord } from './model/fact-cache.ts'
import type { InventoryModel } from './model/inventory.ts'
import { diskFactCache, noteSilences, readSilences } from './store/index.ts'
import { within } from './util/within.ts'

/** A cache that somebody wrote has this long for each of its two calls. */
const patienceMs = 5000
/** So many of a cache's complaints are told one by one. */
const mostComplaints = 3

/** A cache with the hosts that it is asked about, and what it knows the inventory as. */
interface Part {
  readonly cache: FactCache
  readonly inventory: string
  readonly holds: (host: string) => boolean
  /** Somebody else's code, which may wait for a network; our own works as long as it takes. */
  readonly foreign?: boolean
}

/**
 * The memory of an inventory's hosts: the folder of this user, or where the project says. That of lab hosts lies with the lab
 * and goes with it, or with a host's disk when it is reset: facts of a machine that is gone would be told of another one with
 * its name. A cache that fails is a warning, and what it holds is not known.
 * @throws RollcallError where the project names a cache that is none.
 */
export async function openFactMemory(inventoryPath: string, { hosts }: InventoryModel): Promise<FactMemory> {
  const inLab = (host: string) => hosts.get(host)?.connection.type === 'lab'
  const known = [...hosts.keys()]
  const elsewhere = known.some((host) => !inLab(host))
  const parts = [
    ...(elsewhere ? [{ ...(await lastingPart(inventoryPath)), holds: (host: string) => !inLab(host) }] : []),
    ...(known.some(inLab) ? await labParts(inventoryPath, known.filter(inLab)) : []),
  ]
  const failed = new Map<Part, unknown>()
  const unlessFailing = async <T>(part: Part, what: string, work: () => Promise<T>): Promise<T | string> => {
    try {
      return await work()
    } catch (error) {
      failed.set(part, error)
      return `${what}: ${part.cache.name} failed: ${messageOf(error)}`
    }
  }
  return {
    recall: async (names) => {
      const found = await Promise.all(
        parts.map(async (part) => {
          const asked = names.filter(part.holds)
          if (asked.length === 0) return { records: [], complaints: [] }
          const loaded = await unlessFailing(part, 'Facts of earlier runs are not known', () => load(part, asked))
          return typeof loaded === 'string' ? { records: [], complaints: [loaded] } : loaded
        }),
      )
      return {
        of: byHost(found.flatMap(({ records }) => records)),
        silent: elsewhere ? readSilences(inventoryPath) : new Map(),
        warnings: shortened(found.flatMap(({ complaints }) => complaints)),
        ...(failed.size > 0 && { failure: [...failed.values()][0] }),
      } satisfies Recalled
    },
    keep: async (records, { silent, answered, now }) => {
      const warnings = await Promise.all(
        parts.map(async (part) => {
          const own = records.filter(({ host }) => part.holds(host))
          if (own.length === 0 || failed.has(part)) return undefined // What fails is told once, and waited for once.
          const saving = async () => {
            const saved = part.cache.save({ inventory: part.inventory, records: own, known: known.filter(part.holds) })
            await inTime(
              Promise.resolve(saved).then(() => true),
              part,
            )
          }
          const said = await unlessFailing(part, 'Facts of this run are not remembered', saving)
          return typeof said === 'string' ? said : undefined
        }),
      )
      const lasting = new Map([...silent].filter(([host]) => !inLab(host)))
      if (elsewhere) await noteSilences(inventoryPath, lasting, answered, now).catch(() => {}) // Only time is lost.
      return warnings.flatMap((warning) => warning ?? [])
    },
  }
}

async function lastingPart(inventoryPath: string): Promise<Omit<Part, 'holds'>> {
  const project = projectOf(dirname(inventoryPath))
  if (project?.factCache === undefined) return { cache: diskFactCache(), inventory: inventoryPath }
  const { importFactCache } = await import('./load/import.ts')
  // Another member of the team has the project in another place.
  return { cache: await importFactCache(project, inventoryPath), inventory: relative(project.root, inventoryPath), foreign: true }
}

async function labParts(inventory: string, hosts: readonly string[]): Promise<Part[]> {
  const lab = await import('./lab/index.ts')
  const id = lab.defaultLab()
  if (lab.status(id) === undefined) return []
  return hosts.map((host) => ({
    cache: diskFactCache(join(lab.factsFolder(id), host)),
    inventory,
    holds: (name) => name === host,
  }))
}

async function load(part: Part, hosts: readonly string[]): Promise<{ records: FactRecord[]; complaints: string[] }> {
  const { cache, inventory } = part
  const asked = new Set(hosts)
  const records: FactRecord[] = []
  const complaints: string[] = []
  for (const item of await inTime(Promise.resolve(cache.load({ inventory, hosts })), part)) {
    try {
      if (item instanceof Error) complaints.push(item.message)
      else {
        const record = checkedRecord(item)
        if (asked.has(record.host)) records.push(record)
      }
    } catch (error) {
      complaints.push(`What ${cache.name} remembers of ${whose(item)} is not used: ${messageOf(error)}`)
    }
  }
  return { records, complaints }
}

function whose(item: unknown): string {
  const { host, family } = (item ?? {}) as { readonly host?: unknown; readonly family?: unknown }
  return typeof host === 'string' ? `${host}${typeof family === 'string' ? ` (${family})` : ''}` : 'a host'
}

/** @throws Error for what takes longer than a run may wait for it. */
async function inTime<T>(work: Promise<T>, { foreign = false }: Part): Promise<T> {
  if (!foreign) return work
  const done = await within(
    work.then((value) => ({ value })),
    patienceMs,
  )
  if (done === undefined) throw new Error(`no answer within ${patienceMs / 1000} s`)
  return done.value
}

function byHost(records: readonly FactRecord[]): ReadonlyMap<string, CachedFacts> {
  const of = new Map<string, Record<string, CachedFacts[string]>>()
  for (const { host, family, value, gatheredAt } of records) {
    const facts = of.get(host) ?? {}
    // Of a cache that gives several of one family the youngest counts.
    if (gatheredAt >= (facts[family]?.gatheredAt ?? Number.NEGATIVE_INFINITY)) facts[family] = { value, gatheredAt }
    of.set(host, facts)
  }
  return of
}

/** A new version of Rollcall finds all that is kept to be of another format. */
function shortened(complaints: readonly string[]): string[] {
  if (complaints.length <= mostComplaints + 1) return [...complaints]
  return [...complaints.slice(0, mostComplaints), `${complaints.length - mostComplaints} more of what was remembered is not used either`]
}

function messageOf(error: unknown): string {
  if (error instanceof RollcallError) return [error.details.summary, error.details.detail].filter(Boolean).join(': ')
  return error instanceof Error ? error.message : String(error)
}
