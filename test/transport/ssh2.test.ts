import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fingerprint, knownHostLine } from '../../src/transport/known-hosts.ts'
import { openSession } from '../../src/transport/session.ts'
import { connectSsh2 } from '../../src/transport/ssh2.ts'
import type { SshTarget } from '../../src/transport/target.ts'
import { Secret } from '../../src/util/secret.ts'
import { sh } from '../../src/util/sh.ts'
import { countingProxy } from '../helpers/counting-proxy.ts'
import { testFolder } from '../helpers/folder.ts'
import { shells } from '../helpers/shells.ts'
import { startAgent } from '../helpers/ssh-agent.ts'
import { makeKey, writePrivate } from '../helpers/ssh-keys.ts'
import { startSshServer, type TestSshServer } from '../helpers/ssh-server.ts'
import { startSshd } from '../helpers/sshd.ts'

const names = { host: 'honor-viper', user: 'admin' }
const failure = async (target: SshTarget) =>
  connectSsh2(target).then(
    async (connection) => connection.close().then(() => undefined),
    (error: unknown) => error,
  )

describe('connecting by ssh2', () => {
  let server: TestSshServer
  beforeAll(async () => {
    server = await startSshServer({ password: 'letmein', maxChannels: 1 })
  })
  afterAll(() => server.close())

  test('logs in with a key, one channel carries a session, a second is refused with a reason', async () => {
    const before = server.connections
    const connection = await connectSsh2(server.target())
    expect(connection.description).toBe(`admin@127.0.0.1:${server.port}`)
    const session = await openSession(connection, names)
    await session.exchange([{ script: sh`true` }])
    await expect(openSession(connection, names)).rejects.toMatchObject({
      name: 'RollcallError',
      details: { fix: expect.stringContaining('MaxSessions') },
    })
    await session.close()
    await connection.close()
    expect(server.connections).toBe(before + 1)
  })

  test('logs in with a password where no key is accepted', async () => {
    const stranger = writePrivate(server.folder, 'stranger', makeKey().privateText)
    expect(await failure(server.target({ identityFiles: [stranger], password: new Secret('letmein') }))).toBeUndefined()
  })

  test('logs in with a password that the host asks for (keyboard-interactive)', async () => {
    const asking = await startSshServer({ password: 'letmein', methods: ['keyboard-interactive'] })
    const without = { identityFiles: [], password: new Secret('letmein') }
    expect(await failure(asking.target(without))).toBeUndefined()
    expect(await failure(asking.target({ ...without, password: new Secret('wrong word') }))).toMatchObject({
      name: 'UnreachableError',
      details: { detail: expect.stringContaining('keyboard-interactive') },
    })
    await asking.close()
  })

  test('logs in to sshd with a key that only an agent holds', async () => {
    const sshd = await startSshd()
    const agent = await startAgent()
    const target = sshd.target({ identityFiles: [], agent: agent.socket })
    expect(await failure(target)).toMatchObject({
      details: { summary: 'There is nothing to log in with', detail: expect.stringContaining('it holds no key') },
    })
    agent.add(sshd.identityFile)
    expect(await failure(target)).toBeUndefined()
    // Only the keys that are named: here another than the agent's.
    const identityFiles = [writePrivate(testFolder(), 'stranger', makeKey().privateText)]
    expect(await failure({ ...target, identityFiles, identitiesOnly: true })).toMatchObject({ name: 'UnreachableError' })
    agent.stop()
    await sshd.close()
  })

  test('connects through a given way', async () => {
    const dialled: string[] = []
    const dial = async (address: string, port: number) => {
      dialled.push(`${address}:${port}`)
      const socket = connect(server.port, '127.0.0.1')
      await new Promise((resolve) => socket.once('connect', resolve))
      return socket
    }
    const known = writePrivate(testFolder(), 'known_hosts', knownHostLine('10.108.0.4', server.hostKey.publicKey))
    expect(
      await failure(server.target({ address: '10.108.0.4', port: 22, dial, knownHosts: { files: [known], policy: 'strict' } })),
    ).toBeUndefined()
    expect(dialled).toEqual(['10.108.0.4:22'])
  })

  test('a login that is refused says what was tried and what would be accepted', async () => {
    const stranger = makeKey()
    const file = writePrivate(server.folder, 'stranger', stranger.privateText)
    const error = await failure(server.target({ identityFiles: [file], password: new Secret('wrong word') }))
    expect(error).toMatchObject({
      name: 'UnreachableError',
      details: {
        host: 'honor-viper',
        summary: "The host refused the login as 'admin'",
        fix: expect.stringContaining(`ssh -v -p ${server.port} admin@127.0.0.1`),
      },
    })
    const { detail } = (error as { details: { detail: string } }).details
    for (const part of [file, fingerprint(stranger.publicKey), 'password', 'it accepts: publickey, password'])
      expect(detail).toContain(part)
    expect(JSON.stringify(error)).not.toContain('wrong word')
  })

  test('nothing to log in with is said before any connection is made', async () => {
    const before = server.connections
    const encrypted = writePrivate(server.folder, 'encrypted', makeKey({ passphrase: 'x' }).privateText)
    expect(await failure(server.target({ identityFiles: [encrypted] }))).toMatchObject({
      details: { summary: /encrypted/, fix: expect.stringContaining(`ssh-add ${encrypted}`) },
    })
    expect(await failure(server.target({ identityFiles: [join(server.folder, 'missing')] }))).toMatchObject({
      details: { summary: 'There is nothing to log in with' },
    })
    expect(server.connections).toBe(before)
  })

  test('an encrypted key is passed over when there is another way in', async () => {
    const encrypted = writePrivate(server.folder, 'encrypted', makeKey({ passphrase: 'x' }).privateText)
    expect(await failure(server.target({ identityFiles: [encrypted], password: new Secret('letmein') }))).toBeUndefined()
    expect(await failure(server.target({ identityFiles: [encrypted], password: new Secret('wrong') }))).toMatchObject({
      details: { detail: expect.stringContaining(`${encrypted}: encrypted`), fix: expect.stringContaining('ssh-add') },
    })
  })

  test('an unknown host key stops the connection, with the line that would let it in', async () => {
    const file = join(testFolder(), 'known_hosts')
    const error = await failure(server.target({ knownHosts: { files: [file], policy: 'strict' } }))
    expect(error).toMatchObject({
      name: 'RollcallError',
      details: {
        host: 'honor-viper',
        detail: expect.stringContaining(fingerprint(server.hostKey.publicKey)),
        fix: expect.stringContaining(`rollcall trust honor-viper --fingerprint ${fingerprint(server.hostKey.publicKey)}`),
      },
    })
  })

  test('a host that is declared to have a key must show it, and no file is asked', async () => {
    const keyOf = (key: { readonly publicKey: Buffer }) => `ssh-ed25519 ${key.publicKey.toString('base64')} root@new`
    const declared = (...keys: readonly string[]) => server.target({ knownHosts: { files: [], policy: 'acceptNew', keys } })
    expect(await failure(declared(keyOf(server.hostKey)))).toBeUndefined()
    expect(await failure(declared(keyOf(makeKey()), keyOf(server.hostKey)))).toBeUndefined()
    const other = makeKey()
    expect(await failure(declared(keyOf(other)))).toMatchObject({
      name: 'RollcallError',
      details: {
        summary: "The host's key is not the one that it is declared to have: somebody else may be answering",
        detail: expect.stringContaining(`declared  ssh-ed25519 ${fingerprint(other.publicKey)}`),
      },
    })
  })

  test('acceptNew lets a new key in once, and notices when it changes', async () => {
    const file = join(testFolder(), 'known_hosts')
    const knownHosts = { files: [file], policy: 'acceptNew' as const }
    expect(await failure(server.target({ knownHosts }))).toBeUndefined()
    const line = `${knownHostLine(`[127.0.0.1]:${server.port}`, server.hostKey.publicKey)}\n`
    expect(readFileSync(file, 'utf8')).toBe(line)
    expect(await failure(server.target({ knownHosts }))).toBeUndefined()
    expect(readFileSync(file, 'utf8')).toBe(line)
    const old = makeKey()
    const changed = writePrivate(testFolder(), 'known_hosts', knownHostLine(`[127.0.0.1]:${server.port}`, old.publicKey))
    const error = await failure(server.target({ knownHosts: { files: [changed], policy: 'acceptNew' } }))
    expect(error).toMatchObject({ name: 'RollcallError', details: { detail: expect.stringContaining(`${changed}:1`) } })
    for (const key of [old, server.hostKey])
      expect((error as { details: { detail: string } }).details.detail).toContain(fingerprint(key.publicKey))
  })
})

