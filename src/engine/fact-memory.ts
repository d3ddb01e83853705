import type { CachedFacts, FactRecord } from '../model/fact-cache.ts'
import type { Silences } from '../store/index.ts'

/** What is known of hosts before any is asked. */
export interface Recalled {
  readonly of: ReadonlyMap<string, CachedFacts>
  /** Hosts that were waited for in vain, lately. */
  readonly silent: Silences
  readonly warnings: readonly string[]
  /** Why a part of the memory could not be read at all; it is among the warnings, too. */
  readonly failure?: unknown
}

/** What is remembered of the hosts of one inventory. Neither rejects: what cannot be remembered is a warning. */
export interface FactMemory {
  recall(hosts: readonly string[]): Promise<Recalled>
  /** Keeps what a run has read, and who did not answer. Gives warnings. */
  keep(
    records: readonly FactRecord[],
    asked: { readonly silent: Silences; readonly answered: readonly string[]; readonly now: number },
  ): Promise<readonly string[]>
}

/** Where no facts are asked for there are none to remember, and nothing is written at home. */
export const noMemory: FactMemory = {
  recall: async () => ({ of: new Map(), silent: new Map(), warnings: [] }),
  keep: async () => [],
}
