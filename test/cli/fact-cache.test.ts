import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { factFormat } from '../../src/model/fact-cache.ts'
import { type CliRun, eventsOf, rollcall } from '../helpers/cli.ts'
import { testFolder } from '../helpers/folder.ts'
import { type TempProject, tempProject, twoHosts } from '../helpers/project.ts'

/** The second host is down: what is known of it is what is kept. */
const hosts = twoHosts()
  .replace(/('beta':.*)local\(\)/, "$1ssh({ address: '127.0.0.1', port: 9 })")
  .replace('local }', 'local, ssh }')

const playbook = `import { debug, definePlaybook } from 'rollcall'
import { inventory } from '#inventory'
export default definePlaybook('known', inventory, (play) => {
  play('alpha', { hosts: 'alpha', facts: { of: 'web', families: ['os'] } }, ({ task }) => {
    task('say', ({ fleet }) => debug({ msg: fleet.group('web').map((node) => (node.known ? node.facts.os.distribution : node.name + ' unknown')).join() }))
  })
})
`
const keeping = (load: string, save = '() => {}') => `import { defineFactCache } from 'rollcall'
export default defineFactCache({ name: 'the store', load: ${load}, save: ${save} })
`
function project(cache: string | undefined, setting: unknown = './fact-cache.ts'): TempProject {
  const made = tempProject({
    'inventory/lab.ts': hosts,
    'playbooks/known.ts': playbook,
    ...(cache !== undefined && { 'fact-cache.ts': cache }),
  })
  const json = JSON.parse(readFileSync(made.path('package.json'), 'utf8')) as object
  made.write('package.json', JSON.stringify({ ...json, rollcall: { factCache: setting } }))
  return made
}
const run = ({ root }: TempProject, ...args: readonly string[]): Promise<CliRun> =>
  rollcall(args.length > 0 ? args : ['run', 'known', '--format', 'json'], { cwd: root, env: { XDG_STATE_HOME: testFolder() } })
const warnings = ({ events }: CliRun) => events.flatMap((event) => (event.event === 'warning' ? [event.message] : []))
const said = (done: CliRun) => (eventsOf(done, 'task')[0]?.result as { msg?: string } | undefined)?.msg
const record = (host: string, more = {}) => ({
  version: factFormat,
  host,
  family: 'os',
  gatheredAt: Date.now() - 7200_000,
  value: { distribution: 'plan9' },
  ...more,
})

