import { type Inventory, type Parts, partsOf } from './dsl/inventory.ts'
import type { inventoryLines } from './inventory-places.ts'
import type { Settle } from './load/import.ts'
import type { Project } from './load/project.ts'
import type { InventoryModel } from './model/inventory.ts'

/** Which inventory, and whether its sources are asked even where their last answer would do. */
export interface SettleRequest {
  readonly project: Project
  readonly path: string
  readonly refresh?: boolean | undefined
}

/**
 * Completes an inventory by what its sources tell, and looks at what only all of it shows; each inventory but once. What is
 * there for few is loaded for few.
 */
export function settling(request: SettleRequest): Settle {
  return (inventory) => {
    const known = settled.get(inventory) ?? settle(inventory, request)
    settled.set(inventory, known)
    return known
  }
}

const settled = new WeakMap<Inventory, Promise<void>>()

async function settle(inventory: Inventory, request: SettleRequest): Promise<void> {
  const parts = partsOf(inventory)
  // Who holds the inventory already sees its hosts from here on: no playbook was loaded yet.
  if (parts) Object.assign(inventory, { model: await askSources(parts, request) })
  await check(inventory.model, request)
}

/** Asks the sources of an inventory again, and gives it as it is now. */
export async function refreshed(inventory: Inventory, request: Omit<SettleRequest, 'refresh'>): Promise<InventoryModel> {
  const parts = partsOf(inventory)
  if (!parts) return inventory.model
  const model = await askSources(parts, { ...request, refresh: true })
  await check(model, request)
  return model
}

async function askSources(parts: Parts, { project, path, refresh = false }: SettleRequest): Promise<InventoryModel> {
  const { settleSources } = await import('./sources/settle.ts')
  return settleSources(parts, { root: project.root, inventoryPath: path, refresh, now: Date.now })
}

async function check(model: InventoryModel, { project, path }: SettleRequest): Promise<void> {
  if (!model.schemas && !model.sources) return
  const [{ checkVars }, places] = await Promise.all([import('./sources/check-vars.ts'), import('./inventory-places.ts')])
  const opened = { project, path, model }
  const lineOf = places.levelLines(opened)
  let declared: ReturnType<typeof inventoryLines> | undefined
  checkVars(model, project.root, (host, name, level) => {
    if (level) return lineOf(host, 'vars', name, level) ?? level.from ?? '-e'
    const origin = model.hosts.get(host)?.origin
    if (origin) return origin.lineOf?.(['hosts', host]) ?? origin.source
    declared ??= places.inventoryLines(opened)
    return declared(['hosts', host])
  })
}
