import type { Inventory } from './dsl/inventory.ts'
import { inventoryLines, levelLines } from './inventory-places.ts'
import type { Settle } from './load/import.ts'
import type { Project } from './load/project.ts'

/** Completes an inventory, and looks at what only all of it shows; each but once. What is there for few is loaded for few. */
export function settling(project: Project, path: string): Settle {
  return (inventory) => {
    const known = settled.get(inventory) ?? settle(inventory, project, path)
    settled.set(inventory, known)
    return known
  }
}

const settled = new WeakMap<Inventory, Promise<void>>()

async function settle({ model }: Inventory, project: Project, path: string): Promise<void> {
  if (!model.schemas) return
  const { checkVars } = await import('./sources/check-vars.ts')
  const opened = { project, path, model }
  const lineOf = levelLines(opened)
  let declared: ReturnType<typeof inventoryLines> | undefined
  checkVars(model, project.root, (host, name, level) => {
    if (level) return lineOf(host, 'vars', name, level) ?? level.from ?? '-e'
    declared ??= inventoryLines(opened)
    return declared(['hosts', host])
  })
}
