import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Checked } from '../../src/doctor/check.ts'
import { rollcall } from '../helpers/cli.ts'
import { testFolder } from '../helpers/folder.ts'
import { emptyPlaybook, tempProject, twoHosts } from '../helpers/project.ts'
import { makeKey, writePrivate } from '../helpers/ssh-keys.ts'
import { startSshServer } from '../helpers/ssh-server.ts'

interface Visit {
  readonly files?: Readonly<Record<string, string>>
  readonly home?: string
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
}
async function doctor(args: readonly string[], { files = {}, home = testFolder(), env = {}, cwd }: Visit = {}) {
  const { root } = tempProject({ 'inventory/lab.ts': twoHosts(), 'playbooks/site.ts': emptyPlaybook(), ...files })
  const { code, stdout, stderr } = await rollcall(['doctor', ...args, '--json'], {
    cwd: cwd ?? root,
    env: { HOME: home, XDG_STATE_HOME: join(home, 'state'), LC_ALL: 'C.UTF-8', ...env },
  })
  const { checks } = JSON.parse(stdout || '{"checks":[]}') as { checks: readonly Checked[] }
  const bad = checks.filter(({ verdict }) => verdict !== 'ok')
  return {
    code,
    stderr,
    checks,
    bad: bad.map(({ verdict, about, host, message }) => `${verdict} ${host ? `${host} ` : ''}${about}: ${message.split('\n')[0]}`),
  }
}
const sshHost = (settings: string) => `import { defineInventory, ssh } from 'rollcall'
export const inventory = defineInventory({
  groups: { web: {} },
  hosts: { gate: { groups: ['web'], connection: ssh({ ${settings} }) } },
})
`

test('a good project on a good machine has no problem', async () => {
  const { code, checks, bad, stderr } = await doctor(['all'])
  expect({ code, bad, stderr }).toEqual({ code: 0, bad: [], stderr: '' })
  expect(checks.map(({ about, host }) => (host ? `${host} ${about}` : about))).toEqual(
    expect.arrayContaining([
      'node',
      'dependencies',
      'compiler',
      'project',
      'inventory',
      'playbooks',
      'lab',
      'alpha reachable',
      'beta sudo',
      'beta clock',
    ]),
  )
})

test('people get a line a check, a remedy below what is wrong, and a sum', async () => {
  const { root } = tempProject({ 'inventory/lab.ts': twoHosts() })
  const { code, stdout } = await rollcall(['doctor'], { cwd: root, env: { LC_ALL: 'C', LANG: 'C' } })
  expect(code).toBe(0)
  expect(stdout).toMatch(/^ok {7}node: Node\.js \d+\.\d+\.\d+, rollcall /m)
  expect(stdout).toMatch(/^warning {2}locale: C is not UTF-8.*\n {9}Use one of UTF-8:\n {9}export LC_ALL=C.UTF-8$/m)
  expect(stdout).toMatch(/^warning {2}playbooks: there is none in /m)
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^\d+ checks, 0 problems, 2 warnings$/)
})

