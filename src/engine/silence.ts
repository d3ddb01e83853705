import type { Silence } from '../store/index.ts'
import { patienceMs } from './places.ts'

/** For so long a host that was waited for in vain is not asked again. */
const restMs = 60_000
/** After that all of them together get so much time: a host that is up again has long answered by then. */
export const briefMs = 2000
/** And all of it again once it has had that this long ago: its network may be slow. */
const trustMs = 3600_000

/** How much time a host gets that was silent: none, the short one, or as much as any other. */
export function timeFor({ askedAt, waitedAt }: Silence, now: number): 'none' | 'brief' | 'whole' {
  const [rest, trust] = [now - askedAt, now - waitedAt]
  if (rest >= 0 && rest < restMs) return 'none'
  return trust >= 0 && trust < trustMs ? 'brief' : 'whole'
}

/** Whether a host was really waited for: who refuses at once costs nothing to ask again, and who was cut off early may be well. */
export function waitedInVain(elapsedMs: number, allowedMs: number | undefined): boolean {
  return elapsedMs >= Math.max(patienceMs, (allowedMs ?? 0) / 2)
}

/** Why it is not asked, as a clause. */
export function sparedBecause({ askedAt, reason }: Silence, now: number): string {
  return `not asked again: ${Math.round((now - askedAt) / 1000)} s ago it did not answer (${reason})`
}
