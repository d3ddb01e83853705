import { execFileSync } from 'node:child_process'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHost } from '../../src/connect.ts'
import { chroot, docker, nspawn, podman } from '../../src/dsl/connection.ts'
import type { ConnectionSettings, HostRecord } from '../../src/model/inventory.ts'
import { connectChroot } from '../../src/transport/chroot.ts'
import { connectContainer } from '../../src/transport/container.ts'
import { Secret } from '../../src/util/secret.ts'
import { sh } from '../../src/util/sh.ts'
import { connectionContract } from '../contract/connection.ts'
import { outcomes, rollcall, scratchFile, taskOf } from '../helpers/cli.ts'
import { testFolder } from '../helpers/folder.ts'
import { makeRoot, moveInto, removeLink } from '../helpers/guest-root.ts'
import { startContainer, type TestContainer } from '../helpers/podman.ts'

const path = process.env.PATH
const onPath = (folder: string) => {
  process.env.PATH = `${folder}:${path}`
}

connectionContract(
  'a container of podman',
  { link: true, signals: 'code', pty: false, bothOutputs: true, unreadInput: false },
  async (host, folder) => {
    const container = await startContainer(host, [folder])
    onPath(container.programs)
    return {
      connect: async () => (await connectContainer('honor-viper', { program: 'podman' })).connection,
      cut: () => container.podman('kill', container.name),
      stop: async () => {
        process.env.PATH = path
        await container.stop()
      },
    }
  },
)

connectionContract('a chroot', { link: false, signals: true, pty: true, bothOutputs: true, unreadInput: true }, async (host, folder) => {
  const directory = makeRoot(testFolder())
  moveInto(directory, folder)
  // What the suite gives a login stands in its profile here.
  const settings = Object.entries(host).map(([name, value]) => sh`export ${name}=${value}`.text)
  writeFileSync(join(directory, 'bin/env-of-suite'), `${settings.join('\n')}\n`)
  rmSync(join(directory, 'bin/sh'))
  writeFileSync(join(directory, 'bin/sh'), '#!/bin/busybox ash\n. /bin/env-of-suite\nexec /bin/busybox ash "$@"\n', { mode: 0o755 })
  return { connect: async () => connectChroot('honor-viper', { directory }).connection, stop: async () => removeLink(folder) }
})

const record = (connection: ConnectionSettings): HostRecord => ({ name: 'honor-viper', groups: [], vars: {}, connection })
const who = sh`printf '%s ' "$(id -u)" "$(id -G)" "$HOME" "$USER"; cat`

