import { describe, expect, test } from 'vitest'
import { openHost } from '../../src/connect.ts'
import { noMemory, type Recalled } from '../../src/engine/fact-memory.ts'
import { type GatherRequest, gatherFacts } from '../../src/engine/gather-facts.ts'
import { noAccess } from '../../src/engine/no-access.ts'
import { UnreachableError } from '../../src/model/errors.ts'
import type { FactRecord } from '../../src/model/fact-cache.ts'
import type { HostRecord } from '../../src/model/inventory.ts'
import type { Silence } from '../../src/store/index.ts'

const host = (name: string): HostRecord => ({ name, groups: [], vars: {}, connection: { type: 'ssh' } })
const wish = { families: ['os'], maxAge: 60, insists: false }
const minute = 60_000
const hour = 60 * minute
const now = 1_000 * hour

interface Asked {
  readonly deadlineMs?: number
  readonly forks?: number
  readonly targets?: readonly string[]
  readonly wishes?: Readonly<Record<string, typeof wish>>
  readonly silent?: Readonly<Record<string, Silence>>
  /** How long ago each was gathered. */
  readonly cached?: Readonly<Record<string, number>>
  readonly open?: GatherRequest['open']
  /** The clock; each reading may move it. */
  readonly clock?: () => number
}
/** Gathers from hosts of which each is opened and then refuses to be read, unless `open` says otherwise. */
async function gather(names: readonly string[], asked: Asked = {}) {
  const opened: string[] = []
  const kept: { records: readonly FactRecord[]; silent: ReadonlyMap<string, Silence> }[] = []
  const recalled: Recalled = {
    of: new Map(Object.entries(asked.cached ?? {}).map(([name, age]) => [name, { os: { value: {}, gatheredAt: now - age } }])),
    silent: new Map(Object.entries(asked.silent ?? {})),
    warnings: [],
  }
  const gathered = await gatherFacts({
    hosts: names.map(host),
    targets: new Set(asked.targets ?? []),
    wishes: new Map(names.map((name) => [name, asked.wishes?.[name] ?? wish])),
    deadlineMs: asked.deadlineMs ?? minute,
    forks: asked.forks ?? 50,
    now: asked.clock ?? (() => now),
    memory: {
      recall: async () => recalled,
      keep: async (records, { silent }) => {
        kept.push({ records, silent })
        return []
      },
    },
    open: async (record, signal) => {
      opened.push(record.name)
      return (asked.open ?? (async () => noAccess))(record, signal)
    },
  })
  const said = Object.fromEntries(gathered.event.hosts.map(({ host: name, contact, reason }) => [name, `${contact}: ${reason ?? ''}`]))
  return { ...gathered, opened, said, silent: Object.fromEntries(kept[0]!.silent) }
}
const mute = () => new Promise<never>(() => {})

test('a large fleet draws no warning from Node about its listeners', async () => {
  const warnings: string[] = []
  const note = ({ message }: Error) => warnings.push(message)
  process.on('warning', note)
  try {
    const { access, failures } = await gather(Array.from({ length: 100 }, (_, index) => `host${index}`))
    expect([access.size, failures.size]).toEqual([100, 100])
    await new Promise((resolve) => setImmediate(resolve)) // Warnings come a turn later.
    expect(warnings).toEqual([])
  } finally {
    process.off('warning', note)
  }
})

test('hosts outside the targets are given up at the deadline, targets are waited for', async () => {
  const opening = new Promise<void>((resolve) => setTimeout(resolve, 300))
  const { access, failures, givenUpMs } = await gather(['slow', 'target'], {
    targets: ['target'],
    deadlineMs: 50,
    open: async () => {
      await opening
      return noAccess
    },
  })
  expect([...access.keys()]).toEqual(['target'])
  expect(failures.get('slow')).toBeInstanceOf(UnreachableError)
  expect(failures.get('slow')?.message).toContain('no facts within 0.05 s')
  expect(failures.get('target')?.message).toBe('This command must not contact a host')
  expect([...givenUpMs.keys()]).toEqual(['slow'])
})

test('nothing is asked of hosts without a wish: targets are only connected to', async () => {
  const { access, event } = await gatherFacts({
    hosts: [host('target'), host('other')],
    targets: new Set(['target']),
    wishes: new Map(),
    deadlineMs: minute,
    forks: 1,
    now: () => now,
    memory: noMemory,
    open: async () => noAccess,
  })
  expect([...access.keys()]).toEqual(['target'])
  expect(event.hosts).toMatchObject([
    { host: 'target', contact: 'answered' },
    { host: 'other', contact: 'notAsked', reason: 'no play reads its facts' },
  ])
})

