import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { gatherWrites } from '../../src/transport/gather-writes.ts'

/** A socket that notes what leaves it at once. */
function noting() {
  const sent: string[][] = []
  const socket = new Duplex({
    read: () => undefined,
    write(chunk, _encoding, done) {
      sent.push([String(chunk)])
      setImmediate(done)
    },
    writev(chunks, done) {
      sent.push(chunks.map(({ chunk }) => String(chunk)))
      setImmediate(done)
    },
  })
  return { sent, socket: gatherWrites(socket) }
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

test('what is written in one turn leaves together and in order, what comes later by itself', async () => {
  const { sent, socket } = noting()
  for (const part of ['size', 'packet', 'tag']) socket.write(part)
  expect(sent).toEqual([])
  await turn()
  socket.write('next')
  await turn()
  expect(sent).toEqual([['size', 'packet', 'tag'], ['next']])
})

test('the end of a socket, or that of the connection behind it, loses nothing that was written', async () => {
  const { sent, socket } = noting()
  socket.write('good')
  socket.end('bye')
  await new Promise((resolve) => socket.once('finish', resolve))
  expect(sent.flat()).toEqual(['good', 'bye'])
})
