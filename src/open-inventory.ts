import { chooseInventory } from './choose-inventory.ts'
import { shortPath } from './load/code-frame.ts'
import { importInventory } from './load/import.ts'
import { findProject, type Project } from './load/project.ts'
import type { InventoryModel } from './model/inventory.ts'
import type { OpenedSource } from './open-source.ts'
import { settling } from './settle-inventory.ts'

export interface InventoryRequest {
  /** The folder the command was given in. */
  readonly root: string
  readonly inventory?: string
  /** Its sources are asked, whatever is kept of them. */
  readonly refresh?: boolean
}
export interface OpenedInventory {
  readonly project: Project
  readonly path: string
  /** The inventory's file, relative to the project. */
  readonly name: string
  readonly model: InventoryModel
  /** What was read, where it is not written in TypeScript. */
  readonly source?: OpenedSource
}

/** Finds and loads an inventory without a playbook. Contacts no host. */
export async function openInventory({ root, inventory, refresh }: InventoryRequest): Promise<OpenedInventory> {
  const project = findProject(root)
  const { path, module, source } = await chooseInventory(project, inventory, root)
  const { model } = await importInventory(project, module, settling({ project, path, refresh }))
  return { project, path, name: shortPath(project.root, path), model, ...(source && { source }) }
}
