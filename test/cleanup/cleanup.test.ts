import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Cleaned } from '../../src/cleanup/cleanup.ts'
import { checkedPath, parseListing } from '../../src/cleanup/host-script.ts'
import { identify } from '../../src/lab/process.ts'
import { rollcall } from '../cli/harness.ts'
import { rollcall as cli } from '../helpers/cli.ts'
import { testFolder } from '../helpers/folder.ts'
import { emptyPlaybook, tempProject, twoHosts } from '../helpers/project.ts'

// As another user than root, what is found is below a home of the test's own and not in /var/lib.
const other = process.getuid?.() === 0 ? 65534 : undefined
const old = Date.now() / 1000 - 7200
const handler = '0123456789abcdef01234567'

interface House {
  readonly home: string
  readonly at: (path: string) => string
  readonly write: (path: string, text?: string) => string
  readonly give: () => void
  readonly run: (...args: readonly string[]) => Promise<{ code: number; stderr: string; stdout: string }>
}

/** A project with local hosts, and a home with a folder for sessions. */
function house(): House {
  const { root } = tempProject({ 'inventory/lab.ts': twoHosts(), 'playbooks/site.ts': emptyPlaybook() })
  const home = testFolder()
  chmodSync(root, 0o755)
  const at = (path: string) => join(home, path)
  mkdirSync(at('tmp'))
  const give = () => {
    if (other !== undefined) execFileSync('chown', ['-R', `${other}:${other}`, home])
  }
  return {
    home,
    at,
    give,
    write: (path, text = 'x') => {
      mkdirSync(join(at(path), '..'), { recursive: true })
      writeFileSync(at(path), text)
      return at(path)
    },
    run: (...args) =>
      cli(['cleanup', ...args], {
        cwd: root,
        env: {
          HOME: home,
          TMPDIR: at('tmp'),
          XDG_STATE_HOME: at('.local/state'),
          XDG_CACHE_HOME: at('.cache'),
          XDG_RUNTIME_DIR: at('run'),
        },
        ...(other !== undefined && { as: other }),
      }),
  }
}

function makeOld(...paths: readonly string[]): void {
  for (const path of paths) utimesSync(path, old, old)
}

/** What runs and killed runs have left: a dead session, a session that lives, records, files of cut-off writes. */
function leave({ at, write, give }: House, alive: boolean): ChildProcess | undefined {
  const record = { handler: 'site : restart', playbook: 'site', since: '2026-01-02T03:04:05.000Z' }
  const pending = '.local/state/rollcall/pending'
  write(`${pending}/${handler}.1`, `${JSON.stringify(record)}\n`)
  write(`${pending}/.${handler}.1`)
  write(`.local/state/rollcall/unarchive/${handler}`, 'sum om\n')
  write(`.local/state/rollcall/unarchive/.${handler}-4711`)
  write('tmp/rollcall.DEADdead01/1.o', 'y'.repeat(5000))
  // One that is just being made: nobody stands in it yet.
  if (alive) write('tmp/rollcall.young00001/in')
  write('tmp/rollcall.notours/in')
  mkdirSync(at('tmp/rollcall.ALIVEalive'), { recursive: true })
  makeOld(write('.conf.rollcall-abc123'), at('tmp/rollcall.DEADdead01'), at('tmp/rollcall.ALIVEalive'), at('tmp/rollcall.notours'))
  write('.conf.rollcall-def456')
  give()
  if (!alive) return undefined
  const child = spawn('sleep', ['1000'], {
    cwd: at('tmp/rollcall.ALIVEalive'),
    stdio: 'ignore',
    ...(other !== undefined && { uid: other, gid: other }),
  })
  onTestFinished(() => void child.kill())
  return child
}

const brief = (cleaned: Cleaned, { home }: House) =>
  cleaned.kept
    .filter(({ host }) => host === 'alpha')
    .map(({ kind, path, inUse }) => `${kind} ${path.replace(`${home}/`, '')}${inUse ? `: ${inUse}` : ''}`)
const onAlpha = ['alpha', '--hosts-only'] as const