describe('hosts that do not answer', () => {
  test.each([
    { hang: 'after-accept' as const, phase: "waiting for the SSH server's greeting" },
    { hang: 'in-handshake' as const, phase: 'no answer within 0.3 s' },
  ])('a host that hangs $hang is given up', async ({ hang, phase }) => {
    const server = await startSshServer({ hang })
    expect(await failure(server.target({ connectTimeoutMs: 300 }))).toMatchObject({
      name: 'UnreachableError',
      details: { host: 'honor-viper', detail: expect.stringContaining(phase), fix: expect.any(String) },
    })
    await server.close()
  })

  test('a way that never comes through is given up', async () => {
    const server = await startSshServer()
    expect(await failure(server.target({ connectTimeoutMs: 100, dial: () => new Promise(() => undefined) }))).toMatchObject({
      name: 'UnreachableError',
      details: { detail: expect.stringContaining('TCP') },
    })
    await server.close()
  })

  test('a port where nothing listens, and one where no SSH does', async () => {
    const server = await startSshServer()
    const target = server.target()
    await server.close()
    expect(await failure(target)).toMatchObject({
      name: 'UnreachableError',
      details: { host: 'honor-viper', detail: expect.stringContaining('connection refused') },
    })
    const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    expect(await failure({ ...target, port: (web.address() as AddressInfo).port })).toMatchObject({
      name: 'UnreachableError',
      details: { host: 'honor-viper' },
    })
    web.close()
  })
})

