import { expect, test } from 'vitest'
import { addTraffic, countTraffic, noTraffic } from '../../src/engine/traffic.ts'

/** Work that ends when it is told to. */
function work() {
  let end: (() => void) | undefined
  const done = new Promise<void>((resolve) => {
    end = resolve
  })
  return { run: () => done, end: () => end?.() }
}

test('time of one part that overlaps is counted once, gaps are not counted', async () => {
  let clock = 0
  const traffic = countTraffic(() => clock)
  const [one, two, three] = [work(), work(), work()]
  const timed = [traffic.time('read', one.run)]
  clock = 10
  timed.push(traffic.time('read', two.run))
  expect(traffic.total()).toMatchObject({ readMs: 10 })
  clock = 30
  one.end()
  await timed[0]
  clock = 50
  two.end()
  await timed[1]
  clock = 1000
  const last = traffic.time('apply', three.run)
  clock = 1007
  three.end()
  await last
  expect(traffic.total()).toEqual({ ...noTraffic, readMs: 50, applyMs: 7 })
})

test('work that fails is counted and its error comes through', async () => {
  let clock = 0
  const traffic = countTraffic(() => clock)
  const failing = traffic.time('connect', async () => {
    clock = 25
    throw new Error('refused')
  })
  await expect(failing).rejects.toThrow('refused')
  expect(traffic.total().connectMs).toBe(25)
})

test('sessions are summed as they stand, several ways too', () => {
  const traffic = countTraffic()
  const stats = { exchanges: 1, bytesSent: 10, bytesReceived: 100 }
  const session = { stats }
  traffic.follow(session)
  traffic.follow({ stats })
  session.stats = { exchanges: 5, bytesSent: 50, bytesReceived: 500 }
  expect(traffic.total()).toEqual({ ...noTraffic, exchanges: 6, bytesSent: 60, bytesReceived: 600 })
  expect(addTraffic([traffic.total(), { ...noTraffic, exchanges: 1, applyMs: 3 }])).toEqual({
    ...noTraffic,
    exchanges: 7,
    bytesSent: 60,
    bytesReceived: 600,
    applyMs: 3,
  })
})