describe('of a host', () => {
  test('everything that was left is listed, and nothing removed', async () => {
    const here = house()
    leave(here, false)
    const { code, stdout } = await here.run(...onAlpha, '--json')
    const cleaned = JSON.parse(stdout) as Cleaned
    expect(code).toBe(0)
    expect(brief(cleaned, here)).toEqual([
      'sessions tmp/rollcall.ALIVEalive',
      'sessions tmp/rollcall.DEADdead01',
      `pending .local/state/rollcall/pending/${handler}.1`,
      `temporary .local/state/rollcall/pending/.${handler}.1`,
      `records .local/state/rollcall/unarchive/${handler}`,
      `temporary .local/state/rollcall/unarchive/.${handler}-4711`,
      'temporary .conf.rollcall-abc123',
    ])
    expect(cleaned.kept.find(({ kind }) => kind === 'records')?.about).toBe(
      'a record of an unpacked archive; without it the next run unpacks the archive again',
    )
    expect(cleaned.kept.find(({ kind }) => kind === 'pending')?.about).toBe(
      "handler 'site : restart' of playbook site, owed since 2026-01-02T03:04:05.000Z",
    )
    const dead = cleaned.kept.find(({ path }) => path.endsWith('DEADdead01'))!
    expect([dead.bytes >= 5000, Math.abs(dead.ageSeconds - 7200) < 600]).toEqual([true, true])
    expect(cleaned).toMatchObject({ removed: false, removable: expect.not.arrayContaining([expect.objectContaining({ kind: 'pending' })]) })
    expect(
      readdirSync(here.at('tmp'))
        .filter((name) => name.startsWith('rollcall.'))
        .toSorted(),
    ).toEqual(['ALIVEalive', 'DEADdead01', 'notours'].map((name) => `rollcall.${name}`))
  })

  test('what is removed is what nobody uses; handlers that are owed stay until they are cleared', async () => {
    const here = house()
    leave(here, false)
    const removed = await here.run(...onAlpha, '--remove', '--yes')
    expect([removed.code, removed.stdout]).toEqual([0, expect.stringMatching(/removed 6 things, \d+ kB\n$/)])
    expect(removed.stdout).toContain('1 handler still owed: the next run of the playbook runs them; --clear-pending forgets them')
    expect(
      readdirSync(here.at('tmp'))
        .filter((name) => name.startsWith('rollcall.'))
        .toSorted(),
    ).toEqual(['rollcall.notours'])
    expect(readdirSync(here.at('.local/state/rollcall/pending'))).toEqual([`${handler}.1`])
    expect(readdirSync(here.at('.local/state/rollcall/unarchive'))).toEqual([])
    expect([existsSync(here.at('.conf.rollcall-abc123')), existsSync(here.at('.conf.rollcall-def456'))]).toEqual([false, true])
    await here.run(...onAlpha, '--remove', '--yes', '--clear-pending')
    expect(readdirSync(here.at('.local/state/rollcall/pending'))).toEqual([])
    expect((await here.run(...onAlpha)).stdout).toBe('there is nothing to remove\n')
  })

  test('while another session lives there, nothing that it may need is touched', async () => {
    const here = house()
    leave(here, true)
    const { code, stdout } = await here.run(...onAlpha, '--remove', '--yes', '--clear-pending', '--json')
    const cleaned = JSON.parse(stdout) as Cleaned
    expect([code, cleaned.removed]).toEqual([0, true])
    expect(brief(cleaned, here)).toEqual([
      'sessions tmp/rollcall.DEADdead01',
      `pending .local/state/rollcall/pending/${handler}.1: another session of Rollcall is on the host`,
      `temporary .local/state/rollcall/pending/.${handler}.1: another session of Rollcall is on the host`,
      `records .local/state/rollcall/unarchive/${handler}: another session of Rollcall is on the host`,
      `temporary .local/state/rollcall/unarchive/.${handler}-4711: another session of Rollcall is on the host`,
      'temporary .conf.rollcall-abc123: another session of Rollcall is on the host',
    ])
    expect(existsSync(here.at('tmp/rollcall.ALIVEalive'))).toBe(true)
    expect(existsSync(here.at('tmp/rollcall.young00001'))).toBe(true)
    expect(existsSync(here.at('tmp/rollcall.DEADdead01'))).toBe(false)
    expect(existsSync(here.at(`.local/state/rollcall/pending/${handler}.1`))).toBe(true)
  })

  test.for([
    ['sessions', '/tmp/rollcall.0123456789', true],
    ['sessions', '/tmp/rollcall.01234567', false],
    ['sessions', '/etc', false],
    ['sessions', '/tmp/../etc/rollcall.0123456789', false],
    ['sessions', 'tmp/rollcall.0123456789', false],
    ['pending', `/var/lib/rollcall/pending/${handler}.1`, true],
    ['pending', '/var/lib/rollcall/pending/../../x.1', false],
    ['temporary', '/etc/.haproxy.cfg.rollcall-abc123', true],
    ['temporary', '/etc/.rollcall-link-4711', true],
    ['temporary', '/etc/.rollcall-files-abc123', true],
    ['temporary', '/etc/.rollcall-files-abc123/passwd', false],
    ['temporary', '/etc/haproxy.cfg', false],
    ['temporary', `/var/lib/rollcall/unarchive/.${handler}-4711`, true],
    ['records', `/var/lib/rollcall/unarchive/${handler}`, true],
    ['records', '/var/lib/rollcall/unarchive/x', false],
    ['records', '/var/lib/rollcall/unarchive/../../../etc/passwd', false],
    ['temporary', '/etc/.rollcall-x/passwd', false],
  ] as const)('it may say %s %s: %s', ([kind, path, good]) => {
    expect(checkedPath(kind, path)).toBe(good)
    expect(parseListing(`${kind} 5 4 ${path}\n`).items).toHaveLength(good ? 1 : 0)
  })
})

