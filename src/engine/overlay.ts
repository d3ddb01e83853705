import type { Read } from '../dsl/resource.ts'
import type { Confidence } from '../model/event.ts'
import { merge, type State } from './compare.ts'

/** Why something is not certain: an earlier task that is only planned. */
export interface Unsure {
  readonly confidence: Exclude<Confidence, 'certain'>
  readonly because: string
}

/** A state as check mode sees it after the planned changes of earlier tasks. */
export interface View {
  readonly state: State
  readonly confidence: Confidence
  /** Which earlier task makes it unsure. */
  readonly because?: string
}

/**
 * What check mode would have changed so far on one host: states planned, and what planned packages and actions may have
 * touched besides. Real runs have none: there, reading again tells.
 */
export interface Overlay {
  readonly plan: (read: Read, wanted: State, found: State, task: string, confidence: Confidence) => void
  readonly touch: (patterns: readonly string[], task: string) => void
  readonly view: (read: Read, real: State) => View
  /** The last task that planned anything; undefined while the host is still as it was found. */
  readonly lastPlanned: () => string | undefined
}

interface Planned {
  readonly read: Read
  readonly wanted: State
  readonly task: string
  /** How sure it was that anything had to change; what is wanted holds afterwards in any case. */
  readonly confidence: Confidence
}

/** An empty overlay: the host as it is. */
export function openOverlay(): Overlay {
  const planned = new Map<string, Planned>()
  let last: string | undefined
  const touched: { readonly matches: RegExp; readonly task: string }[] = []
  const canonical = (read: Read, state: State) => `${read.kind.name}:${read.kind.canonical?.(state, read.id) ?? read.id}`

  return {
    lastPlanned: () => last,
    plan(read, wanted, found, task, confidence) {
      last = task
      for (const key of new Set([read.key, canonical(read, found)])) {
        const earlier = planned.get(key)
        planned.set(key, { read, wanted: merge(earlier?.wanted, wanted), task, confidence })
      }
    },
    touch(patterns, task) {
      last = task
      for (const pattern of patterns) touched.push({ matches: glob(pattern), task })
    },
    view(read, real) {
      const own = planned.get(read.key) ?? planned.get(canonical(read, real))
      if (own) return { state: merge(real, own.wanted), confidence: 'certain' }
      for (const other of planned.values()) {
        if (other.read.kind !== read.kind || !read.kind.overlaps?.(other.read.id, read.id)) continue
        const state = read.kind.follows?.(read.id, other.read.id, other.wanted)
        if (state) return { state: state as State, confidence: other.confidence, because: other.task }
      }
      const affecting = [...planned.values()].findLast(({ read: { kind, id } }) => read.kind.affectedBy?.(read.id, kind.name, id))
      if (affecting) return { state: real, confidence: 'assumed', because: affecting.task }
      const by = touched.findLast(({ matches }) => matches.test(read.key))
      if (!by) return { state: real, confidence: 'certain' }
      return { state: real, confidence: read.kind.absent(real) ? 'unknown' : 'assumed', because: by.task }
    },
  }
}

/** `file:/etc/*` matches everything below /etc. */
function glob(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^]*')}$`)
}

const order: readonly Confidence[] = ['certain', 'assumed', 'unknown']
/** The least sure of several views; undefined when all are certain. */
export function leastSure(views: readonly Pick<View, 'confidence' | 'because'>[]): Unsure | undefined {
  let worst: Unsure | undefined
  for (const { confidence, because = 'an earlier task' } of views)
    if (confidence !== 'certain' && order.indexOf(confidence) > order.indexOf(worst?.confidence ?? 'certain'))
      worst = { confidence, because }
  return worst
}
