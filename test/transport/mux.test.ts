import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { proxyMaster, terminateMaster } from '../../src/transport/mux-master.ts'
import { messageSplitter, mux, muxMessage, readMessage, string, uint32 } from '../../src/transport/mux-wire.ts'
import { sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { keptConnections } from '../helpers/kept.ts'
import { startSshd } from '../helpers/sshd.ts'

describe('messages', () => {
  const one = string('one')
  const two = string(Buffer.alloc(70_000, 2))
  const whole = Buffer.concat([one, two, one])
  test.each([1, 3, 4, 5, 7, 1000, whole.length])('are cut out of pieces of %d bytes', (size) => {
    const split = messageSplitter()
    const found: Buffer[] = []
    for (let at = 0; at < whole.length; at += size) found.push(...split(whole.subarray(at, at + size)))
    expect(found.map((message) => string(message).equals(message.length === 3 ? one : two))).toEqual([true, true, true])
  })
  test('have no length that nothing has', () => {
    expect(() => messageSplitter()(Buffer.from('HTTP/1.1 400'))).toThrow(RangeError)
    expect(() => readMessage(Buffer.concat([uint32(5), Buffer.from('four')])).bytes()).toThrow(RangeError)
  })
})

describe('what answers at a socket and is no master', () => {
  const path = join(testFolder(), 's')
  const sockets = new Set<Socket>()
  let server: Server
  let answer: (socket: Socket) => void = () => {}
  beforeAll(async () => {
    server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined)
      answer(socket)
    })
    await new Promise<void>((resolve) => server.listen(path, resolve))
  })
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  })
  afterAll(() => void server.close())

  const hello = muxMessage(mux.hello, uint32(mux.version))
  test.each<{ readonly name: string; readonly says: (socket: Socket) => void; readonly message: RegExp }>([
    { name: 'says nothing', says: () => {}, message: /no answer within 0\.2 s/ },
    { name: 'ends the connection', says: (socket) => void socket.end(), message: /closed/ },
    { name: 'is a web server', says: (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), message: /a message of \d+ bytes/ },
    { name: 'speaks another version', says: (socket) => void socket.write(muxMessage(mux.hello, uint32(5))), message: /another protocol/ },
    { name: 'sends less than a message', says: (socket) => void socket.write(string('ab')), message: /./ },
    {
      name: 'knows of no proxy',
      says: (socket) =>
        void socket.write(
          Buffer.concat([hello, muxMessage(mux.alive, uint32(0), uint32(1)), muxMessage(0x80000003, uint32(1), string('unsupported'))]),
        ),
      message: /no proxy/,
    },
  ])('$name', async ({ says, message }) => {
    answer = says
    await expect(proxyMaster(path, 200)).rejects.toThrow(message)
    await terminateMaster(path, 200)
  })
  test('nobody answers', async () => {
    await expect(proxyMaster(join(testFolder(), 'none'), 200)).rejects.toThrow(/ENOENT/)
  })
})

test('a server that asks on each channel whether somebody is there is answered', async () => {
  const sshd = await startSshd({ config: ['ClientAliveInterval 1', 'ClientAliveCountMax 1'] })
  const kept = keptConnections()
  const connection = await kept.connect(sshd.target())
  const process = await connection.start(sh`sleep 4; echo alive`)
  const said: Buffer[] = []
  process.stdout.on('data', (chunk: Buffer) => said.push(chunk))
  expect(await process.exit).toEqual({ code: 0, signal: null })
  await connection.close()
  await kept.stop()
  await sshd.close()
})

test('many megabytes go both ways at once, slowly read', async () => {
  const sshd = await startSshd()
  const kept = keptConnections()
  const connection = await kept.connect(sshd.target())
  const process = await connection.start(sh`cat`)
  const size = 24 * 1024 * 1024
  const block = Buffer.alloc(1024 * 1024, 'rollcall')
  let received = 0
  const read = (async () => {
    for await (const chunk of process.stdout) {
      received += (chunk as Buffer).length
      if (received % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
  })()
  for (let sent = 0; sent < size; sent += block.length)
    if (!process.stdin.write(block)) await new Promise((resolve) => process.stdin.once('drain', resolve))
  process.stdin.end()
  await read
  expect([received, await process.exit]).toEqual([size, { code: 0, signal: null }])
  await connection.close()
  await kept.stop()
  await sshd.close()
})
