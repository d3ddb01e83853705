import type { Socket } from 'node:net'

/** Bytes that may be under way in one direction before the sender has to wait: far more than a window of SSH. */
const limit = 64 * 1024 * 1024

/** One direction of a connection. */
export interface DelayLine {
  /** Takes what has arrived now; it comes out in order, `delayMs` later, and not before `openAt` + `delayMs`. */
  push(chunk: Buffer): void
  /** Ends the far side once everything before it has come out. */
  end(): void
}

export interface DelayLineOptions {
  readonly delayMs: number
  /** When the direction begins to carry anything, on the clock of `performance.now()`. */
  readonly openAt: number
  readonly from: Socket
  readonly to: Socket
  readonly onDelivery: (bytes: number) => void
}

/** Delays without limiting throughput: what is on its way is held in memory, and one timer waits for the oldest of it. */
export function delayLine({ delayMs, openAt, from, to, onDelivery }: DelayLineOptions): DelayLine {
  const queue: { readonly due: number; readonly chunk: Buffer | undefined }[] = []
  let held = 0
  let waiting = false
  // The far side has not taken yet what it was given.
  let full = false
  const deliver = (chunk: Buffer | undefined) => {
    if (chunk === undefined) return void to.end()
    onDelivery(chunk.length)
    if (to.write(chunk) || full) return
    full = true
    from.pause()
    to.once('drain', () => {
      full = false
      if (held <= limit) from.resume()
    })
  }
  const wait = () => {
    if (waiting || queue.length === 0) return
    waiting = true
    setTimeout(flush, Math.max(0, queue[0]!.due - performance.now()))
  }
  const flush = () => {
    waiting = false
    const now = performance.now()
    while (queue.length > 0 && queue[0]!.due <= now) {
      const { chunk } = queue.shift()!
      held -= chunk?.length ?? 0
      deliver(chunk)
    }
    if (held < limit / 2 && from.isPaused() && !full) from.resume()
    wait()
  }
  const add = (chunk: Buffer | undefined) => {
    if (delayMs === 0) return deliver(chunk)
    queue.push({ due: Math.max(performance.now(), openAt) + delayMs, chunk })
    held += chunk?.length ?? 0
    if (held > limit) from.pause()
    wait()
  }
  return { push: add, end: () => add(undefined) }
}