test.each(shells)('seen from the server, a session through $name is one channel and one turn an exchange', async ({ path }) => {
  const server = await startSshServer({ shell: join(path.split(':')[0] ?? '', 'sh'), env: { PATH: path, HOME: '/' } })
  const key = readFileSync(server.target().identityFiles?.[0] ?? '', 'utf8')
  const proxy = await countingProxy({
    privateKey: key,
    dial: async () => {
      const socket = connect(server.port, '127.0.0.1')
      await new Promise((resolve) => socket.once('connect', resolve))
      return socket
    },
  })
  const known = writePrivate(testFolder(), 'known_hosts', knownHostLine(`[127.0.0.1]:${proxy.port}`, proxy.hostKey.publicKey))
  const connection = await connectSsh2(server.target({ port: proxy.port, knownHosts: { files: [known], policy: 'strict' } }))
  const session = await openSession(connection, names)
  const big = Buffer.alloc(3_000_000, 'x\0')
  const reply = await session.exchange([
    { script: sh`cat`, stdin: big },
    ...Array.from({ length: 20 }, (_, number) => ({ script: sh`echo ${number}`, step: true })),
  ])
  expect(Buffer.from(reply[0]?.stdout ?? []).equals(big)).toBe(true)
  await session.exchange([{ script: sh`kill -9 $$` }])
  await session.exchange([{ script: sh`true` }])
  await session.close()
  await connection.close()
  for (const { channels } of [proxy.traffic, server.traffic])
    expect(channels.map(({ user, kind, turns }) => ({ user, kind, turns }))).toEqual([{ user: 'admin', kind: 'login', turns: 3 }])
  expect(proxy.connections).toBe(1)
  expect(proxy.traffic.channels[0]?.bytesFromClient).toBe(session.stats.bytesSent)
  await proxy.close()
  await server.close()
})

test('close does not wait for a server that keeps its end open', async () => {
  const sshd = await startSshd()
  const relay = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect(sshd.port, '127.0.0.1')
    near.on('error', () => undefined).on('data', (data) => far.write(data))
    far.on('error', () => undefined).on('data', (data) => near.write(data))
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  const dialled: Socket[] = []
  const dial = async () => {
    const socket = connect((relay.address() as AddressInfo).port, '127.0.0.1')
    dialled.push(socket)
    await new Promise((resolve) => socket.once('connect', resolve))
    return socket
  }
  const connection = await connectSsh2({ ...sshd.target(), dial })
  const session = await openSession(connection, { ...names, user: sshd.user })
  await session.exchange([{ script: sh`echo read`, own: true }])
  await session.close()
  await connection.close()
  expect(dialled.map(({ writableFinished, closed }) => [writableFinished, closed])).toEqual([[true, false]])
  await expect(connection.start(sh`true`)).rejects.toMatchObject({ name: 'UnreachableError' })
  for (const socket of dialled) socket.destroy()
  relay.close()
  await sshd.close()
})
