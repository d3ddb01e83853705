import { openFactMemory } from './fact-memory.ts'
import { knowledgeOf } from './facts/knowledge.ts'
import type { HostKnowledge } from './model/facts.ts'
import type { InventoryModel } from './model/inventory.ts'

/** What is known of hosts that nobody asked. */
export interface Remembered {
  readonly knowledge: ReadonlyMap<string, HostKnowledge>
  readonly warnings: readonly string[]
  /** Why the memory itself could not be read. */
  readonly failure?: unknown
}

/** What is known of hosts without asking them: the memory of earlier runs and what the inventory declares. */
export async function rememberedFacts(inventoryPath: string, inventory: InventoryModel, names: readonly string[]): Promise<Remembered> {
  const memory = await openFactMemory(inventoryPath, inventory)
  const { of, warnings, failure } = await memory.recall(names)
  const known = names.map((host) =>
    knowledgeOf({
      host,
      declared: inventory.hosts.get(host)?.facts,
      cached: of.get(host),
      contact: 'notAsked',
      reason: 'this command asks no host',
      now: Date.now(),
    }),
  )
  return { knowledge: new Map(known.map((one) => [one.host, one])), warnings, ...(failure !== undefined && { failure }) }
}
