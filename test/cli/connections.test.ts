import { once } from 'node:events'
import { chmodSync, existsSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cleaned } from '../../src/cleanup/cleanup.ts'
import type { ShownConnection } from '../../src/connections.ts'
import { rollcall as cli, scratchFile, startRollcall } from '../helpers/cli.ts'
import { testFolder } from '../helpers/folder.ts'
import { startSshd, type TestSshd } from '../helpers/sshd.ts'
import { rollcall } from './harness.ts'

const idle: ShownConnection = {
  host: 'honor-viper',
  user: 'admin',
  address: '10.108.0.4',
  port: 22,
  since: '2026-11-24T09:00:00.000Z',
  ageSeconds: 240,
  idleSeconds: 60,
  expiresInSeconds: 240,
  persistSeconds: 300,
  pid: 4711,
  socket: '/home/ada/.local/state/rollcall/connections/0123456789abcdef-012345',
}
const { idleSeconds: _, expiresInSeconds: __, ...rest } = idle
const used: ShownConnection = { ...rest, host: 'crystal-panda', address: '10.108.0.3', port: 2222, usedBy: 815 }

describe('the command', () => {
  test('lists to which host, as whom, since when, for how long', async () => {
    const { code, out } = await rollcall('connections', { engine: { showConnections: async () => [idle, used] } })
    expect([code, out]).toEqual([
      0,
      `honor-viper    admin@10.108.0.4       open for 4 min  idle for 1 min       ends in 4 min        process 4711
crystal-panda  admin@10.108.0.3:2222  open for 4 min  used by process 815  ends 5 min after it  process 4711
they end by themselves, or now: rollcall connections close --all
`,
    ])
  })
  test('says that there is none; json is an empty list then', async () => {
    const engine = { showConnections: async () => [] }
    expect((await rollcall('connections', { engine })).out).toBe('no connection is kept\n')
    expect((await rollcall('connections --json', { engine })).out).toBe('[]\n')
  })
  test('json is what there is', async () => {
    const { out } = await rollcall('connections --format json', { engine: { showConnections: async () => [idle, used] } })
    expect(JSON.parse(out)).toEqual([idle, used])
  })
  test.each([
    { line: 'connections close --all', request: { force: false } },
    { line: 'connections close -a --force', request: { force: true } },
    { line: 'connections close web-*,db-1', request: { force: false, pattern: 'web-*,db-1' } },
  ])('$line', async ({ line, request }) => {
    const done = await rollcall(line, { engine: { closeConnections: async () => ({ closed: [idle], stay: [] }) } })
    expect(done).toEqual({ code: 0, out: 'closed 1 connection\n', err: '', asked: [['closeConnections', request]] })
  })
  test('what a run uses stays, and that is exit code 1', async () => {
    const { code, out, err } = await rollcall('connections close --all', {
      engine: { closeConnections: async () => ({ closed: [], stay: [used] }) },
    })
    expect({ code, out, err }).toEqual({
      code: 1,
      out: 'none was closed\n',
      err: 'crystal-panda: process 815 uses it, so it stays; --force ends it all the same\n',
    })
  })
  test.each([
    ['connections close', 'Which connections are to be closed?'],
    ['connections close web --all', '--all and a name exclude each other'],
    ['connections clos', 'There is no such command'],
    ['connections close a b', 'There is a word too many'],
  ])('%s: %s', async (line, summary) => {
    const { code, err, asked } = await rollcall(line)
    expect([code, err.split('\n')[0], asked]).toEqual([1, summary, []])
  })
})

