import type { FactValues } from './facts.ts'

/** Raised when the shape of facts changes: what was kept before is then gathered anew. */
export const factFormat = 1

/** One family of facts of one host, as it is kept between runs. Plain data. */
export interface FactRecord {
  /** The shape of the facts: a cache need not look at it. */
  readonly version: number
  readonly host: string
  readonly family: string
  /** Epoch milliseconds. */
  readonly gatheredAt: number
  readonly value: object
}

/** Where facts are kept between runs: what {@link FactRecord}s a host has, by host and family. */
export interface FactCache {
  readonly kind: 'factCache'
  /** For messages. */
  readonly name: string
  /**
   * What is kept of these hosts, in any order; nothing for a host never seen. An Error among the records says why one of them
   * cannot be used: it becomes a warning.
   */
  load(request: { readonly inventory: string; readonly hosts: readonly string[] }): Promise<Iterable<unknown>> | Iterable<unknown>
  /**
   * Keeps these records, each in place of the one of its host and family; all others stay, those that another run saves at the
   * same time too. What is kept of hosts that are no longer among `known`, all hosts of the inventory, may be removed.
   */
  save(request: {
    readonly inventory: string
    readonly records: readonly FactRecord[]
    readonly known: readonly string[]
  }): Promise<void> | void
}

/** Facts of an earlier run, each family with the time it was gathered (epoch milliseconds). */
export type CachedFacts = { readonly [family: string]: { readonly value: object; readonly gatheredAt: number } }

/** Facts that a host gave, as records. */
export function recordsOf(host: string, families: FactValues, gatheredAt: number): FactRecord[] {
  return Object.entries(families).flatMap(([family, value]) =>
    value === undefined ? [] : [{ version: factFormat, host, family, gatheredAt, value }],
  )
}

/**
 * A record as a cache gave it back: it may be of another version of Rollcall, or damaged.
 * @throws Error with a clause saying why it is no use.
 */
export function checkedRecord(data: unknown): FactRecord {
  if (data === null || typeof data !== 'object') throw new Error('it is not a record')
  const { version, host, family, gatheredAt, value } = data as { readonly [field in keyof FactRecord]?: unknown }
  if (version !== factFormat) throw new Error(`it has format ${String(version)}, and this Rollcall writes ${factFormat}`)
  if (typeof host !== 'string' || typeof family !== 'string') throw new Error('it is about nothing')
  if (typeof gatheredAt !== 'number' || !Number.isFinite(gatheredAt) || typeof value !== 'object' || value === null)
    throw new Error('it lacks the facts or their time')
  return { version, host, family, gatheredAt, value }
}
