import { resolve } from 'node:path'
import { shortPath } from './load/code-frame.ts'
import { keyFinder } from './load/find-key.ts'
import { stripTypes } from './load/strip.ts'
import { formatLine, type SourceLine } from './model/errors.ts'
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
export function inventoryPlaces(opened: Opened): (keys: readonly string[]) => Place {
  const find = inventoryLines(opened)
  return (keys) => shown(opened, find(keys))
}

/** The same as files and lines. */
export function inventoryLines({ path, model, source }: Opened): (keys: readonly string[]) => Line {
  if (source) return source.placeOf
  // The call may stand in a file that this one imports.
  const file = model.at?.file ?? path
  const find = keyFinder(stripTypes, { file, name: 'defineInventory', line: model.at?.line })
  return (keys) => find(keys) ?? { ...(model.at ?? { file, line: 1 }), exact: false }
}
/** `exact` as in {@link Place}. */
type Line = SourceLine & { readonly exact: boolean }

/**
 * Finds the line that sets a value of a host, where its model does not say it: a typed inventory's is found by reading it,
 * and only when it is asked for. Undefined where no file says it.
 */
export function levelLines(opened: Opened): (host: string, part: 'vars' | 'connection', name: string, level: VarLevel) => Line | undefined {
  let find: ReturnType<typeof inventoryLines> | undefined
  return (host, part, name, { level, group, from, at }) => {
    if (at) return { ...at, file: resolve(opened.project.root, at.file), exact: true }
    if (level === 'host') {
      const line = opened.model.hosts.get(host)?.origin?.lineOf?.(['hosts', host, part, name])
      if (line) return { ...line, exact: true }
    }
    if (from !== undefined || level === 'given') return undefined
    find ??= inventoryLines(opened)
    const owner = level === 'host' ? ['hosts', host] : ['groups', group ?? 'all']
    // ssh(…) says the type without a word for it.
    return find([...owner, part, ...(part === 'connection' && name === 'type' ? [] : [name])])
  }
}

/** {@link levelLines} for people. */
export function levelPlaces(opened: Opened): (host: string, part: 'vars' | 'connection', name: string, level: VarLevel) => Place {
  const find = levelLines(opened)
  return (host, part, name, level) => {
    const line = find(host, part, name, level)
    return line ? shown(opened, line) : { at: level.from ?? '-e', exact: true }
  }
}

function shown({ project }: Opened, { exact, ...line }: Line): Place {
  return { at: formatLine({ ...line, file: shortPath(project.root, line.file) }), exact }
}
