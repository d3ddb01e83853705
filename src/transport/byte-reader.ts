import type { Readable } from 'node:stream'

/** Reads a byte stream in pieces that the reader names: up to a marker, a line, a count. */
export interface ByteReader {
  /** Bytes taken from the stream so far. */
  readonly received: number
  /** Drops everything up to and including `marker`. */
  seek(marker: Uint8Array): Promise<void>
  /** Everything up to `marker`, which is dropped. */
  until(marker: Uint8Array): Promise<Buffer>
  /** The next line without its newline. */
  line(): Promise<string>
  /** The same, and the newline is still to be read. */
  lineUpTo(): Promise<string>
  exactly(count: number): Promise<Buffer>
  /** The last bytes that were dropped or never asked for: what a host said instead of what was expected. */
  leftover(): string
}

/** The stream ended while something was still expected from it. */
export class StreamEnded extends Error {}

const leftoverLimit = 2048
/** What stays allocated when nothing is held. */
const idleSize = 64 * 1024

/**
 * Takes bytes as they come, without back pressure: a reply is held in memory anyway, and a stream that nobody drains
 * would keep its channel from closing. A byte is copied and searched a bounded number of times, however small the chunks.
 */
export function byteReader(stream: Readable): ByteReader {
  let store = Buffer.allocUnsafe(0)
  // What is held lies in `store` between these two.
  let from = 0
  let to = 0
  let received = 0
  let ended = false
  let dropped = Buffer.alloc(0)
  let wake: (() => void) | undefined

  const changed = () => {
    wake?.()
    wake = undefined
  }
  const end = () => {
    ended = true
    changed()
  }
  stream.on('data', (chunk: Buffer) => {
    makeRoom(chunk.length)
    chunk.copy(store, to)
    to += chunk.length
    received += chunk.length
    changed()
  })
  stream.once('end', end).once('close', end).once('error', end)

  function makeRoom(count: number): void {
    if (to + count <= store.length) return
    const held = store.subarray(from, to)
    const wanted = held.length + count
    // Moved only where at least as much room is won as is moved.
    const target = wanted * 2 <= store.length ? store : Buffer.allocUnsafe(Math.max(wanted * 2, idleSize))
    held.copy(target)
    store = target
    from = 0
    to = held.length
  }
  /** The next bytes, as a copy: the store is used again. */
  function take(count: number): Buffer {
    const bytes = Buffer.from(store.subarray(from, from + count))
    skip(count)
    return bytes
  }
  function skip(count: number): void {
    from += count
    if (from < to) return
    from = 0
    to = 0
    if (store.length > idleSize) store = Buffer.allocUnsafe(0)
  }
  function drop(count: number): void {
    const last = store.subarray(Math.max(from, from + count - leftoverLimit), from + count)
    dropped = Buffer.concat([dropped, last]).subarray(-leftoverLimit)
    skip(count)
  }
  async function more(): Promise<void> {
    if (ended) throw new StreamEnded('the stream has ended')
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
  /** How many bytes stand before the marker, when it has come. */
  async function find(marker: Uint8Array): Promise<number> {
    let searched = 0
    for (;;) {
      const at = store.subarray(from, to).indexOf(marker, searched)
      if (at >= 0) return at
      // The marker may be cut in two by the network.
      searched = Math.max(0, to - from - marker.length + 1)
      await more()
    }
  }

  return {
    get received() {
      return received
    },
    async exactly(count) {
      while (to - from < count) await more()
      return take(count)
    },
    async until(marker) {
      const bytes = take(await find(marker))
      skip(marker.length)
      return bytes
    },
    async seek(marker) {
      for (;;) {
        const at = store.subarray(from, to).indexOf(marker)
        if (at >= 0) {
          drop(at)
          return skip(marker.length)
        }
        drop(Math.max(0, to - from - marker.length + 1))
        await more()
      }
    },
    async line() {
      const line = take(await find(newline)).toString('utf8')
      skip(1)
      return line
    },
    lineUpTo: async () => take(await find(newline)).toString('utf8'),
    leftover: () =>
      Buffer.concat([dropped, store.subarray(from, to)])
        .subarray(-leftoverLimit)
        .toString('utf8')
        .trim(),
  }
}

const newline = Buffer.from('\n')
