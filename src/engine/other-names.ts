import type { Read } from '../dsl/resource.ts'
import { isBelow } from '../resources/path.ts'
import type { State } from './compare.ts'

/** A state that was read, or seen, for a call. */
export interface Known {
  readonly read: Read
  readonly state: State
}

/** Every name by which a state is known: the one asked for, and the one under which it really lies. */
export function namesOf(read: Read, state: State): readonly string[] {
  const canonical = read.kind.canonical?.(state, read.id) ?? read.id
  return canonical === read.id ? [read.id] : [read.id, canonical]
}

/** Those of `file:/to/*` and the like that lie at or below a path that a call has looked at. */
export function patternsAt(patterns: readonly string[], known: readonly Known[]): readonly string[] {
  return patterns.filter((pattern) => known.some(({ read }) => restOf(pattern, read.id) !== undefined))
}

/** The same patterns where the paths that a call has looked at really lie, as far as that is elsewhere. */
export function elsewhere(patterns: readonly string[], known: readonly Known[]): readonly string[] {
  return known.flatMap(({ read, state }) => {
    const [, canonical] = namesOf(read, state)
    if (!canonical?.startsWith('/')) return []
    return patterns.flatMap((pattern) => {
      const rest = restOf(pattern, read.id)
      return rest === undefined ? [] : [`${pattern.slice(0, pattern.indexOf(':') + 1)}${canonical}${rest}`]
    })
  })
}

/** What of a pattern stands behind a path, if it lies there. */
function restOf(pattern: string, path: string): string | undefined {
  const place = pattern.slice(pattern.indexOf(':') + 1)
  return path.startsWith('/') && (place === path || isBelow(place, path)) ? place.slice(path.length) : undefined
}
