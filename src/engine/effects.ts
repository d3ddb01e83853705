import { isDeepStrictEqual } from 'node:util'
import type { Read } from '../dsl/resource.ts'
import { type Change, layOver } from './change.ts'
import type { State } from './compare.ts'
import { type Overlay, openOverlay } from './overlay.ts'
import type { Due } from './run-call.ts'

/** Whether a change bears on a state that was read before it: `perhaps` where only a look at the host tells. */
export type Bearing = 'none' | 'perhaps' | 'surely'

/** What changes do to states, as their modules declare it: the knowledge by which check mode lays plans over what it reads. */
export interface Effects {
  readonly add: (due: Due, change: Change) => void
  readonly on: (read: Read, state: State) => Bearing
}

/** The effects of no change yet. */
export function openEffects(lay: (overlay: Overlay, due: Due, change: Change) => void = layOver): Effects {
  const overlay = openOverlay()
  return {
    add: (due, change) => lay(overlay, due, change),
    on: (read, real) => {
      const { state, confidence } = overlay.view(read, real)
      if (state !== real && !isDeepStrictEqual(state, real)) return 'surely'
      return state !== real || confidence !== 'certain' ? 'perhaps' : 'none'
    },
  }
}