describe('of this machine', () => {
  test('facts, compiled code and what a dead lab left are listed and go; a project is needed for hosts only', async () => {
    const here = house()
    here.write('.local/state/rollcall/facts/0123456789abcdef/a.os.json', '{}')
    here.write('.local/state/rollcall/lab/gone/state.json', '{}')
    here.write('.cache/rollcall/strip/x.mjs')
    here.write('.cache/rollcall/lab/image-0123456789abcdef/root/etc/hostname')
    for (const folder of ['.local/state/rollcall', '.local/state/rollcall/facts', '.cache/rollcall']) chmodSync(here.at(folder), 0o700)
    here.give()
    const only = ['facts', 'compiled', 'lab', 'images'].flatMap((kind) => ['--only', kind])
    const seen = JSON.parse((await here.run('--controller-only', ...only, '--json')).stdout) as Cleaned
    expect(seen.kept.map(({ kind, path }) => `${kind} ${path.replace(`${here.home}/`, '')}`)).toEqual([
      'facts .local/state/rollcall/facts/0123456789abcdef',
      'compiled .cache/rollcall/strip',
      'lab .local/state/rollcall/lab/gone',
      'images .cache/rollcall/lab/image-0123456789abcdef',
    ])
    const { code, stdout } = await here.run('--controller-only', ...only, '--remove', '--yes')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^removed 4 things/)])
    expect([readdirSync(here.at('.local/state/rollcall/facts')), existsSync(here.at('.cache/rollcall/strip'))]).toEqual([[], false])
  })

  test('a lab that starts, and images while it does, stay', async () => {
    const here = house()
    here.write('.local/state/rollcall/lab/busy/x')
    here.write('.local/state/rollcall/lab/busy.lock', JSON.stringify(identify(process.pid)))
    here.write('.cache/rollcall/lab/image-0123456789abcdef/x')
    for (const folder of ['.local/state/rollcall', '.cache/rollcall']) chmodSync(here.at(folder), 0o700)
    here.give()
    const { stdout } = await here.run('--controller-only', '--only', 'lab', '--only', 'images', '--remove', '--yes', '--json')
    const cleaned = JSON.parse(stdout) as Cleaned
    expect(cleaned.kept.map(({ kind, inUse }) => [kind, inUse])).toEqual([
      ['lab', 'the lab is starting'],
      ['images', 'a lab is up'],
    ])
    expect(existsSync(here.at('.cache/rollcall/lab/image-0123456789abcdef/x'))).toBe(true)
  })

  test('what plays on this machine owe and have unpacked is listed, once where it is a host as well, and goes', async () => {
    const here = house()
    const pending = '.local/state/rollcall/pending'
    const record = { handler: 'site : restart @ web1', playbook: 'site', since: '2026-01-02T03:04:05.000Z' }
    here.write(`${pending}/${handler}.1`, `${JSON.stringify(record)}\n`)
    here.write(`${pending}/${handler.replaceAll('0', 'f')}.1`, 'half a rec')
    here.write(`.local/state/rollcall/unarchive/${handler}`, 'sum om\n')
    chmodSync(here.at('.local/state/rollcall'), 0o700)
    here.give()
    const only = ['--only', 'pending', '--only', 'records']
    const seen = async (...args: readonly string[]) => JSON.parse((await here.run(...args, ...only, '--json')).stdout) as Cleaned
    const { kept, removable } = await seen('--controller-only')
    expect(kept.map(({ host, kind, about }) => [host, kind, about])).toEqual([
      [undefined, 'pending', "handler 'site : restart' of playbook site, owed to web1 since 2026-01-02T03:04:05.000Z"],
      [undefined, 'pending', 'a record of a handler that cannot be read'],
      [undefined, 'records', 'a record of an unpacked archive; without it the next run unpacks the archive again'],
    ])
    expect(removable.map(({ kind }) => kind)).toEqual(['records'])
    expect((await seen('alpha')).kept.map(({ host, kind }) => [host, kind])).toEqual([
      ['alpha', 'pending'],
      ['alpha', 'pending'],
      ['alpha', 'records'],
    ])
    await here.run('--controller-only', ...only, '--remove', '--yes')
    expect([readdirSync(here.at(pending)), readdirSync(here.at('.local/state/rollcall/unarchive'))]).toEqual([
      [expect.any(String), expect.any(String)],
      [],
    ])
    await here.run('--controller-only', ...only, '--remove', '--yes', '--clear-pending')
    expect(readdirSync(here.at(pending))).toEqual([])
  })

  test('the current build stays', async () => {
    const here = house()
    here.give()
    const { stdout } = await here.run('--controller-only', '--only', 'builds', '--json')
    const { kept, removable } = JSON.parse(stdout) as Cleaned
    expect(kept.filter(({ inUse }) => inUse === 'it is the current build')).toHaveLength(1)
    expect(removable.every(({ inUse }) => inUse === undefined)).toBe(true)
  })
})

