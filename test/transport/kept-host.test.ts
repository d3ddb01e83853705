import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openHost } from '../../src/connect.ts'
import { closeConnections, showConnections } from '../../src/connections.ts'
import { lab, ssh } from '../../src/dsl/connection.ts'
import type { HostRecord, SshSettings } from '../../src/model/inventory.ts'
import { Secret } from '../../src/util/secret.ts'
import { sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { startSshd, type TestSshd } from '../helpers/sshd.ts'
import { writeSudo } from '../helpers/sudo.ts'

const before = process.env.XDG_STATE_HOME
beforeAll(() => {
  process.env.XDG_STATE_HOME = testFolder()
})
afterEach(async () => {
  await closeConnections({ force: true })
})
afterAll(() => {
  if (before === undefined) delete process.env.XDG_STATE_HOME
  else process.env.XDG_STATE_HOME = before
})

/** A server with a sudo that asks for a password. */
async function guarded(config: readonly string[] = []): Promise<TestSshd> {
  const programs = join(testFolder(), 'bin')
  mkdirSync(programs)
  writeSudo(programs)
  const env = { PATH: `${programs}:/usr/bin:/bin`, SUDO_KIND: 'password', SUDO_LOG: '/dev/null', SUDO_PASSWORD: 'letmein' }
  return startSshd({ env, config })
}

function hostOf({ port, identityFile, knownHostsFile }: TestSshd, user: string, settings: Omit<SshSettings, 'type'> = {}): HostRecord {
  const way = { address: '127.0.0.1', port, user, identityFile, knownHostsFiles: [knownHostsFile], becomePassword: new Secret('letmein') }
  return { name: 'honor-viper', groups: [], vars: {}, connection: ssh({ ...way, controlPersistSeconds: 60, ...settings }) }
}

const job = { script: sh`printf %s "$BECAME"` }
async function run(host: HostRecord): Promise<readonly string[]> {
  const access = await openHost(host, { check: true })
  const replies = [await access.reader.read('login', [job]), await access.reader.read(access.as({ wanted: true }), [job])]
  await access.close()
  return replies.map(([reply]) => Buffer.from(reply?.stdout ?? []).toString())
}

test.each(['ssh2', 'openssh'] as const)('transport %s: several runs with a session for root, one connection', async (transport) => {
  const server = await guarded()
  const host = hostOf(server, server.user, { transport })
  // Whoever runs the tests is root, who needs no sudo.
  for (let round = 0; round < 3; round++) expect(await run(host)).toEqual(['', server.user === 'root' ? '' : 'root'])
  expect([server.connections, showConnections()]).toEqual([1, [expect.objectContaining({ host: 'honor-viper', persistSeconds: 60 })]])
  await server.close()
})

test('a change of the inventory makes another connection', async () => {
  const server = await guarded()
  for (const settings of [{}, { controlPersistSeconds: 61 }, { transport: 'openssh' }, {}] as const)
    await run(hostOf(server, server.user, settings))
  expect(server.connections).toBe(3)
  await server.close()
})

test('opened again for a host that went down, it is a new one, and the old one is gone', async () => {
  const server = await guarded()
  const host = hostOf(server, server.user)
  await run(host)
  const [old] = showConnections()
  const access = await openHost(host, { check: false })
  expect(server.connections).toBe(1)
  await access.reader.read('login', [job])
  await access.reopen?.({})
  expect(server.connections).toBe(2)
  const [reply] = await access.reader.read('login', [job])
  expect(reply?.code).toBe(0)
  await access.close()
  expect(showConnections().map(({ pid }) => pid)).not.toContain(old?.pid)
  expect(showConnections()).toHaveLength(1)
  await run(host)
  expect(server.connections).toBe(2)
  await server.close()
})

test.each([0, -1, 1.5, Number.NaN])('%d seconds are refused where they stand', (controlPersistSeconds) => {
  for (const make of [ssh, lab])
    expect(() => make({ controlPersistSeconds })).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ fix: expect.stringContaining('300') }) }),
    )
})

test.each([
  ['ssh2', {}],
  ['openssh', {}],
  ['openssh, not kept', { transport: 'openssh', controlPersistSeconds: undefined }],
  ['ssh2, not kept', { controlPersistSeconds: undefined }],
] as const)('%s: a look at what runs that gets no channel does no harm to what runs, and makes no second login', async (_, settings) => {
  const server = await guarded(['MaxSessions 1'])
  const access = await openHost(hostOf(server, server.user, settings as Omit<SshSettings, 'type'>), { check: false })
  const at = join(testFolder(), 'go')
  const asked = access.writer!.apply('login', [{ script: sh`echo begun; until [ -e ${at} ]; do sleep 0.1; done; echo ended`, step: true }])
  // Until it is refused; afterwards nobody asks again.
  await expect.poll(() => access.peek!('login', 100), { timeout: 10_000 }).toMatchObject({ outputs: [] })
  for (let look = 0; look < 3; look++) expect(await access.peek!('login', 100)).toMatchObject({ outputs: [] })
  expect(server.connections).toBe(1)
  writeFileSync(at, '')
  expect(Buffer.from((await asked)[0]!.stdout).toString()).toBe('begun\nended\n')
  expect(Buffer.from((await access.reader.read('login', [{ script: sh`echo later` }]))[0]!.stdout).toString()).toBe('later\n')
  await access.close()
  expect(server.connections).toBe(1)
  await server.close()
})
