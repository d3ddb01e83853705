/** How long a host may say nothing until another one is asked beside it. */
export const patienceMs = 1000
/** So many times the places are taken at most, those of hosts that say nothing among them. */
const mostTimes = 4

/**
 * Runs so many pieces of work at a time, in the order they were given. Whatever takes longer than a second lends its place to the
 * next: hosts that say nothing cost no work, and must not keep those behind them from being asked at all.
 */
export function openPlaces(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let free = count
  let running = 0
  const next = () => {
    while (free > 0 && running < mostTimes * count && waiting.length > 0) {
      free -= 1
      running += 1
      waiting.shift()!()
    }
  }
  const giveBack = () => {
    free += 1
    next()
  }
  return async (work) => {
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      next()
    })
    let lent = false
    const lending = setTimeout(() => {
      lent = true
      giveBack()
    }, patienceMs)
    try {
      return await work()
    } finally {
      clearTimeout(lending)
      running -= 1
      if (lent) next()
      else giveBack()
    }
  }
}
