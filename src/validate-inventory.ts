import { chooseInventory } from './choose-inventory.ts'
import { inventoryPlaces } from './inventory-places.ts'
import { inventoryWarnings } from './inventory-warnings.ts'
import { shortPath } from './load/code-frame.ts'
import { importInventory } from './load/import.ts'
import { findInventory, findProject } from './load/project.ts'
import { typeCheckInventory } from './load/type-check.ts'
import { type ErrorDetails, formatLine, RollcallError } from './model/errors.ts'
import type { InventoryRequest } from './open-inventory.ts'
import { settling } from './settle-inventory.ts'

export interface ValidatedInventory {
  readonly inventory: string
  readonly ok: boolean
  readonly hosts: number
  readonly groups: number
  /** Why it cannot be used; the compiler's messages are one error. */
  readonly errors: readonly ErrorDetails[]
  readonly warnings: readonly { readonly message: string; readonly fix: string; readonly at: string }[]
}

/** Type-checks an inventory, loads it, and says what in it is probably not meant. Contacts no host. */
export async function validateInventory({ root, inventory }: InventoryRequest): Promise<ValidatedInventory> {
  const project = findProject(root)
  const path = findInventory(project, inventory, root)
  const name = shortPath(project.root, path)
  const nothing = { inventory: name, ok: false, hosts: 0, groups: 0, warnings: [] }
  // The compiler's message shows more than what loading the same mistake says.
  const chosen = await attempt(() => chooseInventory(project, inventory, root))
  if ('error' in chosen) return { ...nothing, errors: [chosen.error] }
  const { module, source } = chosen.value
  const checked = await attempt(() => typeCheckInventory(project, module))
  if ('error' in checked) return { ...nothing, errors: [checked.error] }
  const loaded = await attempt(() => importInventory(project, module, settling({ project, path })))
  if ('error' in loaded) return { ...nothing, errors: [loaded.error] }
  const { model } = loaded.value
  const placeOf = inventoryPlaces({ project, path, model, ...(source && { source }) })
  const lab = await attempt(async () => {
    const [{ labHostsOf }, { subnetOf }] = await Promise.all([import('./start-lab.ts'), import('./lab/index.ts')])
    const hosts = labHostsOf(model)
    if (hosts.length > 0) subnetOf(hosts)
  })
  const errors = 'error' in lab ? [lab.error] : []
  return {
    inventory: name,
    ok: errors.length === 0,
    hosts: model.hosts.size,
    groups: model.groups.size,
    errors,
    warnings: [
      ...(source?.warnings ?? []).map(({ message, fix, at }) => ({
        message,
        fix,
        at: formatLine({ ...at, file: shortPath(project.root, at.file) }),
      })),
      ...inventoryWarnings(model).map(({ message, fix, keys }) => ({ message, fix, at: placeOf(keys).at })),
    ],
  }
}

async function attempt<T>(work: () => Promise<T>): Promise<{ readonly value: T } | { readonly error: ErrorDetails }> {
  try {
    return { value: await work() }
  } catch (error) {
    if (error instanceof RollcallError) return { error: error.details }
    throw error
  }
}
