import { UnreachableError } from '../model/errors.ts'
import type { HostRecord } from '../model/inventory.ts'

/** An end to waiting that several hosts share. */
export interface Deadline {
  readonly ms: number
  readonly signal: AbortSignal
  /** @throws UnreachableError at the deadline. */
  orLate<T>(asking: Promise<T>, host: HostRecord): Promise<T>
  end(): void
}

/** A deadline so long after `from`, or before it if `earlier` comes. */
export function openDeadline(ms: number, from: Promise<unknown> = Promise.resolve(), earlier?: Deadline): Deadline {
  const own = new AbortController()
  const signal = earlier ? AbortSignal.any([own.signal, earlier.signal]) : own.signal
  let timer: NodeJS.Timeout | undefined
  let ended = false
  // One promise for all hosts: a listener for each would draw a warning from Node.
  const late = new Promise<'late'>((resolve) => signal.addEventListener('abort', () => resolve('late'), { once: true }))
  const start = () => {
    if (!ended) timer = setTimeout(() => own.abort(), ms)
  }
  void from.then(start)
  return {
    ms,
    signal,
    async orLate(asking, host) {
      asking.catch(() => {})
      const first = await Promise.race([late, asking.then((value) => ({ value }))])
      if (first !== 'late') return first.value
      const waited = earlier?.signal.aborted ? earlier.ms : ms
      throw new UnreachableError({
        summary: 'The host did not answer in time',
        detail: `no facts within ${waited / 1000} s`,
        host: host.name,
      })
    },
    end() {
      ended = true
      clearTimeout(timer)
    },
  }
}
