import { isBelow, isRelated } from '../resources/path.ts'
import { type Change, layOver, touches } from './change.ts'
import { type Effects, openEffects } from './effects.ts'
import { elsewhere, type Known, namesOf } from './other-names.ts'
import type { Due } from './run-call.ts'

/** Calls of one list that run at the same time. */
export interface Run {
  /** Whether a call is known to lie apart from all that are in it; then it is one of them, if it changes anything. */
  readonly take: (due: Due, change: Change | undefined, states: readonly Known[]) => boolean
}

/** What is known of what a call alters, and by what it was decided. */
interface Footprint {
  readonly action: boolean
  /** What it alters nobody knows, and whoever wrote the list says that it may run beside others. */
  readonly unknown: boolean
  /** It takes what one change at a time may take, whatever that is. */
  readonly alone: boolean
  /** It makes a link: what that leads to, and so what its result tells, may be anything that others alter. */
  readonly leads: boolean
  /** Where on the host it alters something. */
  readonly places: readonly string[]
  /** Directories that it makes, and with them may make those above. */
  readonly makes: readonly string[]
  /** What it makes besides, for which the directory above must be there. */
  readonly needs: readonly string[]
  /** All else that it says it touches. */
  readonly keys: readonly string[]
  readonly states: readonly Known[]
  readonly effects: Effects
}

/**
 * A run of no call yet. Two calls lie apart where, as far as is known, neither alters what the other alters or was decided by. Of
 * actions that may touch everything (a command) nothing is known but what they name in `creates` and `removes`: those run beside each
 * other as their playbook says, and beside nothing that has a state.
 */
export function openRun(): Run {
  const all: Footprint[] = []
  return {
    take: (due, change, states) => {
      const own = footprintOf(due, change, states)
      if (!all.every((other) => liesApart(own, other))) return false
      if (change) all.push(own)
      return true
    },
  }
}

function footprintOf(due: Due, change: Change | undefined, states: readonly Known[]): Footprint {
  const touched = change ? touches(due) : []
  const known = touched.filter((pattern) => !pattern.startsWith('*'))
  const action = due.call.definition.kind === 'action'
  const { reads = {}, wanted = {}, found = {} } = change?.state ?? {}
  const made = Object.keys(wanted).flatMap((name) =>
    wanted[name] && reads[name] ? [{ read: reads[name], state: found[name]!, wanted: wanted[name] }] : [],
  )
  const isNew = made.filter(({ read, state }) => read.kind.absent(state))
  const isDirectory = ({ read, wanted }: (typeof made)[number]) => wanted.type === 'directory' || read.kind.name === 'git'
  const named = [...made, ...(action && change ? states : [])] // What an action looks for is what it makes, or takes away.
  const effects = openEffects((overlay, of, given) => layOver(overlay, of, given, known))
  if (change) effects.add(due, change)
  return {
    action,
    unknown: touched.length > known.length,
    alone: made.some(({ read }) => read.kind.liesAt === undefined),
    leads: made.some(({ read, wanted }) => read.kind.name === 'link' && wanted.exists !== false),
    places: [...named.flatMap(placesOf), ...[...known, ...elsewhere(known, states)].flatMap(placeOf)],
    makes: isNew.filter(isDirectory).flatMap(placesOf),
    needs: isNew.filter((one) => !isDirectory(one)).flatMap(placesOf),
    keys: known.filter((pattern) => placeOf(pattern).length === 0),
    states,
    effects,
  }
}

function placesOf({ read, state }: Known): readonly string[] {
  return namesOf(read, state).flatMap((id) => read.kind.liesAt?.(id) ?? [])
}

/** `file:/etc/*` lies at /etc. */
function placeOf(pattern: string): readonly string[] {
  const path = /^(?:file|link):(\/[^*]*)/.exec(pattern)?.[1]
  return path === undefined ? [] : [path.replace(/(.)\/$/, '$1')]
}

function liesApart(one: Footprint, other: Footprint): boolean {
  if ((one.unknown || other.unknown) && !(one.action && other.action)) return false
  if ((one.alone && other.alone) || one.leads || other.leads) return false
  if (one.places.some((place) => other.places.some((beside) => isRelated(place, beside)))) return false
  if (paves(one, other) || paves(other, one)) return false
  if (one.keys.some((key) => other.keys.some((beside) => isSame(key, beside)))) return false
  return !bears(one, other) && !bears(other, one)
}

/** Whether a directory that one makes, or any above it, may be what the other needs. */
function paves({ makes }: Footprint, { needs }: Footprint): boolean {
  const top = (path: string) => /^\/[^/]+(?=\/)/.exec(path)?.[0] // What lies in / needs none.
  return makes.map(top).some((above) => above !== undefined && needs.some((needed) => isBelow(needed, above)))
}

function bears({ effects }: Footprint, { states }: Footprint): boolean {
  return states.some(({ read, state }) => effects.on(read, state) !== 'none')
}

/** Where both name many things, what they have in common is not known, and is nothing that either was decided by. */
function isSame(one: string, other: string): boolean {
  const head = (pattern: string) => pattern.slice(0, pattern.indexOf('*'))
  if (!one.includes('*')) return other.includes('*') ? one.startsWith(head(other)) : one === other
  return one === other || (!other.includes('*') && other.startsWith(head(one)))
}