describe('told of is', () => {
  test.for<readonly [string, Visit, readonly unknown[]]>([
    [
      'an inventory that does not load',
      { files: { 'inventory/lab.ts': 'export const inventory = 1\n' } },
      ["problem inventory: The export 'inventory' is not an inventory: it is of type number"],
    ],
    [
      'one that is not there',
      { files: { 'package.json': '{"rollcall":{"inventory":"inventory/prod.ts"},"type":"module"}' } },
      [expect.stringMatching(/^problem inventory: There is no such inventory/)],
    ],
    [
      'a playbook that does not load',
      { files: { 'playbooks/bad.ts': 'throw new Error("no")\n' } },
      [expect.stringMatching(/^problem playbook bad: /)],
    ],
    [
      'one that does not compile',
      { files: { 'playbooks/site.ts': emptyPlaybook().replace("'web'", "'all' as number") } },
      [expect.stringMatching(/^problem playbooks: they do not compile: playbooks\/site\.ts:4 /)],
    ],
    [
      'a wrong key in package.json',
      { files: { 'package.json': '{"name":"x","type":"module","rollcall":{"inventry":"a"}}' }, cwd: '' },
      [expect.stringMatching(/^problem project: package\.json's rollcall key has an unknown entry/)],
    ],
    [
      'a folder outside of any project',
      { cwd: '/' },
      [expect.stringMatching(/^problem project: This folder is not part of a Rollcall project/)],
    ],
    [
      'a state folder that cannot be made',
      { env: { XDG_STATE_HOME: '/proc/nowhere' } },
      [expect.stringMatching(/^problem state folder: A directory of Rollcall cannot be made/)],
    ],
  ])('%s', async ([, visit, bad]) => {
    const { cwd, ...rest } = visit
    if (rest.files?.['package.json']?.includes('inventry')) {
      const root = testFolder()
      writeFileSync(join(root, 'package.json'), rest.files['package.json'])
      expect(await doctor([], { cwd: root })).toMatchObject({ code: 1, bad })
    } else expect(await doctor([], { ...rest, ...(cwd && { cwd }) })).toMatchObject({ code: 1, bad })
  })

  test('an ssh configuration that asks for what cannot be done, a key that others can read, no key at all, a dead agent', async () => {
    const home = testFolder()
    mkdirSync(join(home, '.ssh'))
    writeFileSync(join(home, '.ssh/config'), 'Host gate\n  ProxyUseFdpass yes\n')
    const files = { 'inventory/lab.ts': sshHost(`address: '127.0.0.1'`) }
    expect((await doctor([], { files, home })).bad).toEqual([
      `problem gate ssh config: ProxyUseFdpass needs the system's ssh: ${home}/.ssh/config:2: ProxyUseFdpass yes`,
      expect.stringMatching(/^problem ssh keys: there is none, and no agent holds one; looked for /),
    ])
    writeFileSync(join(home, '.ssh/config'), '')
    writePrivate(join(home, '.ssh'), 'id_ed25519', makeKey().privateText)
    chmodSync(join(home, '.ssh/id_ed25519'), 0o644)
    expect((await doctor([], { files, home, env: { SSH_AUTH_SOCK: join(home, 'agent') } })).bad).toEqual([
      `warning ssh keys: ${home}/.ssh/id_ed25519 can be read by others`,
      expect.stringMatching(/^warning ssh agent: .*\/agent does not answer: /),
    ])
  })

  test('an agent without keys', async () => {
    const socket = join(testFolder(), 'agent')
    const agent = createServer((client) => client.once('data', () => client.end(Buffer.from([0, 0, 0, 5, 12, 0, 0, 0, 0]))))
    onTestFinished(() => void agent.close())
    await new Promise<void>((resolve) => agent.listen(socket, resolve))
    const { bad } = await doctor([], { files: { 'inventory/lab.ts': sshHost(`address: '127.0.0.1'`) }, env: { SSH_AUTH_SOCK: socket } })
    expect(bad[0]).toBe(`warning ssh agent: ${socket} holds no key`)
  })
})

describe('of hosts it tells', () => {
  const inventoryFor = (
    server: { readonly port: number; readonly knownHostsFile: string },
    key: string,
    known = server.knownHostsFile,
  ) => ({
    'inventory/lab.ts': sshHost(
      `address: '127.0.0.1', port: ${server.port}, user: 'someone', identityFile: ${JSON.stringify(key)}, knownHostsFiles: [${JSON.stringify(known)}]`,
    ),
  })
  test('one that answers, one whose key is not known, one that refuses the login', async () => {
    const server = await startSshServer({ env: { PATH: '/usr/bin:/bin', HOME: testFolder() } })
    onTestFinished(() => server.close())
    const [key] = server.target().identityFiles!
    const good = await doctor(['gate'], { files: inventoryFor(server, key!) })
    expect(good.checks).toEqual(
      expect.arrayContaining([
        { about: 'reachable', host: 'gate', verdict: 'ok', message: 'logged in as someone; its key is known and sh works' },
      ]),
    )
    const unknown = await doctor(['gate'], { files: inventoryFor(server, key!, join(testFolder(), 'known')) })
    expect(unknown).toMatchObject({ code: 1, bad: [expect.stringMatching(/^problem gate reachable: .*key/i)] })
    const stranger = writePrivate(testFolder(), 'id', makeKey().privateText)
    const refused = await doctor(['gate'], { files: inventoryFor(server, stranger) })
    expect(refused).toMatchObject({
      code: 1,
      bad: [expect.stringMatching(/^problem gate reachable: The host refused the login as 'someone'/)],
    })
  })
  test('one that does not listen', async () => {
    const server = await startSshServer()
    const [key] = server.target().identityFiles!
    await server.close()
    expect(await doctor(['gate'], { files: inventoryFor(server, key!) })).toMatchObject({
      code: 1,
      bad: [expect.stringMatching(/^problem gate reachable: The host cannot be reached: 127\.0\.0\.1 port \d+: connection refused/)],
    })
  })
  test('a lab that is not up, and starts none', async () => {
    const files = { 'inventory/lab.ts': twoHosts().replaceAll('local()', 'lab()').replace('local', 'lab') }
    const { code, bad } = await doctor(['alpha'], { files, env: { ROLLCALL_LAB: 'doctor-none' } })
    expect([code, bad.at(-1)]).toEqual([1, 'problem alpha reachable: The lab is not up: doctor-none'])
  })
  test('nothing for a pattern that is wrong', async () => {
    const { code, stderr, checks } = await doctor(['alpa'])
    expect([code, checks, stderr.split('\n')[2]]).toEqual([1, [], "  Did you mean 'alpha'?"])
  })
})
