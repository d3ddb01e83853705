import { execFileSync } from 'node:child_process'
import { appendFileSync, readdirSync, readFileSync, readlinkSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Connection } from '../../src/transport/connection.ts'
import { connectKept } from '../../src/transport/kept.ts'
import { endKept, endUnknown, socketOf } from '../../src/transport/kept-records.ts'
import { configuredLogin } from '../../src/transport/kept-target.ts'
import { knownHostLine } from '../../src/transport/known-hosts.ts'
import { openSession } from '../../src/transport/session.ts'
import type { SshTarget } from '../../src/transport/target.ts'
import { isAlive } from '../../src/util/process-id.ts'
import { Secret } from '../../src/util/secret.ts'
import { sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { keptConnections, type TestKept } from '../helpers/kept.ts'
import { startAgent } from '../helpers/ssh-agent.ts'
import { makeKey, writePrivate } from '../helpers/ssh-keys.ts'
import { startSshServer } from '../helpers/ssh-server.ts'
import { startSshd, type TestSshd } from '../helpers/sshd.ts'

async function says(connection: Connection): Promise<string> {
  const session = await openSession(connection, { host: 'honor-viper', user: 'admin' })
  const [reply] = await session.exchange([{ script: sh`printf %s hello` }])
  await session.close()
  return Buffer.from(reply?.stdout ?? []).toString()
}

let sshd: TestSshd
beforeAll(async () => {
  sshd = await startSshd()
})
afterAll(() => sshd.close())

const all: TestKept[] = []
const newKept = () => {
  const kept = keptConnections()
  all.push(kept)
  return kept
}
afterEach(async () => {
  for (const kept of all.splice(0)) await kept.stop()
})
/** One whole run: what it says over the connection, and how many new ones the server saw meanwhile. */
async function run(kept: TestKept, target: SshTarget = sshd.target(), options?: Parameters<TestKept['connect']>[1]): Promise<number> {
  const before = sshd.connections
  const connection = await kept.connect(target, options)
  expect(await says(connection)).toBe('hello')
  await connection.close()
  return sshd.connections - before
}

describe('a later run', () => {
  test('makes no connection of its own, and starts no process', async () => {
    const kept = newKept()
    expect([await run(kept), await run(kept), await run(kept)]).toEqual([1, 0, 0])
    const [one] = kept.list()
    const path = process.env.PATH
    process.env.PATH = '/nonexistent'
    expect(await run(kept)).toBe(0)
    process.env.PATH = path
    expect(kept.list().map(({ id, usedBy }) => [id, usedBy])).toEqual([[one?.id, undefined]])
  })

  test('has a connection for itself; both are there for the next', async () => {
    const kept = newKept()
    const before = sshd.connections
    const [one, other] = await Promise.all([kept.connect(sshd.target()), kept.connect(sshd.target())])
    expect(kept.list().map(({ usedBy }) => usedBy)).toEqual([process.pid, process.pid])
    await one.close()
    expect(await says(other)).toBe('hello')
    await other.close()
    expect([await run(kept), sshd.connections - before]).toEqual([0, 2])
  })

  test('takes over from one that was killed', async () => {
    const kept = newKept()
    await run(kept)
    const [{ id } = { id: '' }] = kept.list()
    symlinkSync('999999999:1', join(kept.folder, `${id}.used`)) // No system has as many processes.
    expect(kept.list()[0]?.usedBy).toBeUndefined()
    expect(await run(kept)).toBe(0)
    expect(readdirSync(kept.folder).sort()).toEqual([id, `${id}.json`, 'key'])
  })

  test('leaves alone what a living run has', async () => {
    const kept = newKept()
    const connection = await kept.connect(sshd.target())
    const [{ id } = { id: '' }] = kept.list()
    expect(readlinkSync(join(kept.folder, `${id}.used`))).toMatch(new RegExp(`^${process.pid}:\\d+$`))
    expect(await run(kept)).toBe(1)
    expect(await says(connection)).toBe('hello')
    await connection.close()
  })

  test('two connections, where the server gives each but one channel; later runs find both', async () => {
    const narrow = await startSshd({ config: ['MaxSessions 1'] })
    const kept = newKept()
    const made: number[] = []
    for (let round = 0; round < 4; round++) {
      const connection = await kept.connect(narrow.target())
      const first = await connection.start(sh`read line; exit 5`)
      await expect(connection.start(sh`true`)).rejects.toMatchObject({ details: { summary: 'The SSH server opened no channel' } })
      const other = await kept.connect(narrow.target())
      expect(await says(other)).toBe('hello')
      first.stdin.end('\n')
      expect(await first.exit).toEqual({ code: 5, signal: null })
      await other.close()
      await connection.close()
      made.push(narrow.connections)
    }
    // ssh ends the first one, which was refused a channel; nobody asks its successors for one too many.
    expect(made).toEqual([2, 3, 3, 3])
    await narrow.close()
  })
})

describe('what decides who is logged in where', () => {
  const otherKey = () => {
    const key = makeKey()
    appendFileSync(join(sshd.folder, 'authorized_keys'), `\n${key.publicText}\n`)
    return writePrivate(testFolder(), 'id_other', key.privateText)
  }
  test.each<{ readonly name: string; readonly target: () => Partial<SshTarget> }>([
    { name: 'another identity', target: () => ({ identityFiles: [otherKey()] }) },
    { name: 'one more identity', target: () => ({ identityFiles: [sshd.identityFile, otherKey()] }) },
    {
      name: 'an alias of the host key',
      target: () => ({
        hostKeyAlias: 'viper',
        knownHosts: {
          files: [writePrivate(testFolder(), 'known', `${knownHostLine('viper', sshd.hostKey.publicKey)}\n`)],
          policy: 'strict',
        },
      }),
    },
    {
      name: 'another file of known hosts',
      target: () => ({
        knownHosts: { files: [writePrivate(testFolder(), 'known', readFileSync(sshd.knownHostsFile, 'utf8'))], policy: 'strict' },
      }),
    },
    { name: 'new keys accepted', target: () => ({ knownHosts: { files: [sshd.knownHostsFile], policy: 'acceptNew' } }) },
    {
      name: 'another address',
      target: () => ({ address: 'localhost', hostKeyAlias: `[127.0.0.1]:${sshd.port}` }),
    },
    { name: 'only these identities', target: () => ({ identitiesOnly: true }) },
    { name: 'an agent', target: () => ({ agent: join(testFolder(), 'agent') }) },
    { name: 'a password', target: () => ({ password: new Secret('some-password') }) },
  ])('$name: a connection of its own, and the first stays for who asks for it', async ({ target }) => {
    const kept = newKept()
    await run(kept)
    const other = sshd.target(target())
    expect([await run(kept, other), await run(kept, other), await run(kept)]).toEqual([1, 0, 0])
    expect(kept.list()).toHaveLength(2)
  })

  test('another user is not let in over the login of the first', async () => {
    const kept = newKept()
    await run(kept)
    await expect(kept.connect(sshd.target({ user: 'no-such-user' }))).rejects.toMatchObject({
      name: 'UnreachableError',
      details: { summary: `The host refused the login as 'no-such-user'` },
    })
  })

  test('a key that was replaced in its file is tried', async () => {
    const kept = newKept()
    const identityFile = otherKey()
    const target = sshd.target({ identityFiles: [identityFile] })
    await run(kept, target)
    const unknown = writePrivate(testFolder(), 'id', makeKey().privateText)
    renameSync(unknown, identityFile)
    await expect(kept.connect(target)).rejects.toMatchObject({ name: 'UnreachableError' })
  })

  test.each([
    {
      name: 'another key',
      line: () => `${knownHostLine(`[127.0.0.1]:${sshd.port}`, makeKey().publicKey)}\n`,
      summary: /^The host's key is not the one/,
    },
    { name: 'none', line: () => '', summary: /^The host's key is not known/ },
    {
      name: 'that its key was revoked',
      line: () => `@revoked * ${knownHostLine('', sshd.hostKey.publicKey).trim()}\n`,
      summary: /revoked|not known/,
    },
  ])('known_hosts says $name now: the kept connection is ended, and the host does not pass', async ({ line, summary }) => {
    const kept = newKept()
    const file = writePrivate(testFolder(), 'known', readFileSync(sshd.knownHostsFile, 'utf8'))
    const target = sshd.target({ knownHosts: { files: [file], policy: 'strict' } })
    await run(kept, target)
    writeFileSync(file, line())
    await expect(kept.connect(target)).rejects.toMatchObject({ details: { summary: expect.stringMatching(summary) } })
    expect(kept.list()).toEqual([])
  })

  test('a line for another host changes nothing', async () => {
    const kept = newKept()
    const file = writePrivate(testFolder(), 'known', readFileSync(sshd.knownHostsFile, 'utf8'))
    const target = sshd.target({ knownHosts: { files: [file], policy: 'strict' } })
    await run(kept, target)
    appendFileSync(file, `${knownHostLine('panda', makeKey().publicKey)}\n`)
    expect(await run(kept, target)).toBe(0)
  })

  test('a host whose key was new is the same for the next run', async () => {
    const kept = newKept()
    const file = writePrivate(testFolder(), 'known', '')
    const target = sshd.target({ knownHosts: { files: [file], policy: 'acceptNew' } })
    expect([await run(kept, target), await run(kept, target)]).toEqual([1, 0])
    expect(readFileSync(file, 'utf8')).toContain(`[127.0.0.1]:${sshd.port} ssh-ed25519`)
  })
})

describe('its end', () => {
  test('comes when nobody has used it for the time that was given', async () => {
    const kept = newKept()
    await run(kept, sshd.target(), { persistSeconds: 1 })
    const { record, id } = kept.list()[0]!
    await expect.poll(() => isAlive(record.master), { timeout: 20_000 }).toBe(false)
    await expect.poll(() => sshd.open, { timeout: 20_000 }).toBe(0)
    expect(kept.list()).toEqual([])
    expect(readdirSync(kept.folder).filter((name) => name.startsWith(id))).toEqual([])
    expect(await run(kept, sshd.target(), { persistSeconds: 1 })).toBe(1)
  })

  test('does not come while a run uses it', async () => {
    const kept = newKept()
    const connection = await kept.connect(sshd.target(), { persistSeconds: 1 })
    const process = await connection.start(sh`sleep 3; echo done`)
    const said: Buffer[] = []
    process.stdout.on('data', (chunk: Buffer) => said.push(chunk))
    expect(await process.exit).toEqual({ code: 0, signal: null })
    expect(await says(connection)).toBe('hello')
    await connection.close()
  })

  test('comes when it is closed: neither process, socket nor connection is left', async () => {
    const kept = newKept()
    await run(kept)
    const one = kept.list()[0]!
    await endKept(kept.folder, one)
    expect(isAlive(one.record.master)).toBe(false)
    expect(readdirSync(kept.folder)).toEqual(['key'])
    await expect.poll(() => sshd.open, { timeout: 20_000 }).toBe(0)
  })

  test('comes for one of which nothing is written down, too', async () => {
    const kept = newKept()
    await run(kept)
    const { record, id } = kept.list()[0]!
    execFileSync('rm', [join(kept.folder, `${id}.json`)])
    await endUnknown(kept.folder)
    await expect.poll(() => isAlive(record.master), { timeout: 20_000 }).toBe(false)
    expect(readdirSync(kept.folder)).toEqual(['key'])
  })

  test('comes with discard, for a host that goes down', async () => {
    const kept = newKept()
    const connection = await kept.connect(sshd.target())
    const [{ record } = {}] = kept.list()
    const done = connection.discard?.()
    expect(kept.list()).toEqual([])
    await done
    await connection.close()
    expect(isAlive(record!.master)).toBe(false)
    expect(await run(kept)).toBe(1)
  })

  test('fresh passes over what is there', async () => {
    const kept = newKept()
    await run(kept)
    expect(await run(kept, sshd.target(), { fresh: true })).toBe(1)
  })
})

describe('one that does not answer any more is replaced, and the run does not notice', () => {
  test.each<{ readonly name: string; readonly harm: (pid: number) => void }>([
    { name: 'its master was killed', harm: (pid) => process.kill(pid, 'SIGKILL') },
    { name: 'its master hangs', harm: (pid) => process.kill(pid, 'SIGSTOP') },
    { name: 'the server has ended it', harm: () => sshd.cut() },
  ])('$name', async ({ harm }) => {
    const kept = newKept()
    await run(kept)
    const { record, id } = kept.list()[0]!
    harm(record.master.pid)
    expect(await run(kept)).toBe(1)
    expect(isAlive(record.master)).toBe(false)
    expect(readdirSync(kept.folder).filter((name) => name.startsWith(id))).toEqual([])
    expect(await run(kept)).toBe(0)
  })

  test('nothing comes through the link', async () => {
    let stalled = false
    const links = new Set<Socket>()
    const between = createServer((near) => {
      const far = connect(sshd.port, '127.0.0.1')
      for (const socket of [near, far]) socket.on('error', () => undefined)
      links.add(near).add(far)
      const blocked = stalled
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        from.on('data', (data) => void ((!stalled || blocked) && to.write(data)))
        from.once('close', () => to.destroy())
      }
    })
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve))
    const { port } = between.address() as AddressInfo
    const kept = newKept()
    const target = sshd.target({ port, hostKeyAlias: `[127.0.0.1]:${sshd.port}` })
    await run(kept, target)
    stalled = true // For the links there are; later ones work.
    expect(await run(kept, target)).toBe(1)
    await kept.stop()
    for (const link of links) link.destroy()
    between.close()
  })
})

