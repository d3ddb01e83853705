import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What becomes of the bytes of one direction once so many of them have gone through. */
export interface Trouble {
  readonly from: 'client' | 'server'
  readonly after: number
  readonly what: /** The connection ends in good order. */
    | 'end'
    /** It is reset. */
    | 'reset'
    /** Nothing goes through any more, in either direction, and nobody is told. */
    | 'stall'
    /** The rest of what this direction says is lost, and it ends. */
    | 'truncate'
    /** One byte is another one; the rest goes on. */
    | 'corrupt'
}

export interface BadLinkOptions {
  readonly port: number
  /** Of the connections in the order in which they are made; undefined is a good link, as is each after the last. */
  readonly troubles?: readonly (Trouble | 'refuse' | undefined)[]
  /** Each piece is held back for so many turns of the event loop, and cut into pieces of this size. */
  readonly pieces?: number
}

export interface BadLink {
  readonly port: number
  readonly connections: number
  /** Brings trouble to all that is open now. */
  bring(what: 'stall' | 'reset' | 'end'): void
  close(): Promise<void>
}

/** A way to a port of 127.0.0.1 that delays, cuts, stalls, truncates and corrupts as it is told. */
export async function badLink({ port, troubles = [], pieces }: BadLinkOptions): Promise<BadLink> {
  const open = new Set<(what: 'stall' | 'reset' | 'end') => void>()
  let connections = 0
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const trouble = troubles[connections]
    connections += 1
    if (trouble === 'refuse') return void near.resetAndDestroy()
    open.add(relay(near, connect({ port, host: '127.0.0.1', allowHalfOpen: true }), trouble, pieces))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections
    },
    bring: (what) => {
      for (const each of open) each(what)
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const each of open) each('reset')
      await closed
    },
  }
}

function relay(
  near: Socket,
  far: Socket,
  trouble: Trouble | undefined,
  pieces: number | undefined,
): (what: 'stall' | 'reset' | 'end') => void {
  let stalled = false
  const bring = (what: 'stall' | 'reset' | 'end') => {
    if (what === 'stall') stalled = true
    for (const socket of [near, far]) {
      if (what === 'reset') socket.resetAndDestroy()
      else if (what === 'end') socket.end()
      else socket.pause()
    }
  }
  const pass = (source: Socket, sink: Socket, own: Trouble | undefined) => {
    let seen = 0
    source.on('error', () => sink.destroy())
    source.on('close', () => {
      if (!stalled) sink.destroy()
    })
    source.on('end', () => {
      if (!stalled) sink.end()
    })
    source.on('data', async (chunk: Buffer) => {
      if (stalled) return
      const at = own === undefined ? -1 : own.after - seen
      seen += chunk.length
      const hits = at >= 0 && at < chunk.length
      const bytes = Buffer.from(chunk)
      if (hits && own?.what === 'corrupt') bytes[at] = bytes[at]! ^ 0x20
      const whole = hits && own?.what !== 'corrupt' ? bytes.subarray(0, at) : bytes
      for (const piece of pieces === undefined ? [whole] : piecesOf(whole, pieces)) {
        if (pieces !== undefined) {
          source.pause()
          await new Promise((resolve) => setImmediate(resolve))
          source.resume()
        }
        if (stalled || sink.destroyed) return
        if (!sink.write(piece)) {
          source.pause()
          sink.once('drain', () => stalled || source.resume())
        }
      }
      if (!hits || own === undefined || own.what === 'corrupt') return
      if (own.what === 'truncate') {
        source.removeAllListeners('data')
        source.resume()
        sink.end()
      } else bring(own.what)
    })
  }
  pass(near, far, trouble?.from === 'client' ? trouble : undefined)
  pass(far, near, trouble?.from === 'server' ? trouble : undefined)
  return bring
}

function piecesOf(bytes: Buffer, size: number): readonly Buffer[] {
  const count = Math.max(1, Math.ceil(bytes.length / size))
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size))
}
