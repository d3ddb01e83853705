import { describe, expect, test } from 'vitest'
import type { Engine } from '../../src/cli/engine.ts'
import { RollcallError } from '../../src/model/errors.ts'
import type { HostRecap } from '../../src/model/event.ts'
import type { RunRequest } from '../../src/run.ts'
import { sampleTraffic } from '../helpers/sample-traffic.ts'
import { rollcall } from './harness.ts'

const counts: HostRecap = {
  ok: 1,
  changed: 0,
  skipped: 0,
  failed: 0,
  unreachable: 0,
  rescued: 0,
  ignored: 0,
  exchanges: 1,
  ...sampleTraffic,
}
/** A run that ends with these counts of changes and this code. */
const runEnding = (exitCode: number, changed = 0): Pick<Engine, 'run'> => ({
  run: async ({ emit, progress, check }: RunRequest) => {
    progress('starting the lab')
    emit({
      event: 'run',
      version: '0.1.0',
      playbook: 'prepare',
      inventory: 'inventory/lab.ts',
      check,
      fleet: ['web'],
      factsScope: ['web'],
      targets: ['web'],
      queries: [],
    })
    emit({ event: 'facts', hosts: [{ host: 'web', origin: 'live', ageSeconds: 0, contact: 'answered' }], durationMs: 1 })
    emit({ event: 'recap', check, hosts: { web: { ...counts, changed } }, durationMs: 1000, exitCode })
    return exitCode
  },
})

const plain = { root: '/site', playbook: 'prepare', tags: [], skipTags: [], check: false, forks: 50 }
const requests: readonly (readonly [line: string, request: object])[] = [
  ['run prepare', plain],
  ['run prepare --limit honor-viper', { ...plain, limit: 'honor-viper' }],
  ['run --limit honor-viper prepare', { ...plain, limit: 'honor-viper' }],
  ['run prepare -l web:!edge', { ...plain, limit: 'web:!edge' }],
  ['run prepare -l !edge', { ...plain, limit: '!edge' }],
  ['run prepare -i production', { ...plain, inventory: 'production' }],
  ['run prepare --check', { ...plain, check: true }],
  ['run --check prepare', { ...plain, check: true }],
  ['run -CD prepare', { ...plain, check: true }],
  ['run prepare --check --check', { ...plain, check: true }],
  ['run prepare -t a,b -t c', { ...plain, tags: ['a', 'b', 'c'] }],
  ['run -t a prepare', { ...plain, tags: ['a'] }],
  ['run prepare --skip-tags slow --skip-tags=x', { ...plain, skipTags: ['slow', 'x'] }],
  ['run prepare --exclude edge,db[0]', { ...plain, exclude: 'edge,db[0]' }],
  ['run prepare -l @down.txt --allow-empty', { ...plain, limit: '@down.txt', allowEmpty: true }],
  ['run prepare --start-at-task first', { ...plain, startAt: 'first' }],
  ['run prepare --step', { ...plain, step: true }],
  ['run prepare -f 5', { ...plain, forks: 5 }],
  ['run prepare --force', { ...plain, force: true }],
  ['run prepare --resume', { ...plain, goOn: 'resume' }],
  ['run prepare --retry-failed', { ...plain, goOn: 'retryFailed' }],
  ['run 0123 -l 007', { ...plain, playbook: '0123', limit: '007' }],
]

test.each(requests)('rollcall %s', async (line, request) => {
  const { code, asked } = await rollcall(line, { engine: runEnding(0) })
  expect(code).toBe(0)
  expect(asked).toEqual([['run', { ...request, emit: expect.any(Function), progress: expect.any(Function), steering: expect.anything() }]])
})

describe('exit codes', () => {
  test.each([
    ['run prepare', 0, 1, 0],
    ['run prepare', 2, 1, 2],
    ['run prepare', 4, 0, 4],
    ['run prepare --detailed-exit-code', 0, 0, 0],
    ['run prepare --detailed-exit-code', 0, 2, 3],
    ['run prepare --check --detailed-exit-code', 0, 2, 3],
    ['run prepare --detailed-exit-code', 2, 2, 2],
  ])('%s that ends with %d after %d changes exits with %d', async (line, ends, changed, code) =>
    expect(await rollcall(line, { engine: runEnding(ends, changed) })).toMatchObject({ code }),
  )

  test.each([
    [undefined, 1],
    [5, 5],
  ])('an error of exit code %s ends with %d', async (exitCode, code) => {
    const thrown = new RollcallError({
      summary: 'A run is under way',
      detail: 'since 12:00',
      at: { file: '/site/playbooks/a.ts', line: 3 },
      fix: 'Wait.',
      ...(exitCode && { exitCode }),
    })
    const done = await rollcall('run prepare', { engine: { run: () => Promise.reject(thrown) } })
    expect(done).toMatchObject({ code, out: '', err: 'A run is under way\n  since 12:00\n  at playbooks/a.ts:3\n  Wait.\n' })
  })

  test('any other error is a bug of ours, with the stacks of all causes', async () => {
    const thrown = new Error('no such thing', { cause: new TypeError('x is not a function') })
    const { code, out, err } = await rollcall('run prepare', { engine: { run: () => Promise.reject(thrown) } })
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/^Rollcall has a bug\n {2}Error: no such thing\n[\s\S]* {2}caused by TypeError: x is not a function\n[\s\S]*node v/)
  })
})

