import { execFileSync } from 'node:child_process'
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Checked } from '../../src/doctor/check.ts'
import { type HostSaid, hostScript, parseHost } from '../../src/doctor/host-script.ts'
import { judge } from '../../src/doctor/hosts.ts'
import { clock, dependencies, folder, locale, nodeVersion, terminal } from '../../src/doctor/machine.ts'
import { testFolder } from '../helpers/folder.ts'
import { shellPrograms } from '../helpers/shell-programs.ts'

const brief = (checks: readonly Checked[]) =>
  checks.filter(({ verdict }) => verdict !== 'ok').map(({ verdict, about, message }) => `${verdict} ${about}: ${message}`)

const shells = shellPrograms(
  'sh cat chmod chown cp date df find grep head id ln ls mkdir mktemp mv readlink rm sed sha256sum sort stat tail tr wc',
)
const ask = ([file = '', ...args]: readonly string[], env: NodeJS.ProcessEnv) =>
  parseHost(execFileSync(file, [...args, '-c', hostScript().text], { env, encoding: 'utf8' }))

describe('of a host', () => {
  const good: HostSaid = { missing: [], lacks: [], readonly: [], time: 1000, disks: [{ place: '/tmp', freeKb: 9_000_000 }], whole: true }
  test.for<readonly [string, Partial<HostSaid>, readonly string[]]>([
    ['nothing where all is well', {}, []],
    ['a tool that is missing', { missing: ['stat', 'head -c'] }, ['problem tools: PATH lacks stat, head -c']],
    ['one that some modules need', { lacks: ['systemctl'] }, ['warning tools: PATH lacks systemctl']],
    ['nothing of a second', { time: 1002 }, []],
    ['a clock ahead', { time: 1060 }, ['warning clock: 60 s ahead of this machine']],
    ['a clock far behind', { time: 10 }, ['problem clock: 990 s behind this machine']],
    ['a file system that is read-only', { readonly: ['/var'] }, ['problem file systems: /var is mounted read-only']],
    ['little room', { disks: [{ place: '/tmp', freeKb: 300 * 1024 }] }, ['warning disk: /tmp has 300 MB free']],
    ['no room', { disks: [{ place: '/var', freeKb: 100 }] }, ['problem disk: /var has 0 MB free']],
    ['no home', { noHome: '/nonexistent' }, ["warning home: the login user's home '/nonexistent' is not there or cannot be written"]],
    ['a script cut short', { whole: false }, ['problem shell: the script of this check ended half-way']],
  ])('%s is told', ([, said, told]) => {
    const checks = judge({ ...good, ...said }, 1_000_000)
    expect(brief(checks)).toEqual(told)
    for (const { verdict, fix } of checks) expect(verdict === 'ok' || fix !== undefined).toBe(true)
  })

  test.for(shells)('%s says what there is', ([, argv, path]) => {
    const home = testFolder()
    const said = ask(argv, { HOME: home, PATH: path() })
    expect(said).toMatchObject({ missing: [], readonly: [], whole: true })
    expect(Math.abs(said.time! - Date.now() / 1000)).toBeLessThan(60)
    expect(said.disks.map(({ place }) => place)).toEqual(['/tmp', '/var', '/var/lib', '/etc', home])
    expect(said.noHome).toBeUndefined()
  })
  test.for(shells.slice(0, 2))('%s says what PATH lacks, and that there is no home', ([, argv]) => {
    const said = ask(argv, { PATH: '/nonexistent', HOME: '/nonexistent' })
    expect(said.missing).toEqual(expect.arrayContaining(['stat', 'mktemp', 'head -c', 'stat -c']))
    expect(said).toMatchObject({ lacks: ['apt-get', 'dpkg-query', 'systemctl'], noHome: '/nonexistent', whole: true })
  })
})

describe('of this machine', () => {
  test.for([
    ['20.18.9', 'problem'],
    ['18.20.0', 'problem'],
    ['20.19.0', 'ok'],
    ['22.1.0', 'ok'],
  ] as const)('Node.js %s: %s', ([version, verdict]) => expect(nodeVersion(version).verdict).toBe(verdict))

  test.for<readonly [NodeJS.ProcessEnv, string]>([
    [{ LANG: 'C.UTF-8' }, 'ok'],
    [{ LANG: 'de_DE.utf8' }, 'ok'],
    [{ LC_ALL: 'C', LANG: 'C.UTF-8' }, 'warning'],
    [{}, 'warning'],
  ])('locale %j: %s', ([env, verdict]) => expect(locale(env).verdict).toBe(verdict))

  test.for([
    [{ NO_COLOR: '1' }, false, true, 'output is not coloured: NO_COLOR is set'],
    [{}, false, false, 'output is not coloured: output goes to no terminal'],
    [{ TERM: 'dumb' }, false, true, 'output is not coloured: TERM is dumb, or FORCE_COLOR forbids it'],
    [{}, true, true, 'output is coloured'],
  ] as const)('colours %j', ([env, colour, isTerminal, message]) =>
    expect(terminal({ env, colour, terminal: isTerminal, now: 0 })).toMatchObject({ verdict: 'ok', message }),
  )

  test('a clock behind the files of Rollcall is wrong', () => {
    const file = join(testFolder(), 'package.json')
    writeFileSync(file, '{}')
    utimesSync(file, 2000, 2000)
    utimesSync(join(file, '..'), 2000, 2000)
    expect(clock(2_000_000, file).verdict).toBe('ok')
    expect(clock(1_000_000, file)).toMatchObject({ verdict: 'problem', message: expect.stringContaining('is 1000 s before') })
  })

  test.for<readonly [string, object | undefined, object | undefined, string, string]>([
    ['is as the lock file wants it', { a: '1' }, { a: '1' }, 'ok', '1 packages'],
    ['has another version', { a: '1', b: '2' }, { a: '1', b: '3' }, 'problem', 'not as the lock file wants them: b'],
    ['lacks a package', { a: '1', b: '2' }, { a: '1' }, 'problem', 'not as the lock file wants them: b'],
    ['is not there', { a: '1' }, undefined, 'problem', 'they are not installed'],
    ["is npm's affair where there is no lock file", undefined, undefined, 'ok', 'installed as a package'],
  ])('what is installed %s', ([, wanted, found, verdict, message]) => {
    const root = testFolder()
    const write = (path: string, packages: object | undefined) => {
      const all = Object.fromEntries(Object.entries(packages ?? {}).map(([name, version]) => [`node_modules/${name}`, { version }]))
      if (packages) writeFileSync(join(root, path), JSON.stringify({ packages: all }))
    }
    mkdirSync(join(root, 'node_modules'))
    write('package-lock.json', wanted)
    write('node_modules/.package-lock.json', found)
    expect(dependencies(root)).toMatchObject({ verdict, message: expect.stringContaining(message) })
  })

  test('a folder below one that is there will do, one in /proc will not', async () => {
    expect(await folder('x', join(testFolder(), 'a/b'))).toMatchObject({ verdict: expect.stringMatching(/ok|warning/) })
    expect((await folder('x', '/sys/kernel/rollcall')).verdict).toBe('problem')
  })
})
