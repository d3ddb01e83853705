import { suggest } from '../util/suggest.ts'
import type { GroupDefinitions } from './inventory-types.ts'
import type { Fail } from './wrong-inventory.ts'

/** Which groups stand above and below which. `all` stands above every one, and is in no list. */
export interface GroupTree {
  /** Group → groups directly below it, for groups that have some. */
  readonly children: ReadonlyMap<string, readonly string[]>
  /** Groups above a group, nearest first. */
  readonly above: (group: string) => readonly string[]
  /** How many groups stand above it on the longest way: of two that are above each other the lower has more. */
  readonly depth: (group: string) => number
}

const none: readonly string[] = []

/** Reads `children` of all groups; refuses names that are not there, and groups that are below themselves. */
export function groupTree(groups: GroupDefinitions, fail: Fail): GroupTree {
  const children = new Map<string, readonly string[]>()
  const parents = new Map<string, string[]>()
  for (const [name, { children: below }] of Object.entries(groups)) {
    if (below === undefined || below.length === 0) continue
    for (const child of below) refuseChild(name, child, groups, fail)
    children.set(name, [...new Set(below)])
    for (const child of new Set(below)) parents.set(child, [...(parents.get(child) ?? []), name])
  }
  const cycle = cycleIn(children)
  if (cycle)
    fail({
      detail: `a group is below itself: ${cycle.join(' → ')}`,
      fix: `Take one of them out of the children of the group before it.`,
      keys: ['groups', cycle[0]!, 'children'],
    })
  const aboveOf = new Map<string, readonly string[]>()
  const above = (group: string): readonly string[] => {
    const direct = parents.get(group)
    if (direct === undefined) return none
    const known = aboveOf.get(group) ?? breadthFirst(direct, parents)
    aboveOf.set(group, known)
    return known
  }
  const depths = new Map<string, number>()
  const depth = (group: string): number => {
    const known = depths.get(group) ?? Math.max(0, ...(parents.get(group) ?? none).map((parent) => depth(parent) + 1))
    depths.set(group, known)
    return known
  }
  return { children, above, depth }
}

/** Each group once, near ones before those further away. */
function breadthFirst(from: readonly string[], parents: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const found = new Set<string>()
  for (
    let level = from;
    level.length > 0;
    level = level.flatMap((group) => parents.get(group) ?? none).filter((group) => !found.has(group))
  )
    for (const group of level) found.add(group)
  return [...found]
}

function refuseChild(name: string, child: string, groups: GroupDefinitions, fail: Fail): void {
  const keys = ['groups', name, 'children']
  if (name === 'all') fail({ detail: `group 'all' has children`, fix: 'Leave them out: every group is below all.', keys })
  if (child === 'all') fail({ detail: `group '${name}' has the child 'all'`, fix: 'Every group is below all.', keys })
  if (Object.hasOwn(groups, child)) return
  const meant = suggest(
    child,
    Object.keys(groups).filter((group) => group !== 'all'),
  )
  fail({
    detail: `group '${name}' has the child '${child}', which is not declared`,
    fix: meant ? `Did you mean '${meant}'?` : `Declare it under groups: { '${child}': {} }. Hosts name their groups themselves.`,
    keys,
  })
}

/** A way from a group down to itself. */
function cycleIn(children: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>()
  const from = (group: string, path: readonly string[]): readonly string[] | undefined => {
    const before = path.indexOf(group)
    if (before !== -1) return [...path.slice(before), group]
    if (done.has(group)) return undefined
    for (const child of children.get(group) ?? none) {
      const found = from(child, [...path, group])
      if (found) return found
    }
    done.add(group)
    return undefined
  }
  for (const group of children.keys()) {
    const found = from(group, [])
    if (found) return found
  }
  return undefined
}
