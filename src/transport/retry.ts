import { passes, settled } from './connect-errors.ts'

interface Retries {
  readonly connectRetries?: number
  readonly retryTimeouts?: boolean
}

/** Before the first further attempt; each later one waits three times as long. */
const firstWaitMs = 250
const longestWaitMs = 8000

/**
 * Does it again where it failed for what may pass: nobody listens, or what listens ends the connection before it has said that
 * it is an SSH server. Never after a wrong key or a login that was refused. What takes the whole time of an attempt is only tried
 * again where somebody asked for it.
 */
export async function tryAgain<T>({ connectRetries = 0, retryTimeouts = false }: Retries, attempt: () => Promise<T>): Promise<T> {
  for (let failed = 0; ; failed++) {
    try {
      return await attempt()
    } catch (error) {
      const kind = passes(error)
      if (kind === undefined || failed >= connectRetries || (kind === 'late' && !retryTimeouts)) throw settled(error)
      await new Promise((resolve) => setTimeout(resolve, waitMs(failed)))
    }
  }
}

/** Not all hosts that one switch has cut off come back in the same moment. */
function waitMs(failed: number): number {
  return Math.min(longestWaitMs, firstWaitMs * 3 ** failed) * (0.75 + Math.random() / 2)
}
