import { shortPath } from './load/code-frame.ts'
import { keyFinder } from './load/find-key.ts'
import { stripTypes } from './load/strip.ts'
import { formatLine } from './model/errors.ts'
import type { VarLevel } from './model/inventory.ts'
import type { OpenedInventory } from './open-inventory.ts'

/** A place in the inventory's file. */
export interface Place {
  /** `inventory/lab.ts:7:24`. */
  readonly at: string
  /** False where what is looked for is not written out in this file: then this is where it enters. */
  readonly exact: boolean
}

/** Finds what stands where in an inventory's file: `['hosts', 'web-1', 'privateIp']`. */
export function inventoryPlaces({ path, project, model }: OpenedInventory): (keys: readonly string[]) => Place {
  // The call may stand in a file that this one imports.
  const file = model.at?.file ?? path
  const find = keyFinder(stripTypes(file), 'defineInventory', model.at?.line)
  return (keys) => {
    const found = find(keys)
    const line = found ?? { line: model.at?.line ?? 1, ...(model.at?.column !== undefined && { column: model.at.column }) }
    return {
      at: formatLine({ file: shortPath(project.root, file), line: line.line, ...('column' in line && { column: line.column }) }),
      exact: found?.exact ?? false,
    }
  }
}

/** The keys that lead to a var as one level sets it. */
export function keysOf(host: string, name: string, { level, group }: VarLevel): readonly string[] {
  return level === 'host' ? ['hosts', host, 'vars', name] : ['groups', group ?? 'all', 'vars', name]
}