describe('hosts that are no machines', () => {
  let container: TestContainer
  let directory: string
  let machine: string
  beforeAll(async () => {
    container = await startContainer({ HOME: '/root' })
    onPath(container.programs)
    directory = makeRoot(testFolder())
    machine = makeRoot(testFolder())
  })
  afterAll(async () => {
    process.env.PATH = path
    await container.stop()
  })

  const connections: readonly { readonly name: string; readonly connection: (user?: string) => ConnectionSettings }[] = [
    { name: 'podman', connection: (user) => podman(user === undefined ? {} : { user }) },
    { name: 'docker', connection: (user) => docker(user === undefined ? {} : { user }) },
    { name: 'chroot', connection: (user) => chroot({ directory, ...(user !== undefined && { user }) }) },
    { name: 'nspawn', connection: (user) => nspawn({ directory: machine, ...(user !== undefined && { user }) }) },
  ]

  test.each(connections)('$name: any user is become by the way itself, whoever logs in', async ({ connection }) => {
    const says: Record<string, string>[] = []
    for (const user of [undefined, 'deploy']) {
      const access = await openHost(record(connection(user)), { check: true, becomes: { wanted: true, user: 'deploy' } })
      const said: Record<string, string> = {}
      for (const wanted of ['root', 'deploy']) {
        const as = access.as({ wanted: true, user: wanted })
        const [reply] = await access.reader.read(as, [{ script: who, stdin: Buffer.alloc(2_000_000, 'x') }])
        const text = Buffer.from(reply!.stdout).toString()
        said[access.userOf(as)] = text.replace(/x{2000000}$/, 'all of it')
      }
      says.push(said)
      await access.close()
    }
    // Its own user is root, and has root's environment.
    const all = { root: '0 0 /root root all of it', deploy: '1000 1000 1005 /home/deploy deploy all of it' }
    expect(says.map(({ root, deploy }) => ({ root: root?.replace(/^0 0 \/root {2}/, '0 0 /root root '), deploy }))).toEqual([
      all,
      { ...all, deploy: expect.stringMatching(/^1000 1000 1005 /) },
    ])
  })

  test.each(connections)('$name: a step that runs is seen, and ended, from outside', async ({ name, connection }) => {
    const access = await openHost(record(connection()), { check: false })
    const applied = access.writer!.apply('login', [{ script: sh`echo begun; sleep 1000`, step: true }, { script: sh`echo read` }])
    if (name === 'chroot') {
      // Without /proc nothing inside can be told from anything else.
      expect(await access.cancel('login', 'now')).toBe(false)
      access.abandon('login')
      await expect(applied).rejects.toMatchObject({ details: { host: 'honor-viper' } })
    } else {
      const seen = async () => Buffer.concat((await access.peek?.('login', 100))?.outputs ?? []).toString()
      await expect.poll(seen, { timeout: 60_000 }).toBe('begun\n')
      await expect.poll(() => access.cancel('login', 'now'), { timeout: 60_000 }).toBe(true)
      expect((await applied).map(({ code, stdout }) => [code, Buffer.from(stdout).toString()])).toEqual([
        [143, 'begun\n'],
        [0, 'read\n'],
      ])
    }
    await access.close()
  })

  const failures: readonly {
    readonly name: string
    readonly connection: () => ConnectionSettings
    readonly before?: () => void
    readonly after?: () => void
    readonly becomes?: boolean
    readonly error: object
  }[] = [
    {
      name: 'no such container',
      connection: () => docker({ container: 'honour-viper' }),
      error: {
        name: 'UnreachableError',
        details: { summary: 'There is no container of this name', fix: expect.stringContaining('docker ps --all') },
      },
    },
    {
      name: 'a container that was stopped',
      connection: () => docker(),
      before: () => container.podman('stop', '--time', '0', container.name),
      after: () => container.podman('start', container.name),
      error: {
        name: 'UnreachableError',
        details: { detail: "'honor-viper' is exited", fix: expect.stringContaining('docker start honor-viper') },
      },
    },
    {
      name: 'an engine that does not answer',
      connection: () => podman({ args: ['--remote', '--url', 'unix:///run/nobody.sock'] }),
      error: {
        name: 'UnreachableError',
        details: {
          summary: 'The container engine does not answer',
          fix: expect.stringContaining('podman --remote --url unix:///run/nobody.sock version'),
        },
      },
    },
    {
      name: 'a machine without the engine',
      connection: () => podman(),
      before: () => {
        process.env.PATH = '/nowhere'
      },
      after: () => onPath(container.programs),
      error: {
        name: 'UnreachableError',
        details: { detail: "'podman' is not installed on this machine", fix: expect.stringContaining('apt-get install podman') },
      },
    },
    {
      name: 'a user that a container does not have',
      connection: () => podman({ user: 'nobody9' }),
      error: { details: { summary: 'The user does not exist in this host', detail: expect.stringContaining('nobody9') } },
    },
    {
      name: 'a user that a chroot does not have',
      connection: () => chroot({ directory, user: 'nobody9' }),
      error: { details: { summary: 'The user does not exist in this host', detail: expect.stringContaining('nobody9') } },
    },
    {
      name: 'a container without a shell',
      connection: () => podman(),
      before: () => container.podman('exec', container.name, 'mv', '/bin/sh', '/bin/no-sh'),
      after: () => container.podman('exec', container.name, 'mv', '/bin/no-sh', '/bin/sh'),
      error: { details: { summary: 'There is no shell in this host', fix: expect.stringContaining('distroless') } },
    },
    {
      name: 'a terminal in a container',
      connection: () => podman({ becomeMethod: 'su', becomePassword: new Secret('x') }),
      becomes: true,
      error: { details: { summary: 'A container gives no terminal', fix: expect.stringContaining('becomeMethod') } },
    },
    {
      name: 'a directory that is not there',
      connection: () => chroot({ directory: '/nowhere' }),
      error: { name: 'UnreachableError', details: { summary: 'The directory of the chroot is not there' } },
    },
    {
      name: 'a directory without a system',
      connection: () => chroot({ directory: join(directory, 'home') }),
      error: { name: 'UnreachableError', details: { detail: expect.stringContaining('home/bin/sh') } },
    },
    {
      name: 'a chroot without devices',
      connection: () => chroot({ directory }),
      before: () => renameSync(join(directory, 'dev/null'), join(directory, 'null')),
      after: () => renameSync(join(directory, 'null'), join(directory, 'dev/null')),
      error: {
        name: 'UnreachableError',
        details: { summary: 'The chroot has no /dev/null', fix: expect.stringContaining('mount --bind /dev') },
      },
    },
  ]
  test.each(failures)('$name is said, with what to do', async ({ connection, before, after, becomes = false, error }) => {
    before?.()
    try {
      const opened = openHost(record(connection()), { check: true }).then(async (access) => {
        await access.reader.read(access.as({ wanted: becomes, user: 'deploy' }), [{ script: who }]).finally(() => access.close())
      })
      await expect(opened).rejects.toMatchObject(error)
    } finally {
      after?.()
    }
  })

  test('a container that is stopped in the middle of a step is lost, and found again when it runs', async () => {
    const access = await openHost(record(podman()), { check: false })
    const applied = access.writer!.apply('login', [{ script: sh`sleep 1000`, step: true }])
    await expect.poll(() => container.podman('exec', container.name, 'ps'), { timeout: 60_000 }).toMatch(/\bsleep 1000\n/)
    container.podman('stop', '--time', '0', container.name)
    await expect(applied).rejects.toMatchObject({ name: 'UnreachableError', details: { host: 'honor-viper' } })
    await expect(access.reopen!({ connectTimeoutMs: undefined })).rejects.toMatchObject({ details: { detail: "'honor-viper' is exited" } })
    container.podman('start', container.name)
    await access.reopen!({ connectTimeoutMs: undefined })
    expect((await access.reader.read('login', [{ script: sh`exit 3` }]))[0]?.code).toBe(3)
    await access.close()
  })

  const inventory = () =>
    scratchFile(
      'guests.ts',
      `import { chroot, defineInventory, docker, nspawn, podman } from 'rollcall'
export const inventory = defineInventory({
  groups: { all: { vars: {} }, guests: {} },
  hosts: {
    'honor-viper': { groups: ['guests'], connection: podman() },
    'same-viper': { groups: ['guests'], connection: docker({ container: 'honor-viper', user: 'deploy' }) },
    'jail-otter': { groups: ['guests'], connection: chroot({ directory: '${directory}' }) },
    'crystal-panda': { groups: ['guests'], connection: nspawn({ directory: '${machine}' }) },
  },
})
`,
    )

  test('runs change them, find nothing to change the second time, and refuse what is another machine’s', async () => {
    const book = scratchFile(
      'guests-site.ts',
      `import { inventory } from '#inventory'
import { copy, definePlaybook, reboot } from 'rollcall'
export default definePlaybook('guests', inventory, (play) => {
  play('files', { hosts: 'guests', become: true, serial: 1, facts: { of: 'guests', families: ['os', 'network'] } }, ({ task }) => {
    task('a file of root', ({ host }) => copy({ dest: '/etc/motd-' + host.name, content: 'hello', mode: '0640' }))
    task('one of deploy', ({ host }) => copy({ dest: '/home/deploy/' + host.name, content: 'hi' }), { become: { user: 'deploy' } })
    task('reboot', reboot({}), { tags: ['never'] })
  })
})
`,
    )
    const run = (...more: readonly string[]) =>
      rollcall(['run', book, '-i', inventory(), '--format', 'json', ...more], { env: { PATH: process.env.PATH } })
    const [first, second] = [await run(), await run()]
    for (const host of ['honor-viper', 'same-viper', 'jail-otter', 'crystal-panda']) {
      expect(outcomes(first, host)).toEqual(['a file of root: changed', 'one of deploy: changed'])
      expect(outcomes(second, host)).toEqual(['a file of root: ok', 'one of deploy: ok'])
    }
    const owners = ['/etc/motd-same-viper', '/home/deploy/same-viper', '/home/deploy/honor-viper']
    expect(container.podman('exec', container.name, 'stat', '-c', '%U %a', ...owners)).toBe('root 640\ndeploy 644\ndeploy 644\n')
    const theirs = [join(directory, 'home/deploy/jail-otter'), join(machine, 'home/deploy/crystal-panda')]
    expect(execFileSync('stat', ['-c', '%u', ...theirs], { encoding: 'utf8' })).toBe('1000\n1000\n')

    const third = await run('--tags', 'never', '--check')
    expect(third.code).toBe(2)
    expect(taskOf(third, 'honor-viper', 'reboot').error).toMatchObject({ summary: 'This host has no boot of its own' })
    expect(third.stdout).toContain('it is a container')
    const fourth = await run('--tags', 'never', '--check', '--limit', 'crystal-panda')
    expect(taskOf(fourth, 'crystal-panda', 'reboot').error?.detail).toContain('it is a container of systemd-nspawn: a reboot')
  })

  test('only root may enter a chroot', () => {
    process.seteuid!(1000)
    try {
      expect(() => connectChroot('jail-otter', { directory })).toThrow(expect.objectContaining({ name: 'UnreachableError' }))
    } finally {
      process.seteuid!(0)
    }
  })

  test.each([
    ['a relative directory', () => chroot({ directory: 'srv/jail' })],
    ['a relative directory of a container', () => nspawn({ directory: 'srv/jail' })],
    ['a container’s user with a group', () => nspawn({ directory: '/srv/jail', user: 'deploy:deploy' })],
    ['an option in the place of a name', () => podman({ container: '--privileged' })],
    ['a user with a group', () => docker({ user: '1000:1000' })],
    ['an option in the place of a user', () => docker({ user: '-u' })],
  ])('%s is refused in the inventory', (_, make) => {
    expect(make).toThrow(expect.objectContaining({ details: expect.objectContaining({ summary: 'The inventory is wrong' }) }))
  })
})
