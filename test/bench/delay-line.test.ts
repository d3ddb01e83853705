import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { delayLine } from '../../scripts/bench/delay-line.ts'

/** Both ends of a real connection. */
async function connection(): Promise<readonly [client: Socket, server: Socket]> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [far] = (await accepted) as [Socket]
  onTestFinished(() => {
    client.destroy()
    far.destroy()
    server.close()
  })
  return [client, far]
}

it.each([0, 5])('with a delay of %i ms bytes come out whole and in order, then the end, however slowly they are taken', async (delayMs) => {
  const [source, from] = await connection()
  const [to, sink] = await connection()
  const sent = randomBytes(8 * 1024 * 1024)
  let counted = 0
  const line = delayLine({
    delayMs,
    openAt: 0,
    from,
    to,
    onDelivery: (bytes) => {
      counted += bytes
    },
  })
  from.on('data', (chunk) => line.push(chunk))
  from.on('end', () => line.end())
  source.end(sent)
  const got: Buffer[] = []
  for await (const chunk of sink) got.push(chunk as Buffer)
  expect(Buffer.concat(got).equals(sent)).toBe(true)
  expect(counted).toBe(sent.length)
})

it('carries nothing before it is open', async () => {
  const [, from] = await connection()
  const [to, sink] = await connection()
  const openAt = performance.now() + 60
  let deliveredAt = 0
  const line = delayLine({
    delayMs: 5,
    openAt,
    from,
    to,
    onDelivery: () => {
      deliveredAt = performance.now()
    },
  })
  line.push(Buffer.from('early'))
  await once(sink, 'data')
  expect(deliveredAt).toBeGreaterThanOrEqual(openAt)
})
