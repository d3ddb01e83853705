import { openSteering, type Steering, type Wheel } from '../util/steering.ts'

/** Exit code of what was ended by Ctrl-C. */
export const interrupted = 130
/** Exit code of a run that took longer than its `--timeout`. */
const tooLong = 2

let lent = false
let wheel: Wheel | undefined

/**
 * Does what Ctrl-C brings to an end instead of cutting it off, or a limit in seconds.
 * @param limit Of `--timeout`.
 */
export async function steered<T>(limit: number | undefined, work: (steering: Steering) => Promise<T>): Promise<T> {
  const own = openSteering()
  wheel = own
  const end = () => own.end(`it took longer than --timeout ${limit}`, tooLong)
  const timer = limit === undefined ? undefined : setTimeout(end, limit * 1000)
  try {
    return await work(own)
  } finally {
    clearTimeout(timer)
    wheel = undefined
  }
}

/**
 * Ctrl-C while tasks run: the first time no further task begins, the second time what runs is ended on the hosts.
 * @returns What to say; undefined where there is nothing to bring to an end.
 */
export function interruptWork(): string | undefined {
  if (!wheel?.underWay || wheel.ended !== undefined) return undefined
  if (wheel.stopped === undefined) {
    const running = [...wheel.running]
    wheel.stop('Ctrl-C', interrupted)
    const shown = running.slice(0, 5).join(', ') + (running.length > 5 ? ` and ${running.length - 5} more` : '')
    const waits = running.length === 0 ? 'no task runs' : `waiting for ${shown}`
    return `interrupted: no further task begins; ${waits}\nCtrl-C again ends what runs on the hosts`
  }
  wheel.end('Ctrl-C, twice', interrupted)
  return 'interrupted again: what runs on the hosts is being ended\nCtrl-C once more leaves at once'
}

/** Runs a program of the user on our terminal: until it ends, Ctrl-C is its own business. */
export async function lendTerminal<T>(work: () => Promise<T>): Promise<T> {
  lent = true
  try {
    return await work()
  } finally {
    lent = false
  }
}

/** Calls back on Ctrl-C, unless the terminal is lent. */
export function onInterrupt(stop: () => void): void {
  process.on('SIGINT', () => {
    if (!lent) stop()
  })
}
