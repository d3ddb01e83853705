import type { Read } from '../dsl/resource.ts'
import type { HostRecap, HostTraffic } from '../model/event.ts'
import type { HostRecord } from '../model/inventory.ts'
import { limitConcurrency } from '../util/concurrency.ts'
import type { State } from './compare.ts'
import type { As, HostAccess } from './host-access.ts'
import type { HostLock } from './host-lock.ts'
import type { LostStep } from './lost-steps.ts'
import { narrow } from './narrow.ts'
import { type Overlay, openOverlay } from './overlay.ts'
import { type Owed, openOwed } from './owed.ts'

type Counts = { -readonly [K in keyof Omit<HostRecap, keyof HostTraffic>]: HostRecap[K] }

/** What the engine knows of one target while a run goes on. Lives for the whole run. */
export interface HostState {
  readonly host: HostRecord
  readonly access: HostAccess
  /** States read and not discarded since, by user and key. */
  readonly cache: Map<string, { readonly need: number; readonly state: State }>
  /** What was read at the same time for calls of one list, beside what is in the cache; an error is told at its turn. */
  readonly live: Map<object, ReadonlyMap<string, State | Error>>
  /** How many tasks ahead the next exchange reads: all at first, one after a change, then doubled. */
  window: number
  /** Reading ahead took too long here: each task reads for itself, so that the one that hangs is the one that is told. */
  readsAlone: boolean
  /** Check mode only. */
  readonly overlay: Overlay | undefined
  /** `stopped`: nothing failed here, but what failed elsewhere ends the run here too. */
  status: 'running' | 'failed' | 'unreachable' | 'stopped'
  /** Its link was lost and that was ignored: the next task connects anew. */
  lost: boolean
  readonly counts: Counts
  /** One task at a time acts here, its own or one that another host delegates. */
  readonly turn: <T>(work: () => Promise<T>) => Promise<T>
  /** Set where other hosts of this run are the same machine: what they do may spoil what this one has read. */
  readonly together: Together | undefined
  /** Set where a handler's record must tell for which host it is owed: records of several hosts lie on one machine. */
  readonly recordsFor: string | undefined
  /** Steps are on their way or run. */
  applying: boolean
  /** Steps of earlier runs that nobody has been told of. */
  readonly lostSteps: Map<As, readonly LostStep[]>
  /** What failed here did so for another run holds the host. */
  held: boolean
  /** What keeps other runs off the host; absent on the controller, on which any number of runs work at once. */
  readonly lock: HostLock | undefined
  /** Handlers recorded on the host as not yet run. */
  readonly pending: Owed
  readonly pendingRead: Set<As>
}

/** What the hosts that are one machine (the controller) share. */
export interface Together {
  /** Check mode: what is planned by one of them is planned for all. */
  readonly overlay: Overlay | undefined
  /** Between looking and changing no other of them changes anything. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>
}

/** For several hosts of a run that are one machine. */
export function openTogether(check: boolean): Together {
  return { overlay: check ? openOverlay() : undefined, alone: limitConcurrency(1) }
}

export interface StateOptions {
  readonly together?: Together | undefined
  /** The host's access is to the controller, where records of all such hosts lie. */
  readonly onController?: boolean
  readonly lock?: HostLock | undefined
}

/** A target at the start of a run. */
export function openHostState(host: HostRecord, access: HostAccess, check: boolean, options: StateOptions = {}): HostState {
  const { together, onController } = options
  return {
    host,
    access,
    cache: new Map(),
    live: new Map(),
    window: together ? 0 : Number.POSITIVE_INFINITY,
    readsAlone: false,
    overlay: together ? together.overlay : check ? openOverlay() : undefined,
    together,
    recordsFor: onController ? host.name : undefined,
    status: 'running',
    lost: false,
    applying: false,
    lostSteps: new Map(),
    held: false,
    lock: options.lock,
    turn: limitConcurrency(1),
    counts: { ok: 0, changed: 0, skipped: 0, failed: 0, unreachable: 0, rescued: 0, ignored: 0 },
    pending: openOwed(),
    pendingRead: new Set(),
  }
}

/** The same host, worked for on the controller: another machine to read and change, one status and one count of tasks. */
export function onController(state: HostState, access: HostAccess, check: boolean, together: Together | undefined): HostState {
  return sharing(openHostState(state.host, access, check, { together, onController: true }), state)
}

/** A host's state in one place, with status and counts of its state in another. */
export function sharing(there: HostState, state: HostState): HostState {
  return Object.defineProperties(there, {
    status: { get: () => state.status, set: (status: HostState['status']) => (state.status = status), enumerable: true },
    counts: { value: state.counts, enumerable: true },
  })
}

/** Begins a call where other hosts are the same machine: nothing that was read before the last of them changed it counts. */
export function forgetOthers(state: HostState): void {
  if (!state.together) return
  state.cache.clear()
  state.window = 0
}

/** The record of a handler that is owed to this host. */
export function recordOf({ recordsFor }: HostState, handler: string): string {
  return recordsFor === undefined ? handler : `${handler}${owedTo}${recordsFor}`
}

/** The handler that a record names, if it is owed to this host. */
export function handlerOf({ recordsFor }: HostState, record: string): string | undefined {
  if (recordsFor === undefined) return record
  const end = `${owedTo}${recordsFor}`
  return record.endsWith(end) ? record.slice(0, -end.length) : undefined
}
const owedTo = ' @ '

const slot = (as: As, read: Read) => `${as} ${read.key}`

/** The state in the cache, if it was read at this need or a larger one. */
export function cached(state: HostState, as: As, read: Read): State | undefined {
  const entry = state.cache.get(slot(as, read))
  return entry && entry.need >= read.kind.needs.indexOf(read.need) ? narrow(read, entry.state) : undefined
}

/** Keeps a state that was read. */
export function remember(state: HostState, as: As, read: Read, value: State): void {
  const need = read.kind.absentIsAll && read.kind.absent(value) ? read.kind.needs.length : read.kind.needs.indexOf(read.need)
  state.cache.set(slot(as, read), { need, state: value })
}

/** Forgets everything read on a host: something on it has changed. `reach`: how many tasks ahead were read again with that. */
export function discard(state: HostState, reach = 1): void {
  state.cache.clear()
  state.live.clear()
  state.window = reach
}
