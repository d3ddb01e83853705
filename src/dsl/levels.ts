import { isDeepStrictEqual } from 'node:util'
import type { VarLevel, Vars } from '../model/inventory.ts'
import { Secret } from '../util/secret.ts'
import type { GroupTree } from './group-tree.ts'

/** What one level says of a host. */
export interface Level extends Omit<VarLevel, 'value'> {
  readonly values: object | undefined
}

/** Called where two groups, neither of which is above the other, differ, and nothing nearer decides. */
export type Differ = (name: string, one: string, other: string) => void

/**
 * Lays levels over each other, name by name; they are given from the farthest to the nearest. The nearest wins: the host
 * over its groups, a group over those above it, all of them over `all`. Groups that are not above each other are equally
 * near: they may agree, never differ.
 * @returns Name → every level that sets it, the one that counts last.
 */
export function layOver(levels: readonly Level[], tree: GroupTree, differ: Differ): ReadonlyMap<string, readonly VarLevel[]> {
  const found = new Map<string, VarLevel[]>()
  for (const { values, ...level } of levels) {
    for (const [name, value] of Object.entries(values ?? {})) {
      const one = { ...level, value }
      const known = found.get(name)
      if (known) known.push(one)
      else found.set(name, [one])
    }
  }
  for (const [name, setters] of found) if (setters.length > 1) refuseEquallyNear(name, setters, tree, differ)
  return found
}

function refuseEquallyNear(name: string, setters: readonly VarLevel[], tree: GroupTree, differ: Differ): void {
  const counts = setters.at(-1)!
  if (counts.level !== 'group') return
  const above = new Set(setters.flatMap(({ group }) => (group === undefined ? [] : tree.above(group))))
  for (const other of setters)
    if (other.level === 'group' && !above.has(other.group!) && !alike(counts.value, other.value)) {
      differ(name, other.group!, counts.group!)
      return
    }
}

/** What counts of each name. */
export function valuesOf(levels: ReadonlyMap<string, readonly VarLevel[]>): Vars {
  const values: Record<string, unknown> = {}
  for (const [name, setters] of levels) values[name] = setters.at(-1)!.value
  return values
}

/** Two secrets agree only where they are one: what they hold may be locked, and is compared by nobody. */
function alike(left: unknown, right: unknown): boolean {
  if (left instanceof Secret || right instanceof Secret) return left === right
  return isDeepStrictEqual(left, right)
}
