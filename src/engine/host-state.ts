import type { Read } from '../dsl/resource.ts'
import type { HostRecap } from '../model/event.ts'
import type { HostRecord } from '../model/inventory.ts'
import type { State } from './compare.ts'
import type { As, HostAccess } from './host-access.ts'
import { type Overlay, openOverlay } from './overlay.ts'

type Counts = { -readonly [K in keyof Omit<HostRecap, 'exchanges'>]: HostRecap[K] }

/** What the engine knows of one target while a run goes on. Lives for the whole run. */
export interface HostState {
  readonly host: HostRecord
  readonly access: HostAccess
  /** States read and not discarded since, by user and key. */
  readonly cache: Map<string, { readonly need: number; readonly state: State }>
  /** How many tasks ahead the next exchange reads: all at first, one after a change, then doubled. */
  window: number
  /** Check mode only. */
  readonly overlay: Overlay | undefined
  status: 'running' | 'failed' | 'unreachable'
  readonly counts: Counts
  /** Handlers recorded on the host as not yet run, and as which user. */
  readonly pending: Map<string, { readonly as: As; readonly since: string }>
  readonly pendingRead: Set<As>
}

/** A target at the start of a run. */
export function openHostState(host: HostRecord, access: HostAccess, check: boolean): HostState {
  return {
    host,
    access,
    cache: new Map(),
    window: Number.POSITIVE_INFINITY,
    overlay: check ? openOverlay() : undefined,
    status: 'running',
    counts: { ok: 0, changed: 0, skipped: 0, failed: 0, unreachable: 0 },
    pending: new Map(),
    pendingRead: new Set(),
  }
}

const slot = (as: As, read: Read) => `${as} ${read.key}`

/** The state in the cache, if it was read at this need or a larger one. */
export function cached(state: HostState, as: As, read: Read): State | undefined {
  const entry = state.cache.get(slot(as, read))
  return entry && entry.need >= read.kind.needs.indexOf(read.need) ? entry.state : undefined
}

/** Keeps a state that was read. */
export function remember(state: HostState, as: As, read: Read, value: State): void {
  const need = read.kind.absentIsAll && read.kind.absent(value) ? read.kind.needs.length : read.kind.needs.indexOf(read.need)
  state.cache.set(slot(as, read), { need, state: value })
}

/** Forgets everything read on a host: something on it has changed. */
export function discard(state: HostState): void {
  state.cache.clear()
  state.window = 1
}
