import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fingerprint } from '../../src/transport/known-hosts.ts'
import { connectOpenssh } from '../../src/transport/openssh.ts'
import { openSession } from '../../src/transport/session.ts'
import { resolveTarget } from '../../src/transport/ssh-config.ts'
import { parseSshConfig } from '../../src/transport/ssh-config-parse.ts'
import { connectSsh2 } from '../../src/transport/ssh2.ts'
import type { SshTarget } from '../../src/transport/target.ts'
import { Secret } from '../../src/util/secret.ts'
import { quote, sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { makeKey, writePrivate } from '../helpers/ssh-keys.ts'
import { startSshServer } from '../helpers/ssh-server.ts'
import { startSshd, type TestSshd } from '../helpers/sshd.ts'

const failure = async (target: SshTarget) =>
  connectSsh2(target).then(
    async (connection) => connection.close().then(() => undefined),
    (error: unknown) => error,
  )
const detailOf = (error: unknown) => (error as { details: { detail: string } }).details.detail

/** What a host of the far side says about who has come. */
async function origin(target: SshTarget): Promise<string> {
  const connection = await connectSsh2(target)
  const session = await openSession(connection, { host: target.host, user: target.user })
  const [reply] = await session.exchange([{ script: sh`echo "$SSH_CONNECTION"` }])
  await session.close()
  await connection.close()
  return Buffer.from(reply!.stdout).toString('utf8').trim()
}

describe('over jump hosts', () => {
  let [gate, inner, far]: TestSshd[] = []
  beforeAll(async () => {
    ;[gate, inner, far] = [await startSshd(), await startSshd(), await startSshd()]
  })
  afterAll(async () => {
    for (const sshd of [gate, inner, far]) await sshd?.close()
  })
  const of = (sshd: TestSshd, host: string, changes: Partial<SshTarget> = {}) => sshd.target({ host, jumpTo: 'far', ...changes })
  const chain = (changes: { gate?: Partial<SshTarget>; inner?: Partial<SshTarget>; far?: Partial<SshTarget> } = {}): SshTarget => {
    const first = of(gate!, 'gate', changes.gate)
    const second = of(inner!, 'inner', { via: { kind: 'jump', target: first }, ...changes.inner })
    return far!.target({ host: 'far', via: { kind: 'jump', target: second }, ...changes.far })
  }

  test('a session goes over a chain, each host with a key and a host key of its own', async () => {
    const before = [gate, inner, far].map((sshd) => sshd!.connections)
    expect(await origin(chain())).toMatch(/^127\.0\.0\.1 /)
    expect([gate, inner, far].map((sshd, at) => sshd!.connections - before[at]!)).toEqual([1, 1, 1])
  })

  test('hosts behind one gate share its login, and it ends with the last of them', async () => {
    // A login lives until the goodbyes of those behind it are through.
    const nobodyLeft = async () => {
      while (gate!.open > 0) await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await nobodyLeft()
    const before = gate!.connections
    const target = far!.target({ via: { kind: 'jump', target: of(gate!, 'gate') } })
    const all = await Promise.all(Array.from({ length: 12 }, () => connectSsh2(target)))
    expect(gate!.connections).toBe(before + 1)
    await Promise.all(all.map((connection) => connection.close()))
    await nobodyLeft()
    expect(await failure(target)).toBeUndefined()
    expect(gate!.connections).toBe(before + 2)
  })

  test.each([
    { name: 'the first', changes: { gate: 'unknown' }, says: 'gate' },
    { name: 'the second', changes: { inner: 'unknown' }, says: 'inner' },
  ] as const)('the key of $name is checked, and nobody behind it is asked', async ({ changes, says }) => {
    const known = writePrivate(testFolder(), 'known_hosts', '')
    const before = far!.connections
    const [name] = Object.keys(changes)
    const error = await failure(chain({ [name!]: { knownHosts: { files: [known], policy: 'strict' } } }))
    const key = (says === 'gate' ? gate : inner)!.hostKey.publicKey
    expect(error).toMatchObject({ name: 'RollcallError', details: { summary: "The jump host's key is not known", host: 'far' } })
    for (const part of [`'${says}', on the way to 'far'`, fingerprint(key)]) expect(detailOf(error)).toContain(part)
    expect(far!.connections).toBe(before)
  })

  test('a changed key of a jump host is a hard stop', async () => {
    const old = makeKey()
    const known = writePrivate(testFolder(), 'known_hosts', `[127.0.0.1]:${gate!.port} ${old.publicText}\n`)
    const error = await failure(chain({ gate: { knownHosts: { files: [known], policy: 'acceptNew' } } }))
    for (const part of [fingerprint(old.publicKey), fingerprint(gate!.hostKey.publicKey), `${known}:1`, "'gate', on the way"])
      expect(detailOf(error)).toContain(part)
  })

  test('a refused login says at which host, and all who share the gate hear of it', async () => {
    const stranger = writePrivate(testFolder(), 'stranger', makeKey().privateText)
    const target = (host: string) =>
      far!.target({ host, via: { kind: 'jump', target: { ...of(gate!, 'gate', { identityFiles: [stranger] }), jumpTo: host } } })
    const errors = await Promise.all(['one', 'two', 'three'].map((host) => failure(target(host))))
    for (const [at, host] of ['one', 'two', 'three'].entries())
      expect(errors[at]).toMatchObject({
        name: 'UnreachableError',
        details: {
          summary: `The jump host refused the login as '${gate!.user}'`,
          host,
          detail: expect.stringContaining(`'gate', on the way to '${host}'`),
        },
      })
  })

  test('a jump host never gets the password of the host behind it', async () => {
    const heard: string[] = []
    const nosy = await startSshServer({ password: 'of the gate', heard: (password) => heard.push(password) })
    const empty = writePrivate(testFolder(), 'config', '')
    const config = [
      parseSshConfig(
        `Host nosy\n  HostName 127.0.0.1\n  Port ${nosy.port}\n  UserKnownHostsFile ${nosy.knownHostsFile}\n  IdentityFile ${writePrivate(testFolder(), 'id', makeKey().privateText)}\nHost far\n  ProxyJump nosy`,
        empty,
      ),
    ]
    const error = await failure(await resolveTarget({ host: 'far', password: new Secret('of the host behind') }, config))
    expect(error).toMatchObject({ details: { summary: /^The jump host refused/ } })
    expect(detailOf(error)).not.toContain('password with')
    expect(heard).toEqual([])
    await nosy.close()
  })

  test('a port that the jump host cannot reach, and a gate that forwards nothing', async () => {
    const closed = createServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const { port } = closed.address() as { port: number }
    await new Promise((resolve) => closed.close(resolve))
    const error = await failure(chain({ far: { port } }))
    expect(error).toMatchObject({ name: 'UnreachableError', details: { host: 'far', summary: 'The host cannot be reached' } })
    expect(detailOf(error)).toMatch(/the jump host 'inner' does not connect there: Connection refused/)
    const strict = await startSshd({ config: ['AllowTcpForwarding no'] })
    const refused = await failure(
      far!.target({ host: 'far', via: { kind: 'jump', target: strict.target({ host: 'gate', jumpTo: 'far' }) } }),
    )
    expect(detailOf(refused)).toContain('AllowTcpForwarding')
    await strict.close()
  })

  test('when a gate is lost, what runs behind it is lost, and says through whom', async () => {
    const own = await startSshd()
    const target = far!.target({ host: 'far', via: { kind: 'jump', target: own.target({ host: 'gate', jumpTo: 'far' }) } })
    const connection = await connectSsh2(target)
    const process = await connection.start(sh`echo up; sleep 600`)
    process.exit.catch(() => undefined)
    await new Promise((resolve) => process.stdout.once('data', resolve))
    own.cut()
    const error = await process.exit.catch((error: unknown) => error)
    expect(error).toMatchObject({ name: 'UnreachableError', details: { host: 'far' } })
    expect(detailOf(error)).toContain("the link to the jump host 'gate' was lost")
    await expect(connection.start(sh`true`)).rejects.toMatchObject({ name: 'UnreachableError' })
    // Another attempt makes a login of its own.
    expect(await failure(target)).toBeUndefined()
    await connection.close()
    await own.close()
  })
})

describe("by the system's ssh", () => {
  test('jump hosts of the inventory are logged in to as that says, with quotes and percent signs in their settings', async () => {
    const [gate, inner, far] = [await startSshd(), await startSshd(), await startSshd()]
    const odd = writePrivate(testFolder(), 'it\'s 100% "odd"', readFileSync(gate.identityFile, 'utf8'))
    const innerTarget = inner.target({ host: 'inner', via: { kind: 'jump', target: gate.target({ host: 'gate', identityFiles: [odd] }) } })
    const jumpHosts = new Map([['inner', async () => innerTarget]])
    const { connection } = await connectOpenssh(far.declared({ proxyJump: 'inner', jumpHosts }))
    const session = await openSession(connection, { host: 'far', user: far.user })
    const [reply] = await session.exchange([{ script: sh`echo through` }])
    expect(Buffer.from(reply!.stdout).toString()).toBe('through\n')
    expect([gate, inner, far].map(({ connections }) => connections)).toEqual([1, 1, 1])
    await session.close()
    await connection.close()
    const secret = new Map([['inner', async () => ({ ...innerTarget, password: new Secret('of inner') })]])
    await expect(connectOpenssh(far.declared({ proxyJump: 'inner', jumpHosts: secret }))).rejects.toMatchObject({
      details: { summary: "A jump host needs Rollcall's own client", fix: expect.any(String) },
    })
    for (const sshd of [gate, inner, far]) await sshd.close()
  })
})

describe('by a proxy command', () => {
  let sshd: TestSshd
  beforeAll(async () => {
    sshd = await startSshd()
  })
  afterAll(() => sshd.close())
  const by = (command: string, changes: Partial<SshTarget> = {}) => sshd.target({ via: { kind: 'command', command }, ...changes })
  const relay = (port: number) =>
    `${quote(process.execPath)} -e ${quote(`const s=require('net').connect(${port},'127.0.0.1');process.stdin.pipe(s).pipe(process.stdout)`)}`

  test('a session goes through it, and it ends with the connection', async () => {
    const folder = testFolder()
    const pid = join(folder, 'pid')
    writeFileSync(join(folder, 'relay'), `echo $$ >${pid}; exec ${relay(sshd.port)}`)
    const connection = await connectSsh2(by(`sh ${join(folder, 'relay')}`))
    const session = await openSession(connection, { host: 'viper', user: sshd.user })
    const big = Buffer.alloc(2_000_000, 'x\0')
    const [reply] = await session.exchange([{ script: sh`cat`, stdin: big }])
    expect(Buffer.from(reply!.stdout).equals(big)).toBe(true)
    const [running] = await session.exchange([{ script: sh`kill -0 "$(cat ${pid})"` }])
    expect(running!.code).toBe(0)
    await session.close()
    await connection.close()
    const process = readFileSync(pid, 'utf8').trim()
    while (existsSync(`/proc/${process}`)) await new Promise((resolve) => setTimeout(resolve, 10))
  })

  test.each([
    { name: 'that says why and ends', command: 'sh -c "echo no way through >&2; exit 3"', says: ['no way through', 'code 3'] },
    { name: 'that is not there', command: '/no/such/program %', says: ['/no/such/program', 'code 127'] },
    {
      name: 'that says nothing',
      command: 'sleep 600',
      says: ['no answer within 0.3 s', "waiting for the SSH server's greeting"],
      limit: 300,
    },
    { name: 'that talks something else', command: 'echo HTTP/1.1 400 Bad Request', says: ['ProxyCommand: echo'] },
  ])('one $name is an unreachable host', async ({ command, says, limit }) => {
    const error = await failure(by(command, limit === undefined ? {} : { connectTimeoutMs: limit }))
    expect(error).toMatchObject({ name: 'UnreachableError', details: { host: 'honor-viper', fix: expect.any(String) } })
    for (const part of says) expect(detailOf(error)).toContain(part)
  })

  test('one that ends later takes the link with it, with its last words', async () => {
    const folder = testFolder()
    writeFileSync(
      join(folder, 'relay'),
      `trap 'echo killed by the weather >&2; kill $!; exit 9' USR1; { exec ${relay(sshd.port)}; } <&3 3<&- & wait`,
    )
    const connection = await connectSsh2(by(`sh -c 'exec 3<&0; echo $$ >${join(folder, 'pid')}; . ${join(folder, 'relay')}'`))
    const running = await connection.start(sh`echo up; sleep 600`)
    running.exit.catch(() => undefined)
    await new Promise((resolve) => running.stdout.once('data', resolve))
    process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 'SIGUSR1')
    const error = await running.exit.catch((error: unknown) => error)
    expect(error).toMatchObject({ name: 'UnreachableError' })
    expect(detailOf(error)).toContain('killed by the weather')
    await connection.close()
  })
})