describe("a project's own fact cache", () => {
  test('is asked once for all hosts, given what was read once, and used', async () => {
    const log = `${testFolder()}/log`
    const note = `import { appendFileSync } from 'node:fs'\nconst note = (line: unknown) => appendFileSync('${log}', JSON.stringify(line) + '\\n')\n`
    const own = keeping(
      `async (request) => { note(['load', request]); return [${JSON.stringify(record('beta'))}, ${JSON.stringify(record('stranger'))}] }`,
      `(request) => note(['save', { ...request, records: request.records.map(({ host, family }) => host + ' ' + family) }])`,
    )
    const done = await run(project(note + own))
    expect([done.code, done.stderr, warnings(done), said(done)?.split(',')[1]]).toEqual([0, '', [], 'plan9'])
    expect(eventsOf(done, 'facts')[0]?.hosts).toMatchObject([
      { host: 'alpha', origin: 'live', contact: 'answered' },
      { host: 'beta', origin: 'cached', ageSeconds: expect.closeTo(7200, -2), contact: 'failed' },
    ])
    const lines = readFileSync(log, 'utf8').trim().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      ['load', { inventory: 'inventory/lab.ts', hosts: ['alpha', 'beta'] }],
      ['save', { inventory: 'inventory/lab.ts', records: ['alpha os'], known: ['alpha', 'beta'] }],
    ])
  })

  test.for([
    [
      'cannot load',
      keeping(`async () => { throw new Error('the disk is gone') }`),
      ['Facts of earlier runs are not known: the store failed: the disk is gone'],
    ],
    [
      'cannot save',
      keeping('() => []', `() => { throw new Error('no room') }`),
      ['Facts of this run are not remembered: the store failed: no room'],
    ],
    [
      'never answers',
      keeping('() => new Promise(() => {})', `() => { throw new Error('it was to be left alone') }`),
      ['Facts of earlier runs are not known: the store failed: no answer within 5 s'],
    ],
    [
      'gives no list',
      keeping('() => 42 as never'),
      ['Facts of earlier runs are not known: the store failed: (intermediate value) is not iterable'],
    ],
    [
      'gives records that are none',
      keeping(`() => [null, ${JSON.stringify(record('beta', { version: 0 }))}, new Error('a row is damaged')]`),
      [
        'What the store remembers of a host is not used: it is not a record',
        `What the store remembers of beta (os) is not used: it has format 0, and this Rollcall writes ${factFormat}`,
        'a row is damaged',
      ],
    ],
    [
      'gives many of them',
      keeping(`() => Array.from({ length: 100 }, (_, index) => ({ host: 'host' + index }))`),
      [
        ...['host0', 'host1', 'host2'].map(
          (host) => `What the store remembers of ${host} is not used: it has format undefined, and this Rollcall writes 1`,
        ),
        '97 more of what was remembered is not used either',
      ],
    ],
  ] as const)('that %s is a warning, and the run goes on', async ([, cache, expected]) => {
    const done = await run(project(cache))
    expect([done.code, warnings(done).map((line) => line.replace(/.*is not iterable.*/, expected[0])), said(done)?.split(',')[1]]).toEqual([
      0,
      expected,
      'beta unknown',
    ])
  })

  test('that fails fails what needs nothing else, and is told by what only shows', async () => {
    const broken = project(keeping(`() => { throw new Error('the disk is gone') }`))
    const cached = await run(broken, 'facts', '--cached')
    expect([cached.code, cached.stdout, cached.stderr]).toEqual([
      1,
      '',
      'What is remembered of hosts cannot be read\n  Facts of earlier runs are not known: the store failed: the disk is gone\n  Without --cached hosts are asked.\n',
    ])
    const explained = await run(broken, 'explain', 'known')
    expect([explained.code, explained.stdout]).toEqual([
      0,
      expect.stringContaining('warning: Facts of earlier runs are not known: the store failed'),
    ])
    const shown = await run(broken, 'facts', 'alpha')
    expect([shown.code, shown.stderr]).toEqual([
      0,
      expect.stringContaining('warning: Facts of earlier runs are not known: the store failed'),
    ])
  })

  test.for([
    ['is no such file', undefined, './fact-cache.ts', 'There is no such fact cache'],
    ['exports something else', 'export default {}', './fact-cache.ts', 'The default export is not a fact cache'],
    [
      'lacks a function',
      `import { defineFactCache } from 'rollcall'\nexport default defineFactCache({ load: () => [] } as never)`,
      './fact-cache.ts',
      'A fact cache is wrong',
    ],
    ['is no path', '', 7, "package.json's rollcall.factCache cannot be used"],
  ] as const)('that %s is a mistake of the project', async ([, cache, setting, summary]) => {
    const { code, stderr } = await run(project(cache, setting), 'run', 'known')
    expect([code, stderr.split('\n')[0]]).toEqual([1, summary])
  })
  test('is checked by the compiler', async () => {
    const done = await run(project(keeping('() => 42')))
    expect([done.code, done.stderr]).toEqual([1, expect.stringContaining('fact-cache.ts:2:')])
  })
})

test('a folder of facts that cannot be used is a warning of a run', async () => {
  const { code, stdout } = await rollcall(['run', 'known'], {
    cwd: tempProject({ 'inventory/lab.ts': hosts, 'playbooks/known.ts': playbook }).root,
    env: { XDG_STATE_HOME: '/proc/rollcall-state' },
  })
  expect([code, stdout]).toEqual([
    0,
    expect.stringContaining('Facts of earlier runs are not known: the folder of facts failed: A directory of Rollcall cannot be made'),
  ])
})
