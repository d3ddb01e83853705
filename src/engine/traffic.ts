import type { HostTraffic } from '../model/event.ts'
import type { SessionStats } from '../transport/session-types.ts'

/** What a host's time goes to. */
export type TrafficPart = 'connect' | 'facts' | 'read' | 'apply'

/** Of a host that nobody has spoken to. */
export const noTraffic: HostTraffic = { exchanges: 0, bytesSent: 0, bytesReceived: 0, connectMs: 0, factsMs: 0, readMs: 0, applyMs: 0 }

/** Counts what is said to one host, over all its links and users. */
export interface TrafficCounter {
  /** Does the work and counts its time, also when it fails. Work of one part that overlaps is counted once: no part exceeds the clock. */
  time<T>(part: TrafficPart, work: () => Promise<T>): Promise<T>
  /** Counts a session from now on; one that has ended keeps its figures. */
  follow(session: { readonly stats: SessionStats }): void
  total(): HostTraffic
}

interface Clock {
  spent: number
  running: number
  since: number
}

/** Makes a {@link TrafficCounter} that has counted nothing. `now` gives milliseconds. */
export function countTraffic(now: () => number = () => performance.now()): TrafficCounter {
  const sessions: { readonly stats: SessionStats }[] = []
  const clock = (): Clock => ({ spent: 0, running: 0, since: 0 })
  const clocks: { readonly [P in TrafficPart]: Clock } = { connect: clock(), facts: clock(), read: clock(), apply: clock() }
  const spent = ({ spent, running, since }: Clock) => Math.round(spent + (running > 0 ? now() - since : 0))
  const sum = (of: (stats: SessionStats) => number) => sessions.reduce((total, { stats }) => total + of(stats), 0)
  return {
    async time(part, work) {
      const own = clocks[part]
      if (own.running === 0) own.since = now()
      own.running += 1
      try {
        return await work()
      } finally {
        own.running -= 1
        if (own.running === 0) own.spent += now() - own.since
      }
    },
    follow: (session) => void sessions.push(session),
    total: () => ({
      exchanges: sum((stats) => stats.exchanges),
      bytesSent: sum((stats) => stats.bytesSent),
      bytesReceived: sum((stats) => stats.bytesReceived),
      connectMs: spent(clocks.connect),
      factsMs: spent(clocks.facts),
      readMs: spent(clocks.read),
      applyMs: spent(clocks.apply),
    }),
  }
}

/** What was said to one host in several ways. */
export function addTraffic(ways: readonly HostTraffic[]): HostTraffic {
  const keys = Object.keys(noTraffic) as (keyof HostTraffic)[]
  return Object.fromEntries(keys.map((key) => [key, ways.reduce((total, way) => total + way[key], 0)])) as unknown as HostTraffic
}