describe('the question', () => {
  const item = { kind: 'facts', path: '/state/facts/1', bytes: 2048, ageSeconds: 60, about: 'what is remembered' } as const
  const engine = {
    cleanup: async ({ confirm }: { confirm?: (going: readonly (typeof item)[]) => Promise<boolean> }): Promise<Cleaned> => {
      const removed = (await confirm?.([item])) ?? false
      return { kept: [item], removable: [item], removed, failures: [], down: [] }
    },
  }
  test('is not put without --remove, and nothing is removed', async () =>
    expect(await rollcall('cleanup', { engine })).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 thing, 2 kB, can be removed by --remove'),
    }))
  test('needs a terminal, or a yes', async () => {
    expect(await rollcall('cleanup --remove', { engine })).toMatchObject({
      code: 1,
      asked: [],
      err: expect.stringContaining('There is no terminal to ask at'),
    })
    expect(await rollcall('cleanup --remove --yes', { engine })).toMatchObject({ code: 0, out: 'removed 1 thing, 2 kB\n' })
  })
  test.for([
    [true, 'removed 1 thing, 2 kB'],
    [false, 'nothing was removed'],
  ] as const)('answered %s', async ([answer, last]) => {
    const asked: string[] = []
    const ask = async (question: string) => {
      asked.push(question)
      return answer
    }
    const { out, err } = await rollcall('cleanup --remove', { engine, ask })
    expect(asked).toEqual(['Remove 1 thing, 2 kB?'])
    expect(err).toContain('/state/facts/1')
    expect(out.trimEnd().split('\n').at(-1)).toBe(last)
  })
  test.for([
    ['cleanup --hosts-only --controller-only', '--hosts-only and --controller-only exclude each other'],
    ['cleanup web --controller-only', '--controller-only looks at no host'],
  ])('%s', async ([line, says]) =>
    expect(await rollcall(line!, { engine })).toMatchObject({ code: 1, err: expect.stringContaining(says!) }),
  )
})
