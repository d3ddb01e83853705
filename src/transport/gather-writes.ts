import type { Duplex } from 'node:stream'

/**
 * Has what is written to a socket within one turn of the event loop leave it together. ssh2 writes each packet in three parts, the
 * first of 4 bytes, and Node sends each at once: of a large file that is 8,000 system calls more here, and segments of 4
 * bytes that wake the server for nothing.
 */
export function gatherWrites<S extends Duplex>(socket: S): S {
  const write = socket.write.bind(socket) as (...words: readonly unknown[]) => boolean
  let gathering = false
  const flush = () => {
    gathering = false
    socket.uncork()
  }
  socket.write = (...words: readonly unknown[]) => {
    if (!gathering) {
      gathering = true
      socket.cork()
      process.nextTick(flush)
    }
    return write(...words)
  }
  return socket
}
