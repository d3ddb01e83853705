import { connect } from 'node:net'

/** Asked of the dialer by the process that started it. */
export interface DialRequest {
  readonly id: number
  readonly address: string
  readonly port: number
  readonly timeoutMs: number
}

/** The dialer's answer; a connected socket travels with it when there is no `code`. */
export interface DialAnswer {
  readonly id: number
  readonly code?: string
  readonly message?: string
}

// Runs inside a lab's network namespace, connects there and hands the connected sockets out: a socket stays in the
// network it was made in, whoever holds it.
const answer = (value: DialAnswer) => process.connected && process.send?.(value)

process.on('message', ({ id, address, port, timeoutMs }: DialRequest) => {
  const socket = connect({ host: address, port, noDelay: true })
  // Nothing may be read here: the server's first bytes belong to whoever gets the socket.
  socket.pause()
  const timer = setTimeout(() => {
    socket.destroy(Object.assign(new Error(`connect ETIMEDOUT ${address}:${port}`), { code: 'ETIMEDOUT' }))
  }, timeoutMs)
  socket.once('error', (error: NodeJS.ErrnoException) => {
    clearTimeout(timer)
    answer({ id, code: error.code ?? 'EIO', message: error.message })
  })
  socket.once('connect', () => {
    clearTimeout(timer)
    if (process.connected) process.send?.({ id } satisfies DialAnswer, socket)
  })
})
process.on('disconnect', () => process.exit(0))
