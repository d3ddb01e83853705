let lent = false

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
