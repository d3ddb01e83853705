import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSession } from '../../src/transport/session.ts'
import { connectSsh2 } from '../../src/transport/ssh2.ts'
import type { SshTarget } from '../../src/transport/target.ts'
import { sh } from '../../src/util/sh.ts'
import { type BadLink, badLink, type Trouble } from '../helpers/bad-link.ts'
import { chance } from '../helpers/chance.ts'
import { testFolder } from '../helpers/folder.ts'
import { makeKey, writePrivate } from '../helpers/ssh-keys.ts'
import { startSshServer } from '../helpers/ssh-server.ts'
import { startSshd } from '../helpers/sshd.ts'

// Limits are short, and nothing here measures time: what hangs is ended by the test's own limit.

const detailOf = (error: unknown) => (error as { details: { detail: string } }).details.detail
const servers = [
  { name: 'sshd', start: () => startSshd() },
  { name: 'a server by ssh2', start: () => startSshServer() },
] as const

/** What is open is closed whatever happens, and a rejection that nobody hears fails the test by itself. */
async function through<T>(
  server: { target(changes?: Partial<SshTarget>): SshTarget; readonly port: number },
  link: BadLink,
  work: (target: SshTarget) => Promise<T>,
): Promise<T> {
  try {
    const alias = `[127.0.0.1]:${server.port}`
    return await work(server.target({ port: link.port, hostKeyAlias: alias, connectTimeoutMs: 1500, keepaliveMs: 150, keepaliveCount: 2 }))
  } finally {
    await link.close()
  }
}

/** A whole use of a host: login, a session, a step, a transfer. How far it came, and what ended it. */
async function use(target: SshTarget, big = 300_000): Promise<{ readonly stage: string; readonly error: unknown }> {
  let stage = 'login'
  try {
    const connection = await connectSsh2(target)
    try {
      stage = 'session'
      const session = await openSession(connection, { host: target.host, user: target.user })
      stage = 'step'
      const [reply] = await session.exchange([{ script: sh`echo done`, step: true }])
      expect(Buffer.from(reply!.stdout).toString()).toBe('done\n')
      stage = 'transfer'
      const bytes = Buffer.alloc(big, 'x')
      const [back] = await session.exchange([{ script: sh`cat`, stdin: bytes }])
      expect(Buffer.from(back!.stdout).equals(bytes)).toBe(true)
      stage = 'close'
      await session.close()
    } finally {
      await connection.close()
    }
    return { stage: 'through', error: undefined }
  } catch (error) {
    return { stage, error }
  }
}

describe.each(servers)('behind a bad link to $name', ({ start }) => {
  let server: Awaited<ReturnType<typeof start>>
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.close())

  test('a link that only delays and cuts into pieces is a good one', async () => {
    const link = await badLink({ port: server.port, pieces: 700 })
    await through(server, link, async (target) =>
      expect(await use({ ...target, keepaliveMs: 15_000, connectTimeoutMs: 10_000 }, 20_000)).toEqual({
        stage: 'through',
        error: undefined,
      }),
    )
  })

  test.each<{ readonly name: string; readonly trouble: Trouble; readonly says: RegExp }>([
    {
      name: 'before the greeting',
      trouble: { from: 'server', after: 0, what: 'stall' },
      says: /no answer within 1.5 s, waiting for the SSH server's greeting/,
    },
    {
      name: 'in the key exchange',
      trouble: { from: 'server', after: 300, what: 'stall' },
      says: /no answer within 1.5 s, in the key exchange/,
    },
    {
      name: 'behind the key exchange',
      trouble: { from: 'client', after: 1500, what: 'stall' },
      says: /no answer within 1.5 s, |nothing was heard for 0.3 s/,
    },
  ])('a link that stalls $name is given up in time, and says where', async ({ trouble, says }) => {
    await through(server, await badLink({ port: server.port, troubles: [trouble] }), async (target) => {
      const { error } = await use(target)
      expect(error).toMatchObject({ name: 'UnreachableError', details: { host: 'honor-viper', fix: expect.any(String) } })
      expect(detailOf(error)).toMatch(says)
    })
  })

  test.each(['stall', 'reset', 'end'] as const)('a step that is under way is lost where the link comes to %s', async (what) => {
    await through(server, await badLink({ port: server.port }), async (target) => {
      const link = await badLink({ port: server.port })
      const connection = await connectSsh2({ ...target, port: link.port })
      const session = await openSession(connection, { host: 'honor-viper', user: target.user })
      const begun = join(testFolder(), 'begun')
      const reply = session.exchange([{ script: sh`touch ${begun}; sleep 600`, step: true }])
      const error = reply.catch((error: unknown) => error)
      while (!existsSync(begun)) await new Promise((resolve) => setTimeout(resolve, 10))
      link.bring(what)
      const lost = await error
      expect(lost).toMatchObject({ name: 'UnreachableError', details: { host: 'honor-viper' } })
      if (what === 'stall') expect(detailOf(lost)).toContain('nothing was heard for 0.3 s')
      await session.close().catch(() => undefined)
      await connection.close()
      await link.close()
    })
  })

  test.each(['client', 'server'] as const)('a large transfer that stalls on the way from the %s is noticed', async (from) => {
    const trouble: Trouble = { from, after: 400_000, what: 'stall' }
    await through(server, await badLink({ port: server.port, troubles: [trouble] }), async (target) => {
      const { stage, error } = await use(target, 4_000_000)
      expect(stage).toBe('transfer')
      expect(error).toMatchObject({ name: 'UnreachableError' })
      expect(detailOf(error)).toContain('nothing was heard for 0.3 s')
    })
  })

  test('whatever happens to a link wherever, the host is unreachable or all went well', async () => {
    const what = fc.constantFrom<Trouble['what']>('end', 'reset', 'stall', 'truncate', 'corrupt')
    const after = fc.oneof(fc.nat({ max: 60 }), fc.nat({ max: 4000 }), fc.nat({ max: 400_000 }))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('client' as const, 'server' as const), after, what, async (from, at, kind) => {
        await through(server, await badLink({ port: server.port, troubles: [{ from, after: at, what: kind }] }), async (target) => {
          const { stage, error } = await use({ ...target, connectTimeoutMs: 600 })
          if (error === undefined) return
          expect(error, `${kind} of ${from} after ${at}, in ${stage}`).toMatchObject({
            details: { summary: expect.any(String), fix: expect.any(String) },
          })
          // A key that was spoilt on its way is another key; all else is a host that cannot be reached.
          const { summary } = (error as { details: { summary: string } }).details
          if (!(kind === 'corrupt' && stage === 'login'))
            expect(error, `${summary}: ${kind} of ${from} after ${at}, in ${stage}`).toMatchObject({ name: 'UnreachableError' })
        })
      }),
      chance(40),
    )
  })
})

