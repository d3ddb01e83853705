import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openHost } from '../../src/connect.ts'
import { nspawn } from '../../src/dsl/connection.ts'
import type { HostRecord, NspawnSettings } from '../../src/model/inventory.ts'
import { connectNspawn } from '../../src/transport/nspawn.ts'
import { sh } from '../../src/util/sh.ts'
import { connectionContract } from '../contract/connection.ts'
import { eventsOf, outcomes, rollcall, scratchFile, startRollcall, taskOf } from '../helpers/cli.ts'
import { testFolder } from '../helpers/folder.ts'
import { makeRoot } from '../helpers/guest-root.ts'

/** Processes of systemd-nspawn for a directory. */
function containersOf(directory: string): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))
  return pids.filter((pid) => wordsOf(pid).some((word) => word === `--directory=${realpathSync(directory)}`)).map(Number)
}

function wordsOf(pid: string): readonly string[] {
  return read(`/proc/${pid}/cmdline`).split('\0')
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function initOf(nspawn: number): number {
  return Number(read(`/proc/${nspawn}/task/${nspawn}/children`).trim())
}

/** Everything of a tree that a change would touch: names, modes, owners, sizes, times. */
function listing(directory: string): string {
  return execFileSync('find', [directory, '-printf', '%P %y %m %U %G %s %T@ %C@ %i %l\n'], { encoding: 'utf8' })
}

connectionContract(
  'a directory, by systemd-nspawn',
  { link: true, signals: true, pty: true, bothOutputs: true, unreadInput: true, endsAll: true },
  async (host, folder) => {
    const directory = makeRoot(testFolder())
    // What the suite gives a login stands in its profile here.
    const settings = Object.entries(host).map(([name, value]) => sh`export ${name}=${value}`.text)
    writeFileSync(join(directory, 'bin/env-of-suite'), `${settings.join('\n')}\n`)
    rmSync(join(directory, 'bin/sh'))
    writeFileSync(join(directory, 'bin/sh'), '#!/bin/busybox ash\n. /bin/env-of-suite\nexec /bin/busybox ash "$@"\n', { mode: 0o755 })
    return {
      connect: async () => (await connectNspawn('honor-viper', { directory, args: [`--bind=${folder}`] })).connection,
      cut: () => process.kill(initOf(containersOf(directory)[0]!), 'SIGKILL'),
    }
  },
)

describe('a directory, by systemd-nspawn', () => {
  let directory: string
  let other: ChildProcess | undefined
  beforeAll(() => {
    directory = makeRoot(testFolder())
    writeFileSync(join(directory, 'etc/hostname'), 'image-otter\n')
  })
  afterEach(async () => {
    if (!other) return
    const ended = once(other, 'exit')
    other.stdin?.end()
    await ended
    other = undefined
  })

  const record = (settings: Partial<Omit<NspawnSettings, 'type'>> = {}): HostRecord => ({
    name: 'honor-viper',
    groups: [],
    vars: {},
    connection: nspawn({ directory, ...settings }),
  })
  const asked = async (script: ReturnType<typeof sh>, settings: Partial<Omit<NspawnSettings, 'type'>> = {}) => {
    const access = await openHost(record(settings), { check: true })
    const [reply] = await access.reader.read('login', [{ script }]).finally(() => access.close())
    return Buffer.from(reply!.stdout).toString()
  }

  test('what runs in it sees its own system, and nothing of the controller’s environment', async () => {
    process.env.OF_THE_CONTROLLER = 'seen'
    const said = await asked(sh`env; hostname; echo "$$"; cat /proc/1/comm`).finally(() => delete process.env.OF_THE_CONTROLLER)
    expect(said).toMatch(/^container=systemd-nspawn$/m)
    expect(said).not.toContain('OF_THE_CONTROLLER')
    expect(said).toMatch(/\nimage-otter\n[0-9]{1,3}\n\(sd-stubinit\)\n$/)
  })

  test('processes have what systemd-nspawn leaves them, and its network is the one that args say', async () => {
    const bounds = sh`sed -n s/^CapBnd://p /proc/self/status /proc/1/status | uniq | wc -l; cat /proc/net/dev | grep -c :`
    const [shared, own] = [await asked(bounds), await asked(bounds, { args: ['--private-network', '--capability=CAP_SYS_TIME'] })]
    const interfaces = read('/proc/net/dev').match(/:/g)!.length
    expect(shared).toBe(`1\n${interfaces}\n`)
    expect(own).toBe('1\n1\n')
  })

  test('users of its own, where args want them, own nothing here', async () => {
    const args = ['--private-users=524288:65536', '--private-users-ownership=map']
    const said = await asked(sh`id -u; id -G; cd; echo >note; stat -c %u note /home; rm note; cat /proc/self/uid_map`, {
      args,
      user: 'deploy',
    })
    expect(said.replace(/ +/g, ' ')).toBe('1000\n1000 1005\n1000\n0\n 0 524288 65536\n')
    expect(execFileSync('stat', ['-c', '%u', join(directory, 'home/deploy')], { encoding: 'utf8' })).toBe('1000\n')
  })

  test('two hosts of a run share one container, which is gone when both are closed', async () => {
    const [one, two] = await Promise.all([openHost(record(), { check: true }), openHost(record({ user: 'deploy' }), { check: true })])
    expect(containersOf(directory)).toHaveLength(1)
    await one.close()
    const [reply] = await two.reader.read('login', [{ script: sh`id -un` }])
    expect(Buffer.from(reply!.stdout).toString()).toBe('deploy\n')
    await two.close()
    expect(containersOf(directory)).toEqual([])
  })

  /** As somebody else would hold it: until the end of its input. */
  const holdBy = async (...words: readonly string[]) => {
    const fixed = ['--quiet', '--register=no', '--keep-unit', '--as-pid2', '--console=pipe', `--directory=${directory}`]
    other = spawn('systemd-nspawn', [...words, ...fixed, '--', '/bin/sh', '-c', 'echo up; read -r end'])
    await once(other.stdout!, 'data')
  }

  const failures: readonly {
    readonly name: string
    readonly settings?: Partial<Omit<NspawnSettings, 'type'>>
    readonly before?: () => unknown
    readonly after?: () => void
    readonly details: object
  }[] = [
    {
      name: 'a directory that is not there',
      settings: { directory: '/nowhere' },
      details: { summary: 'The directory of the container is not there' },
    },
    {
      name: 'a directory without a system',
      settings: { directory: '/proc/sys' },
      details: { summary: 'The directory of the container holds no system', fix: expect.stringContaining('debootstrap') },
    },
    {
      name: 'a directory that lacks where to mount',
      before: () => {
        rmdirSync(join(directory, 'sys'))
        renameSync(join(directory, 'bin'), join(directory, 'usr/sbin'))
        execFileSync('ln', ['-s', 'usr/sbin', join(directory, 'bin')])
      },
      after: () => {
        rmSync(join(directory, 'bin'))
        renameSync(join(directory, 'usr/sbin'), join(directory, 'bin'))
        execFileSync('mkdir', [join(directory, 'sys')])
      },
      details: {
        summary: 'The directory of the container lacks folders',
        fix: expect.stringMatching(/\nmkdir \S+\/sys\nln -s usr\/sbin \S+\/sbin$/),
      },
    },
    {
      name: 'a container of somebody else',
      before: () => holdBy(),
      details: {
        summary: 'The directory is in use by another container',
        detail: expect.stringMatching(/held by pid [0-9]+: systemd-nspawn /),
        fix: expect.stringContaining('reached by ssh()'),
      },
    },
    {
      name: 'another run of Rollcall',
      before: () => holdBy('--machine=rollcall-4194305-1'),
      details: {
        detail: expect.stringContaining('held by Rollcall (pid 4194305)'),
        fix: expect.stringContaining('when that one is through'),
      },
    },
    {
      name: 'another host of this run, with other args',
      before: () => holdBy(`--machine=rollcall-${process.pid}-1000`),
      details: { fix: expect.stringContaining('the same `args`') },
    },
    {
      name: 'a machine without systemd-nspawn',
      before: () => {
        process.env.PATH = '/nowhere'
      },
      details: { detail: 'it is not installed on this machine', fix: expect.stringContaining('apt-get install systemd-container') },
    },
    {
      name: 'words that systemd-nspawn does not know',
      settings: { args: ['--bond=/srv'] },
      details: {
        summary: 'systemd-nspawn could not start the container',
        detail: expect.stringContaining("unrecognized option '--bond=/srv'"),
        fix: expect.stringMatching(/\nsystemd-nspawn .* .--bond=\/srv. /),
      },
    },
    {
      name: 'a user that it does not have',
      settings: { user: 'nobody9' },
      details: { summary: 'The user does not exist in this host', detail: expect.stringContaining('nobody9') },
    },
  ]
  const path = process.env.PATH
  test.each(failures)('$name is said, with what to do', async ({ settings, before, after, details }) => {
    await before?.()
    try {
      await expect(asked(sh`true`, settings)).rejects.toMatchObject({ details: { host: 'honor-viper', ...details } })
    } finally {
      process.env.PATH = path
      after?.()
    }
    expect(containersOf(directory).filter((pid) => pid !== other?.pid)).toEqual([])
  })

  test('only root may', async () => {
    process.seteuid!(1000)
    try {
      await expect(connectNspawn('honor-viper', { directory })).rejects.toMatchObject({ name: 'UnreachableError' })
    } finally {
      process.seteuid!(0)
    }
  })

  test('one that ends in the middle of a step is lost, and found again', async () => {
    const access = await openHost(record(), { check: false })
    const applied = access.writer!.apply('login', [{ script: sh`echo >/run/begun; sleep 1000`, step: true }])
    const [container] = containersOf(directory)
    await expect.poll(() => existsSync(`/proc/${initOf(container!)}/root/run/begun`), { timeout: 60_000 }).toBe(true)
    const left = () => readdirSync('/run/systemd/nspawn/propagate').filter((name) => name.startsWith(`rollcall-${process.pid}-`))
    expect(left()).toHaveLength(1)
    process.kill(container!, 'SIGKILL')
    await expect(applied).rejects.toMatchObject({ name: 'UnreachableError', details: { host: 'honor-viper' } })
    await access.reopen!({ connectTimeoutMs: undefined })
    expect((await access.reader.read('login', [{ script: sh`exit 3` }]))[0]?.code).toBe(3)
    await access.close()
    expect(left()).toEqual([])
  })

  const inventory = () =>
    scratchFile(
      'nspawn.ts',
      `import { defineInventory, nspawn } from 'rollcall'
export const inventory = defineInventory({
  groups: { all: { vars: {} }, images: {} },
  hosts: { 'image-otter': { groups: ['images'], connection: nspawn({ directory: '${directory}' }) } },
})
`,
    )
  const book = (name: string, tasks: string) =>
    scratchFile(
      `${name}.ts`,
      `import { inventory } from '#inventory'
import { command, copy, definePlaybook } from 'rollcall'
export default definePlaybook('${name}', inventory, (play) => {
  play('files', { hosts: 'images', become: true, facts: { of: 'images', families: ['os', 'network', 'hardware'] } }, ({ task }) => {
${tasks}
  })
})
`,
    )

  test('a run in check mode changes not one file of it, and tells what a run would change', async () => {
    const tasks = `    task('a file', copy({ dest: '/etc/motd', content: 'hello' }))
    task('one of deploy', copy({ dest: '/home/deploy/note', content: 'hi' }), { become: { user: 'deploy' } })`
    const args = ['run', book('nspawn-site', tasks), '-i', inventory(), '--format', 'json']
    const before = listing(directory)
    const checked = await rollcall([...args, '--check'])
    expect(outcomes(checked, 'image-otter')).toEqual(['a file: changed', 'one of deploy: changed'])
    expect(listing(directory)).toBe(before)
    const applied = await rollcall(args)
    expect(outcomes(applied, 'image-otter')).toEqual(['a file: changed', 'one of deploy: changed'])
    // Without flock inside: the container's lock keeps other runs off.
    expect(eventsOf(applied, 'warning')).toEqual([])
    expect(execFileSync('stat', ['-c', '%U:%u', join(directory, 'home/deploy/note')], { encoding: 'utf8' })).toMatch(/:1000\n$/)
    expect(outcomes(await rollcall(args), 'image-otter')).toEqual(['a file: ok', 'one of deploy: ok'])
  })

  test('a controller that is killed leaves no process and no mount, and the next run works', async () => {
    const slow = book('nspawn-slow', `    task('slow', command({ argv: ['sh', '-c', 'echo >/run/begun; sleep 1000'] }))`)
    const args = ['-i', inventory(), '--format', 'json']
    const child = await startRollcall(['run', slow, ...args])
    await expect
      .poll(() => containersOf(directory).some((pid) => existsSync(`/proc/${initOf(pid)}/root/run/begun`)), { timeout: 60_000 })
      .toBe(true)
    const space = readlinkSync(`/proc/${initOf(containersOf(directory)[0]!)}/ns/pid`)
    expect(inside(space).length).toBeGreaterThan(2)
    const mounts = read('/proc/self/mountinfo')
    child.kill('SIGKILL')
    await expect.poll(() => [containersOf(directory), inside(space)], { timeout: 60_000 }).toEqual([[], []])
    expect(read('/proc/self/mountinfo')).toBe(mounts)
    const next = await rollcall(['run', book('nspawn-next', `    task('next', command({ argv: ['true'] }))`), ...args])
    expect(taskOf(next, 'image-otter', 'next').outcome).toBe('changed')
  })
})

/** Processes of a pid namespace that have not ended. */
function inside(space: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^[0-9]+$/.test(pid)) return false
    try {
      return readlinkSync(`/proc/${pid}/ns/pid`) === space
    } catch {
      return false
    }
  })
}
