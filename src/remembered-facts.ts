import { openFactMemory } from './fact-memory.ts'
import { familyNames } from './facts/index.ts'
import { knowledgeOf } from './facts/knowledge.ts'
import type { HostKnowledge } from './model/facts.ts'
import type { InventoryModel } from './model/inventory.ts'

/** What is known of hosts without asking them: the memory of earlier runs and what the inventory declares. */
export async function rememberedFacts(
  inventoryPath: string,
  inventory: InventoryModel,
  names: readonly string[],
): Promise<ReadonlyMap<string, HostKnowledge>> {
  const memory = await openFactMemory(inventoryPath, inventory)
  const known = await Promise.all(
    names.map(async (host) => {
      const { families } = await memory.read(host, familyNames())
      return knowledgeOf({
        host,
        declared: inventory.hosts.get(host)?.facts,
        cached: families,
        asked: false,
        reason: 'this command asks no host',
        now: Date.now(),
      })
    }),
  )
  return new Map(known.map((of) => [of.host, of]))
}
