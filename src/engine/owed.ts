import type { As } from './host-access.ts'

/** Handlers that a host owes, as its records say: one record for each user who recorded it. */
export interface Owed {
  readonly has: (handler: string, as: As) => boolean
  /** As which users it is recorded. */
  readonly usersOf: (handler: string) => readonly As[]
  /** Every handler, with the time of the first change that owes it. */
  readonly all: () => ReadonlyMap<string, string>
  /** One that is owed already stays owed since then. `by`: a call that owes it; what an earlier run left is owed in any case. */
  readonly add: (handler: string, as: As, since: string, by?: object) => void
  readonly drop: (handler: string, as: As) => void
  /** Forgets what is known of one user's records. */
  readonly forget: (as: As) => void
  /** A call turned out to owe nothing: gives the handlers that were owed for nothing but it, and are to be dropped. */
  readonly release: (by: object, as: As) => readonly string[]
}

interface Entry {
  readonly handler: string
  readonly as: As
  readonly since: string
  readonly by: Set<object> | undefined
}

/** No handler is known to be owed. */
export function openOwed(): Owed {
  const entries = new Map<string, Entry>()
  const key = (handler: string, as: As) => `${as} ${handler}`
  const those = (wanted: (entry: Entry) => boolean) => [...entries.values()].filter(wanted)
  return {
    has: (handler, as) => entries.has(key(handler, as)),
    usersOf: (handler) => those((entry) => entry.handler === handler).map(({ as }) => as),
    all: () => new Map(those(() => true).map(({ handler, since }) => [handler, since])),
    add: (handler, as, since, by) => {
      const owed = entries.get(key(handler, as))
      if (!owed) entries.set(key(handler, as), { handler, as, since, by: by && new Set([by]) })
      else if (by) owed.by?.add(by)
    },
    drop: (handler, as) => void entries.delete(key(handler, as)),
    forget: (as) => {
      for (const entry of those((one) => one.as === as)) entries.delete(key(entry.handler, as))
    },
    release: (by, as) => {
      const released = those((entry) => entry.as === as && entry.by?.delete(by) === true)
      return released.filter((entry) => entry.by?.size === 0).map(({ handler }) => handler)
    },
  }
}
