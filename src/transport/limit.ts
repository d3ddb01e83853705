/** A time that may not be exceeded, without that in which somebody is asked something. */
export interface Limit {
  /** Rejects when the time is over. */
  readonly over: Promise<never>
  /** The time stands still while this runs. */
  pause<T>(work: () => Promise<T>): Promise<T>
  clear(): void
}

export function startLimit(milliseconds: number, late: () => Error): Limit {
  let left = milliseconds
  let since = 0
  let waiting = 0
  let timer: NodeJS.Timeout | undefined
  let reject: (error: Error) => void = () => undefined
  const over = new Promise<never>((_, fail) => {
    reject = fail
  })
  over.catch(() => undefined)
  const run = () => {
    since = performance.now()
    timer = setTimeout(() => reject(late()), left)
  }
  let cleared = false
  run()
  return {
    over,
    pause: async (work) => {
      if (waiting++ === 0) {
        clearTimeout(timer)
        left = Math.max(0, left - (performance.now() - since))
      }
      try {
        return await work()
      } finally {
        if (--waiting === 0 && !cleared) run()
      }
    },
    clear: () => {
      cleared = true
      clearTimeout(timer)
    },
  }
}