describe('secrets', () => {
  test('a password is in no file, no command line and no environment of what stays', async () => {
    const password = 'pass-word-of-viper'
    const server = await startSshServer({ password })
    const kept = newKept()
    const target = server.target({ identityFiles: [], password: new Secret(password) })
    for (let round = 0; round < 2; round++) {
      const connection = await kept.connect(target)
      expect(await says(connection)).toBe('hello')
      await connection.close()
    }
    expect(server.connections).toBe(1)
    const { pid } = kept.list()[0]!.record.master
    const files = readdirSync(kept.folder).filter((name) => name.endsWith('.json') || name === 'key')
    const texts = [
      ...files.map((name) => readFileSync(join(kept.folder, name), 'latin1')),
      ...['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'latin1')),
      ...readdirSync(kept.folder),
    ]
    expect(texts.filter((text) => text.includes(password))).toEqual([])
    await kept.stop()
    await server.close()
  })

  test('socket, records and key are for their owner alone', async () => {
    const kept = newKept()
    await run(kept)
    const modes = execFileSync('sh', ['-c', 'stat -c "%a %F" -- *'], { cwd: kept.folder, encoding: 'utf8' }).trim().split('\n')
    expect(new Set(modes)).toEqual(new Set(['600 socket', '600 regular file']))
  })
})

describe("ssh's own configuration", () => {
  const config = (text: string) => writePrivate(testFolder(), 'config', `${text}\n`)
  const whole = (server: TestSshd) =>
    `  HostName 127.0.0.1\n  Port ${server.port}\n  IdentityFile ${server.identityFile}\n  UserKnownHostsFile ${server.knownHostsFile}\n`
  const connectBy = async (folder: string, configFile: string) => {
    const login = await configuredLogin({ host: 'viper' }, { configFile })
    // Where the file lies is no part of what the configuration comes to, but what ssh is told is.
    const connection = await connectKept(folder, { ...login, persistSeconds: 60 })
    expect(await says(connection)).toBe('hello')
    await connection.close()
  }

  test('jump hosts are part of the way: another one under the same name is another way', async () => {
    const [gate, other] = await Promise.all([startSshd(), startSshd()])
    const kept = newKept()
    const before = sshd.connections
    const file = config('')
    const text = (server: TestSshd) => `Host gate\n${whole(server)}Host viper\n  ProxyJump gate\n${whole(sshd)}`
    for (const server of [gate, gate, other, other]) {
      writeFileSync(file, text(server))
      await connectBy(kept.folder, file)
    }
    expect([gate.connections, other.connections, sshd.connections - before]).toEqual([1, 1, 2])
    await kept.stop()
    await Promise.all([gate.close(), other.close()])
  })

  test('a key in an agent', async () => {
    const agent = await startAgent()
    agent.add(sshd.identityFile)
    const kept = newKept()
    const before = sshd.connections
    const file = config(`Host viper\n${whole(sshd).replace(/IdentityFile .*/, 'IdentityFile none')}  IdentityAgent ${agent.socket}`)
    await connectBy(kept.folder, file)
    agent.stop()
    await connectBy(kept.folder, file)
    expect(sshd.connections - before).toBe(1)
    expect(socketOf(kept.folder, kept.list()[0]!.id).length).toBeLessThan(100)
  })
})