describe('on a real host', () => {
  let sshd: TestSshd
  let inventory = ''
  const env = { XDG_STATE_HOME: testFolder() }
  const folder = join(env.XDG_STATE_HOME, 'rollcall/connections')
  const run = (...args: string[]) => cli(args, { env })
  const facts = () => run('facts', '--refresh', '-i', inventory)
  const listed = async () => JSON.parse((await run('connections', '--json')).stdout) as readonly ShownConnection[]
  beforeAll(async () => {
    sshd = await startSshd()
    const way = {
      address: '127.0.0.1',
      port: sshd.port,
      user: sshd.user,
      identityFile: sshd.identityFile,
      knownHostsFiles: [sshd.knownHostsFile],
    }
    inventory = scratchFile(
      'kept.ts',
      `import { defineInventory, ssh } from 'rollcall'
export const inventory = defineInventory({
  groups: { all: { vars: { domain: 'dynia.test' } }, cluster: { vars: { appPort: 8080 } } },
  hosts: { 'honor-viper': { groups: ['cluster'], connection: ssh({ ...${JSON.stringify(way)}, controlPersistSeconds: 300 }) } },
})
`,
    )
  })
  afterAll(async () => {
    await run('connections', 'close', '--all', '--force')
    await sshd.close()
  })

  test('a second run makes no connection of its own; the list tells of the one, and close ends it', async () => {
    expect([(await run('connections')).stdout, existsSync(folder)]).toEqual(['no connection is kept\n', false])
    for (let round = 0; round < 2; round++) expect(await facts()).toMatchObject({ code: 0, stderr: '' })
    expect(sshd.connections).toBe(1)
    const [one, ...others] = await listed()
    expect(others).toEqual([])
    expect(one).toMatchObject({ host: 'honor-viper', user: sshd.user, address: '127.0.0.1', port: sshd.port, persistSeconds: 300 })
    expect([(one?.expiresInSeconds ?? 0) + (one?.idleSeconds ?? 0), one?.usedBy]).toEqual([300, undefined])
    const clean = JSON.parse((await run('cleanup', '--controller-only', '--only', 'connections', '--json')).stdout) as Cleaned
    expect(clean.kept).toMatchObject([
      { kind: 'connections', path: folder, inUse: 'a connection is open: rollcall connections close --all' },
    ])
    expect((await run('--complete', 'connections', 'close', 'h')).stdout).toBe(`honor-viper\t${sshd.user}@127.0.0.1\n`)

    expect(await run('connections', 'close', 'viper')).toMatchObject({
      code: 1,
      stderr: "No kept connection is to a host of this name\n  'viper'\n  Did you mean 'honor-viper'?\n",
    })
    expect(await run('connections', 'close', 'honor-*')).toMatchObject({ code: 0, stdout: 'closed 1 connection\n' })
    expect(await listed()).toEqual([])
    await expect.poll(() => sshd.open, { timeout: 20_000 }).toBe(0)
    await facts()
    expect(sshd.connections).toBe(2)
  })

  test('runs at a time do not disturb each other, and what a killed one leaves is good for the next', async () => {
    await run('connections', 'close', '--all')
    const before = sshd.connections
    const long = () => startRollcall(['exec', 'honor-viper', '-i', inventory, '--no-lock', '--', 'sleep', '600'], { env })
    const child = await long()
    const usedBy = (pid: number | undefined) =>
      expect.poll(async () => (await listed()).map((one) => one.usedBy), { timeout: 30_000 }).toContain(pid)
    await usedBy(child.pid)
    expect((await facts()).code).toBe(0)
    expect(await run('connections', 'close', '--all')).toMatchObject({ code: 1, stdout: 'closed 1 connection\n' })
    expect((await listed()).map((one) => one.usedBy)).toEqual([child.pid])
    expect(sshd.connections - before).toBe(2)
    child.kill('SIGKILL')
    await once(child, 'close')
    expect([(await facts()).code, sshd.connections - before]).toEqual([0, 2])

    const ended = await long()
    await usedBy(ended.pid)
    const said = once(ended, 'close')
    expect(await run('connections', 'close', '--all', '--force')).toMatchObject({ code: 0, stdout: 'closed 1 connection\n', stderr: '' })
    expect((await said)[0]).toBe(4)
    expect(await listed()).toEqual([])
  })

  test('cleanup removes the folder when none is open', async () => {
    await run('connections', 'close', '--all')
    const { code, stdout } = await run('cleanup', '--controller-only', '--only', 'connections', '--remove', '--yes')
    expect([code, stdout, existsSync(folder)]).toEqual([0, expect.stringMatching(/^removed 1 thing/), false])
  })

  test.each([
    { name: 'others may write to', harm: () => chmodSync(folder, 0o777), summary: 'Others may write to a directory of Rollcall' },
    {
      name: 'is a link',
      harm: () => symlinkSync(testFolder(), folder),
      summary: 'A directory of Rollcall is a symbolic link',
    },
  ])('a folder that $name is refused, and no host contacted', async ({ name, harm, summary }) => {
    if (name !== 'is a link') await facts()
    await run('connections', 'close', '--all')
    if (name === 'is a link') await run('cleanup', '--controller-only', '--only', 'connections', '--remove', '--yes')
    harm()
    const before = sshd.connections
    const { code, stdout } = await run('exec', 'honor-viper', '-i', inventory, '--', 'true')
    expect([code, stdout, sshd.connections]).toEqual([2, expect.stringContaining(summary), before])
    expect((await run('connections')).stderr.split('\n')[0]).toBe(summary)
    if (name !== 'is a link') chmodSync(folder, 0o700)
    else rmSync(folder)
  })
})
