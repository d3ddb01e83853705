import { join } from 'node:path'
import type { InventoryModel } from './model/inventory.ts'
import { type FactCache, inventoryIdOf, openFactCache } from './store/index.ts'

/** What is remembered of the hosts of one inventory. */
export type FactMemory = Pick<FactCache, 'read' | 'write'>

/**
 * The memory of an inventory's hosts. That of lab hosts lies with the lab and goes with it, or with a host's disk when
 * it is reset: facts of a machine that is gone would be told of another one with its name.
 */
export async function openFactMemory(inventoryPath: string, { hosts }: InventoryModel): Promise<FactMemory> {
  const inventoryId = inventoryIdOf(inventoryPath)
  const lab = [...hosts.values()].some(({ connection }) => connection.type === 'lab') ? await import('./lab/index.ts') : undefined
  let lasting: FactCache | undefined
  const memoryOf = (host: string): FactMemory | undefined => {
    if (lab === undefined || hosts.get(host)?.connection.type !== 'lab') {
      lasting ??= openFactCache({ inventoryId })
      return lasting
    }
    const id = lab.defaultLab()
    return lab.status(id) === undefined ? undefined : openFactCache({ directory: join(lab.factsFolder(id), host), inventoryId })
  }
  return {
    read: async (host, families) => (await memoryOf(host)?.read(host, families)) ?? { families: {}, warnings: [] },
    write: async (host, families, gatheredAt) => memoryOf(host)?.write(host, families, gatheredAt),
  }
}
