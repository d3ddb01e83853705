import type { Readable } from 'node:stream'

/** Reads a byte stream in pieces that the reader names: up to a marker, a line, a count. */
export interface ByteReader {
  /** Bytes taken from the stream so far. */
  readonly received: number
  /** Drops everything up to and including `marker`. */
  seek(marker: Uint8Array): Promise<void>
  /** The next line without its newline. */
  line(): Promise<string>
  exactly(count: number): Promise<Buffer>
  /** The last bytes that were dropped or never asked for: what a host said instead of what was expected. */
  leftover(): string
}

/** The stream ended while something was still expected from it. */
export class StreamEnded extends Error {}

const leftoverLimit = 2048

/**
 * Takes bytes as they come, without back pressure: a reply is held in memory anyway, and a stream that nobody drains
 * would keep its channel from closing.
 */
export function byteReader(stream: Readable): ByteReader {
  let chunks: Buffer[] = []
  let held = 0
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
    chunks.push(chunk)
    held += chunk.length
    received += chunk.length
    changed()
  })
  stream.once('end', end).once('close', end).once('error', end)

  async function more(): Promise<void> {
    if (ended) throw new StreamEnded('the stream has ended')
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
  function take(): Buffer {
    const all = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
    chunks = []
    held = 0
    return all
  }
  function giveBack(rest: Buffer): void {
    if (rest.length === 0) return
    chunks.unshift(rest)
    held += rest.length
  }
  function drop(bytes: Buffer): void {
    dropped = Buffer.concat([dropped, bytes.subarray(-leftoverLimit)]).subarray(-leftoverLimit)
  }
  async function exactly(count: number): Promise<Buffer> {
    while (held < count) await more()
    const all = take()
    giveBack(all.subarray(count))
    return all.subarray(0, count)
  }

  return {
    get received() {
      return received
    },
    exactly,
    async seek(marker) {
      for (;;) {
        const all = take()
        const at = all.indexOf(marker)
        if (at >= 0) {
          drop(all.subarray(0, at))
          return giveBack(all.subarray(at + marker.length))
        }
        // The marker may be cut in two by the network: its possible beginning stays.
        const keep = Math.max(0, all.length - marker.length + 1)
        drop(all.subarray(0, keep))
        giveBack(all.subarray(keep))
        await more()
      }
    },
    async line() {
      let scanned = 0
      for (;;) {
        const all = take()
        const at = all.indexOf(10, scanned)
        scanned = all.length
        if (at >= 0) {
          giveBack(all.subarray(at + 1))
          return all.toString('utf8', 0, at)
        }
        giveBack(all)
        await more()
      }
    },
    leftover: () =>
      Buffer.concat([dropped, ...chunks])
        .subarray(-leftoverLimit)
        .toString('utf8')
        .trim(),
  }
}
