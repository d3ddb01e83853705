import type { Read } from '../dsl/resource.ts'
import type { State } from './compare.ts'

const narrowed = new WeakMap<State, Map<string, State>>()

/** A state without what was only read because another call needed more of the same thing. One object for each need. */
export function narrow({ kind, need }: Read, state: State): State {
  const beyond = kind.needs.slice(kind.needs.indexOf(need) + 1).flatMap((more) => kind.adds?.[more] ?? [])
  if (!beyond.some((field) => field in state)) return state
  const known = narrowed.get(state) ?? new Map<string, State>()
  narrowed.set(state, known)
  const made = known.get(need) ?? Object.fromEntries(Object.entries(state).filter(([field]) => !beyond.includes(field)))
  known.set(need, made)
  return made
}