describe('cached facts', () => {
  test.each([
    ['young enough', 59_000, []],
    ['too old', 61_000, ['other']],
    ['of a clock that was a little ahead', -59_000, []],
    ['of a clock that was far ahead', -24 * hour, ['other']],
  ] as const)('that are %s', async (_, age, asked) => {
    expect((await gather(['other'], { cached: { other: age } })).opened).toEqual(asked)
  })
  test('are looked at host by host, as the plays of each want it; targets are always asked', async () => {
    const { opened } = await gather(['a', 'b', 'c', 'target'], {
      targets: ['target'],
      cached: { a: 30_000, b: 30_000, c: 30_000, target: 1 },
      wishes: { b: { ...wish, maxAge: 20 }, c: { ...wish, families: ['os', 'network'] } },
    })
    expect(opened.toSorted()).toEqual(['b', 'c', 'target'])
  })
})

describe('a host that does not answer', () => {
  test('lends its place to those behind it', async () => {
    const { said, opened } = await gather(['mute1', 'mute2', 'well'], {
      forks: 1,
      deadlineMs: 5000,
      open: async ({ name }) => (name === 'well' ? noAccess : mute()),
    })
    expect(opened).toEqual(['mute1', 'mute2', 'well'])
    expect(said).toEqual({
      mute1: 'failed: no facts within 5 s',
      mute2: 'failed: no facts within 5 s',
      well: 'failed: This command must not contact a host',
    })
  })
  test.each([
    ['is spared with them where nobody answers', [], ['1', '2', '5']],
    ['is no silence where another answers', ['well'], ['1', '2']],
  ])('lends it to three others at most; whose turn never comes was not asked, and %s', async (_, more, noted) => {
    const names = ['1', '2', '3', '4', '5']
    const start = performance.now()
    const { opened, said, failures, silent } = await gather([...more, ...names], {
      forks: 1,
      deadlineMs: 6000,
      open: ({ name }) => (name === 'well' ? openHost({ ...host(name), connection: { type: 'local' } }, { check: true }) : mute()),
      clock: () => now + performance.now() - start,
    })
    expect(opened).toEqual([...more, '1', '2', '3', '4'])
    expect(said['5']).toBe('notAsked: its turn did not come within 6 s')
    expect([...failures.keys()].toSorted()).toEqual(names)
    // Of the others it depends on when their turn came: who was cut off too early proves nothing.
    expect(
      Object.keys(silent)
        .filter((name) => !['3', '4'].includes(name))
        .toSorted(),
    ).toEqual(noted)
  })
  test('is noted when it was waited for, not when it refuses at once', async () => {
    let moved = now
    const waits = await gather(['other', 'target'], {
      targets: ['target'],
      clock: () => moved,
      deadlineMs: 4000,
      open: async () => {
        moved += 3000
        throw new UnreachableError({ summary: 'The host cannot be reached', detail: 'no answer' })
      },
    })
    expect(waits.silent).toMatchObject({ other: { reason: 'no answer' }, target: { reason: 'no answer' } })
    const refuses = await gather(['other'], { open: async () => Promise.reject(new Error('refused')) })
    expect(refuses.silent).toEqual({})
  })
})

describe('a host that was silent', () => {
  const silence = (ago: number, waitedAgo = ago): Silence => ({ askedAt: now - ago, waitedAt: now - waitedAgo, reason: 'no answer' })
  test.each([
    ['20 s ago is not asked', silence(20_000), false],
    ['2 min ago is asked', silence(2 * minute), true],
    ['after now, by another clock, is asked', silence(-5 * minute), true],
  ])('%s', async (_, silent, asked) => {
    const { opened, said, failures } = await gather(['other'], { silent: { other: silent } })
    expect(opened).toEqual(asked ? ['other'] : [])
    expect(failures.size).toBe(asked ? 1 : 0)
    if (!asked) expect(said.other).toBe('spared: not asked again: 20 s ago it did not answer (no answer)')
  })
  test.each([
    ['is asked as a target', { targets: ['other'] }],
    ['is asked where a play insists', { wishes: { other: { ...wish, insists: true } } }],
  ])('20 s ago %s', async (_, how) => {
    expect((await gather(['other'], { ...how, silent: { other: silence(20_000) } })).opened).toEqual(['other'])
  })
  test('gets two seconds for an hour after it had all the time, and comes behind the others', async () => {
    const { said, opened, silent } = await gather(['lately', 'well', 'long-ago'], {
      deadlineMs: 3000,
      silent: { lately: silence(2 * minute, 30 * minute), 'long-ago': silence(2 * minute, 2 * hour) },
      open: async ({ name }) => (name === 'well' ? noAccess : mute()),
      clock: (() => {
        const start = performance.now()
        return () => now + performance.now() - start
      })(),
    })
    expect(opened).toEqual(['well', 'lately', 'long-ago'])
    expect(said).toMatchObject({ lately: 'failed: no facts within 2 s', 'long-ago': 'failed: no facts within 3 s' })
    // The short time does not count as all of it.
    expect(silent.lately?.waitedAt).toBe(now - 30 * minute)
    expect(silent['long-ago']?.waitedAt).toBeGreaterThanOrEqual(now)
  })
})
