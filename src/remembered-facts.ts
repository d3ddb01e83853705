import { familyNames } from './facts/index.ts'
import { knowledgeOf } from './facts/knowledge.ts'
import type { HostKnowledge } from './model/facts.ts'
import type { InventoryModel } from './model/inventory.ts'
import { inventoryIdOf, openFactCache } from './store/index.ts'

/** What is known of hosts without asking them: the memory of earlier runs and what the inventory declares. */
export async function rememberedFacts(
  inventoryPath: string,
  { hosts }: InventoryModel,
  names: readonly string[],
): Promise<ReadonlyMap<string, HostKnowledge>> {
  const cache = openFactCache({ inventoryId: inventoryIdOf(inventoryPath) })
  const known = await Promise.all(
    names.map(async (host) => {
      const { families } = await cache.read(host, familyNames())
      return knowledgeOf({
        host,
        declared: hosts.get(host)?.facts,
        cached: families,
        asked: false,
        reason: 'this command asks no host',
        now: Date.now(),
      })
    }),
  )
  return new Map(known.map((of) => [of.host, of]))
}