describe('trying again', () => {
  let server: Awaited<ReturnType<typeof startSshd>>
  beforeAll(async () => {
    server = await startSshd()
  })
  afterAll(() => server.close())
  const early: readonly (Trouble | 'refuse')[] = [
    'refuse',
    { from: 'server', after: 0, what: 'end' },
    { from: 'server', after: 0, what: 'reset' },
  ]

  test.each(early)('a host that drops the connection before its greeting is tried again: %o', async (trouble) => {
    for (const { connectRetries, works } of [
      { connectRetries: 1, works: true },
      { connectRetries: 0, works: false },
    ]) {
      const link = await badLink({ port: server.port, troubles: [trouble] })
      await through(server, link, async (target) => {
        const { error } = await use({ ...target, connectRetries, keepaliveMs: 15_000 })
        if (works) expect(error).toBeUndefined()
        else expect(error).toMatchObject({ name: 'UnreachableError' })
        expect(link.connections).toBe(connectRetries + 1)
      })
    }
  })

  test('a port where nobody listens is tried so often, and then given up', async () => {
    const late = createServer()
    await new Promise<void>((resolve) => late.listen(0, '127.0.0.1', resolve))
    const { port } = late.address() as AddressInfo
    await new Promise((resolve) => late.close(resolve))
    let dialled = 0
    const dial = async () => {
      dialled += 1
      throw Object.assign(new Error('no'), { code: 'ECONNREFUSED' })
    }
    const { error } = await use(server.target({ port, connectRetries: 2, dial }))
    expect(error).toMatchObject({ name: 'UnreachableError', details: { detail: expect.stringContaining('connection refused') } })
    expect(dialled).toBe(3)
  })

  test('what takes the whole time is only tried again where that was asked for', async () => {
    for (const retryTimeouts of [false, true]) {
      const link = await badLink({ port: server.port, troubles: [{ from: 'server', after: 0, what: 'stall' }] })
      await through(server, link, async (target) => {
        const { error } = await use({ ...target, connectTimeoutMs: 400, connectRetries: 1, retryTimeouts, keepaliveMs: 15_000 })
        expect(error === undefined).toBe(retryTimeouts)
        expect(link.connections).toBe(retryTimeouts ? 2 : 1)
      })
    }
  })

  test.each([
    {
      name: 'a wrong key',
      changes: () => ({ knownHosts: { files: [writePrivate(testFolder(), 'known_hosts', '')], policy: 'strict' as const } }),
    },
    { name: 'a refused login', changes: () => ({ identityFiles: [writePrivate(testFolder(), 'id', makeKey().privateText)] }) },
    { name: 'a link that is lost behind the greeting', changes: () => ({}), trouble: { from: 'server', after: 300, what: 'end' } as const },
  ])('$name is final', async ({ changes, trouble }) => {
    const link = await badLink({ port: server.port, troubles: [trouble] })
    await through(server, link, async (target) => {
      expect((await use({ ...target, ...changes(), connectRetries: 5, retryTimeouts: true })).error).toBeDefined()
      expect(link.connections).toBe(1)
    })
  })
})
