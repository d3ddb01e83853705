import type { LabHost } from './lab/index.ts'
import { RollcallError } from './model/errors.ts'
import type { HostRecord, InventoryModel } from './model/inventory.ts'

/** The hosts of an inventory that the lab provides. */
export function labHostsOf(inventory: InventoryModel): readonly LabHost[] {
  return [...inventory.hosts.values()].flatMap(({ name, privateIp, connection }): LabHost[] => {
    if (connection.type !== 'lab') return []
    if (privateIp === undefined)
      throw new RollcallError({
        summary: 'A lab host needs a private address',
        detail: name,
        fix: `Give it one in the inventory: '${name}': { privateIp: '10.108.0.x', … }.`,
      })
    return [{ name, address: privateIp, kind: connection.kind }]
  })
}

/** Starts the lab where a host that is about to be asked stands in it and none is up. A host that was stopped stays so. */
export async function startLab(inventory: InventoryModel, asked: readonly HostRecord[], progress: (line: string) => void): Promise<void> {
  if (!asked.some((host) => host.connection.type === 'lab')) return
  const { defaultLab, up } = await import('./lab/index.ts')
  await up(defaultLab(), labHostsOf(inventory), { progress })
}
