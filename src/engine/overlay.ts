import type { Read } from '../dsl/resource.ts'
import type { Confidence } from '../model/event.ts'
import { merge, type State } from './compare.ts'
import { namesOf } from './other-names.ts'
import { leastSure, type Unsure } from './unsure.ts'

/** A state as check mode sees it after the planned changes of earlier tasks. */
export interface View {
  readonly state: State
  readonly confidence: Confidence
  /** Which earlier task makes it unsure. */
  readonly because?: string
}

/** A state that a task would bring about. */
export interface Planned {
  readonly read: Read
  readonly wanted: State
  readonly found: State
  readonly task: string
  /** How sure it is that anything has to change. */
  readonly confidence: Confidence
  /** Whether a run in which later tasks are reached has brought it about, changed or not. */
  readonly holds: boolean
}

/**
 * What check mode would have changed so far on one host: states planned, and what planned packages and actions may have
 * touched besides. Real runs have none: there, reading again tells.
 */
export interface Overlay {
  readonly plan: (planned: Planned) => void
  /** Things may be touched `besides` those that the task itself has planned. */
  readonly touch: (patterns: readonly string[], task: string, besides?: readonly Pick<Planned, 'read' | 'found'>[]) => void
  readonly view: (read: Read, real: State) => View
  /** The last task that planned anything; undefined while the host is still as it was found. */
  readonly lastPlanned: () => string | undefined
}

/** What one task leaves, as it bears on what a later one reads. Later ones count more: they are laid over earlier ones. */
interface Layer {
  readonly task: string
  /** `ids`: every name of what is read, as it is below. */
  readonly over: (read: Read, below: View, ids: readonly string[]) => View
}

/** An empty overlay: the host as it is. */
export function openOverlay(): Overlay {
  const layers: Layer[] = []
  return {
    lastPlanned: () => layers.at(-1)?.task,
    plan: (planned) => void layers.push(plannedLayer(planned)),
    touch: (patterns, task, besides = []) => void layers.push(touchedLayer(patterns, task, besides)),
    view: (read, real) => {
      let seenSoFar: View = { state: real, confidence: 'certain' }
      let ids = namesOf(read, real)
      for (const layer of layers) {
        const below = seenSoFar.state
        seenSoFar = layer.over(read, seenSoFar, ids)
        if (seenSoFar.state !== below) ids = namesOf(read, seenSoFar.state)
      }
      return seenSoFar
    },
  }
}

function plannedLayer({ read: changed, wanted, found, task, confidence, holds }: Planned): Layer {
  // What follows, follows of where it really lies: through a link the path to it stays.
  const names = namesOf(changed, found).toReversed()
  const unsure: Unsure[] = confidence === 'certain' ? [] : [{ confidence, because: task }]
  return {
    task,
    over: (read, below, ids) => {
      const same = read.kind === changed.kind
      if (same && ids.some((id) => names.includes(id))) {
        const state = merge(below.state, wanted)
        if (!holds) return seen(state, [...unsure, below])
        if (confidence === 'certain') return { state, confidence }
        // It holds what was asked for; what was left as it is, was made out from a state that is none, perhaps.
        if (ids.includes(changed.id)) return { state, confidence: 'assumed', because: task }
        return seen(state, [...unsure, touched(read, below, task), below])
      }
      for (const name of names)
        for (const id of ids) {
          const state = same && read.kind.overlaps?.(name, id) ? read.kind.follows?.(id, name, wanted) : undefined
          if (state) return seen(state as State, unsure)
          const other = read.kind.followsFrom?.(id, { kind: changed.kind.name, id: name, planned: wanted }, below.state)
          if (other)
            return seen(other.state as State, other.assumed ? [{ confidence: 'assumed', because: task }, ...unsure, below] : unsure)
        }
      const affected = ids.some((id) => names.some((name) => read.kind.affectedBy?.(id, changed.kind.name, name)))
      return affected ? seen(below.state, [{ confidence: 'assumed', because: task }, below]) : below
    },
  }
}

function touchedLayer(patterns: readonly string[], task: string, besides: readonly Pick<Planned, 'read' | 'found'>[]): Layer {
  const places = patterns.map(touchOf)
  const own = new Set(besides.flatMap(({ read, found }) => namesOf(read, found).map((id) => `${read.kind.name}:${id}`)))
  return {
    task,
    over: (read, below, ids) => {
      if (ids.some((id) => own.has(`${read.kind.name}:${id}`))) return below
      const isTouched = places.some(({ matches, kind, id: name }) =>
        ids.some(
          (id) =>
            matches.test(`${read.kind.name}:${id}`) ||
            matches.test(read.key) ||
            (name !== undefined && (kind === read.kind.name ? read.kind.overlaps?.(name, id) : read.kind.affectedBy?.(id, kind, name))),
        ),
      )
      if (!isTouched) return below
      return seen(below.state, [touched(read, below, task), below])
    },
  }
}

function touched(read: Read, below: View, task: string): Unsure {
  return { confidence: read.kind.absent(below.state) ? 'unknown' : 'assumed', because: task }
}

function seen(state: State, by: readonly Pick<View, 'confidence' | 'because'>[]): View {
  return { state, confidence: 'certain', ...leastSure(by) }
}

/** `file:/etc/*` matches everything below /etc; its id is `/etc`. A pattern that names no one thing has no id. */
function touchOf(pattern: string): { readonly matches: RegExp; readonly kind: string; readonly id: string | undefined } {
  const matches = new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^]*')}$`)
  const colon = pattern.indexOf(':')
  const id = pattern.slice(colon + 1).replace(/\/\*$/, '')
  return { matches, kind: pattern.slice(0, Math.max(colon, 0)), id: colon === -1 || id.includes('*') ? undefined : id }
}
