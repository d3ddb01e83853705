import { resolve } from 'node:path'
import { shortPath } from './load/code-frame.ts'
import { keyFinder } from './load/find-key.ts'
import { stripTypes } from './load/strip.ts'
import { formatLine } from './model/errors.ts'
import type { VarLevel } from './model/inventory.ts'
import type { OpenedInventory } from './open-inventory.ts'

/** A place in the inventory's files. */
export interface Place {
  /** `inventory/lab.ts:7:24`. */
  readonly at: string
  /** False where what is looked for is not written out there: then this is where it enters. */
  readonly exact: boolean
}

type Opened = Pick<OpenedInventory, 'path' | 'project' | 'model' | 'source'>

/** Finds what stands where in an inventory's files: `['hosts', 'web-1', 'privateIp']`. */
export function inventoryPlaces({ path, project, model, source }: Opened): (keys: readonly string[]) => Place {
  if (source)
    return (keys) => {
      const { exact, ...at } = source.placeOf(keys)
      return { at: formatLine({ ...at, file: shortPath(project.root, at.file) }), exact }
    }
  // The call may stand in a file that this one imports.
  const file = model.at?.file ?? path
  const find = keyFinder(stripTypes, { file, name: 'defineInventory', line: model.at?.line })
  return (keys) => {
    const found = find(keys)
    const place = found ?? model.at ?? { file, line: 1 }
    return { at: formatLine({ ...place, file: shortPath(project.root, place.file) }), exact: found?.exact ?? false }
  }
}

/** Finds what sets a value of a host, where its model does not say it: a typed inventory's is found by reading it, and only when it is asked for. */
export function levelPlaces(opened: Opened): (host: string, part: 'vars' | 'connection', name: string, level: VarLevel) => Place {
  let find: ReturnType<typeof inventoryPlaces> | undefined
  const { root } = opened.project
  return (host, part, name, { level, group, from, at }) => {
    if (at) return { at: formatLine({ ...at, file: shortPath(root, resolve(root, at.file)) }), exact: true }
    if (from !== undefined || level === 'given') return { at: from ?? '-e', exact: true }
    find ??= inventoryPlaces(opened)
    const owner = level === 'host' ? ['hosts', host] : ['groups', group ?? 'all']
    return find([...owner, part, name])
  }
}
