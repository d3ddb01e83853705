import { RollcallError } from '../model/errors.ts'
import type { InventoryModel, Shape } from '../model/inventory.ts'
import type { Inventory } from './inventory.ts'

const read = new Map<string, InventoryModel>()

/** Keeps what was read of an inventory that is not written in TypeScript, for the module that stands for it. */
export function keepSourceInventory(path: string, model: InventoryModel): void {
  read.set(path, model)
}

/**
 * An inventory of another form, which `-i` names: Rollcall has read it, and writes the module that calls this. What the module adds
 * are its types.
 */
export function sourceInventory<S extends Shape>(path: string): Inventory<S> {
  const model = read.get(path)
  if (model) return { kind: 'inventory', model } as Inventory<S>
  throw new RollcallError({
    summary: 'A module that stands for an inventory was loaded without it',
    detail: path,
    fix: `Name the inventory itself:\nrollcall inventory validate -i ${path}`,
    exitCode: 1,
  })
}