describe('output', () => {
  test('the report goes to stdout, progress to stderr', async () => {
    const { out, err } = await rollcall('run prepare', { engine: runEnding(0) })
    expect(out.split('\n')[0]).toBe('inventory 1 host · facts from 1 (1 live) · targets 1 (web)')
    expect(err).toBe('starting the lab\n')
  })
  test('json: stdout holds nothing but events', async () => {
    const { out } = await rollcall('run prepare --format json', { engine: runEnding(0) })
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { event: string }).event),
    ).toEqual(['run', 'facts', 'recap'])
  })
  test.each([
    [{ FORCE_COLOR: '1' }, true],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [{}, false],
  ])('with %j coloured: %s', async (env, coloured) => {
    const { out, err } = await rollcall('run prepare', { env, engine: runEnding(0) })
    expect([out.includes('\u001b['), err.includes('\u001b[')]).toEqual([coloured, coloured])
  })
})

describe('lists', () => {
  const outline: Pick<Engine, 'outline'> = {
    outline: async () => ({
      playbook: 'prepare',
      inventory: 'inventory/lab.ts',
      fleet: ['honor-viper', 'crystal-panda'],
      targets: ['honor-viper'],
      plays: [
        {
          name: 'cluster nodes',
          at: 'playbooks/prepare.ts:5:3',
          hosts: ['honor-viper'],
          tags: ['danger', 'haproxy'],
          tasks: [
            { name: 'install haproxy', tags: ['haproxy'], at: 'playbooks/prepare.ts:9:5', handler: false },
            { name: 'reload haproxy', tags: [], handler: true },
          ],
        },
      ],
    }),
  }
  const title = 'playbook prepare · inventory inventory/lab.ts: 2 hosts · targets 1'
  const play = 'play cluster nodes · targets 1 (honor-viper)  playbooks/prepare.ts:5:3'
  const hosts = ['  honor-viper', '  crystal-panda  known, but not a target']
  const tasks = ['  install haproxy  [haproxy]  playbooks/prepare.ts:9:5', '  handler reload haproxy']
  test.each([
    ['--list-hosts', [title, ...hosts, play]],
    ['--list-tasks', [title, play, ...tasks]],
    ['--list-hosts --list-tasks', [title, ...hosts, play, ...tasks]],
    ['--list-tags', [title, play, '  tags danger, haproxy']],
    ['--list-tags --list-tasks', [title, play, '  tags danger, haproxy', ...tasks]],
  ])('%s starts no run', async (options, lines) => {
    const { code, out, asked } = await rollcall(`run prepare ${options} -l honor-viper`, { engine: outline })
    expect(out.trimEnd().split('\n')).toEqual(lines)
    expect(asked).toEqual([['outline', { root: '/site', playbook: 'prepare', limit: 'honor-viper', tags: [], skipTags: [] }]])
    expect(code).toBe(0)
  })
  test('as json', async () => {
    const { out } = await rollcall('run prepare --list-tasks --format json', { engine: outline })
    expect(JSON.parse(out)).toMatchObject({ targets: ['honor-viper'], plays: [{ name: 'cluster nodes' }] })
  })
})

test.each(['hosts', 'tasks', 'tags'])('--step and --list-%s exclude each other', async (list) => {
  const { code, err, asked } = await rollcall(`run prepare --step --list-${list}`)
  expect([code, asked]).toEqual([1, []])
  expect(err).toBe(`--step and --list-${list} exclude each other\n  A list runs nothing that could be asked for.\n  Give one of them.\n`)
})

test.each([
  ['--limit web -l db', `'web,db' are hosts of either, 'web,&db' those of both.`],
  ['--exclude web --exclude db', `--exclude 'web,db'`],
])('%s is refused: what two of them mean is not guessed', async (options, fix) => {
  const { code, err, asked } = await rollcall(`run prepare ${options}`)
  expect([code, asked]).toEqual([1, []])
  expect(err).toContain(`An option is given twice\n`)
  expect(err).toContain(`Give it once: ${fix}`)
})
