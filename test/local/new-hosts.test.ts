import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type CliRun, eventsOf, outcomes, rollcall, taskOf } from '../helpers/cli.ts'
import { folderEach } from '../helpers/folder.ts'
import { tempProject } from '../helpers/project.ts'

const scratch = folderEach()
const { at } = scratch

const inventory = `import { defineInventory, local, Secret } from 'rollcall'
const here = local()
export const inventory = defineInventory({
  groups: {
    all: { vars: { domain: 'example.test' }, connection: here },
    web: { vars: { port: 80, tags: ['a'], token: new Secret('token-of-web') } },
    eu: { vars: { region: 'eu' } },
    db: {},
    empty: { vars: { size: 1 } },
  },
  hosts: {
    builder: { groups: ['db'] },
    other: { groups: ['db'] },
    web1: { groups: ['web'], privateIp: '10.0.0.1', vars: { port: 8080 } },
  },
  overridable: ['domain'],
})
`
const names =
  'addHost, asyncStatus, command, copy, debug, definePlaybook, defineInventory, dynamicGroup, fail, groupBy, intersection, newHosts, nth, pause, Secret, sh, shell, ssh, union, without'
function project(plays: string, before = `const fresh = newHosts('fresh', inventory, { like: 'web' })`) {
  const { root } = tempProject({
    'inventory/lab.ts': inventory,
    'playbooks/site.ts': `import { inventory } from '#inventory'
import { ${names} } from 'rollcall'
void [${names}]
const folder = process.env.FOLDER!
const facts = { families: [] as const }
${before}
export default definePlaybook('site', inventory, (play) => {
${plays}
})
`,
  })
  const cli = (args: readonly string[]) => rollcall(args, { cwd: root, env: { FOLDER: scratch.path, XDG_STATE_HOME: at('state') } })
  return Object.assign((...args: readonly string[]) => cli(['run', 'site', ...args]), { cli })
}
const json = async (run: Promise<CliRun>) => {
  const done = await run
  expect(done.code, done.stderr).not.toBe(1)
  return done
}
const playsOf = (run: CliRun) => eventsOf(run, 'play').map(({ play, hosts }) => `${play}: ${hosts.join()}`)
const addedOf = (run: CliRun) => eventsOf(run, 'added')
const written = (name: string) => readFileSync(at(name), 'utf8')

const make = (calls: string, hosts = `'builder'`) =>
  `  play('make', { hosts: ${hosts}, facts }, ({ task }) => {
    const made = task('create', shell({ script: sh\`echo 10.0.0.9\` }))
    void made
    task('take it on', ${calls})
  })
`
const one = make(`({ result }) => addHost({ to: fresh, name: 'web9', privateIp: result(made).stdout.trim(), vars: { port: 99 } })`)
const configure = `  play('configure', { hosts: fresh, facts }, ({ task }) => {
    task('write', ({ host, fleet, targets, batch }) =>
      copy({
        dest: folder + '/' + host.name,
        content: [host.vars.port, host.vars.domain, host.privateIp, host.groups.join('+'), fleet.group('web').names.join('+'), targets.names.join('+'), batch.names.join('+')].join(' '),
      }))
  })
`

describe('a later play runs on hosts that tasks have added', () => {
  test('with the vars of their groups, and closures of it know them', async () => {
    const run = project(one + configure)
    const done = await json(run('--format', 'json'))
    expect([done.code, playsOf(done)]).toEqual([0, ['make: builder', 'configure: web9']])
    expect(written('web9')).toBe('99 example.test 10.0.0.9 web web1+web9 builder+web9 web9')
    expect(addedOf(done)).toMatchObject([
      {
        play: 'configure',
        hosts: [
          {
            host: 'web9',
            to: 'fresh',
            groups: ['web'],
            by: 'builder',
            task: 'take it on',
            at: expect.stringMatching(/^playbooks\/site\.ts:\d+:\d+$/),
          },
        ],
        targets: ['web9'],
        leftOut: [],
        unknown: [],
      },
    ])
    expect(Object.keys(eventsOf(done, 'recap')[0]!.hosts)).toEqual(['builder', 'web9'])
    const shown = await run()
    expect(shown.stdout).toMatch(
      /inventory \+1 host \(web9, added by task 'take it on' of builder at playbooks\/site\.ts:\d+:\d+\) · facts from 1 \(1 live\) · targets \+1 \(web9\)\n\nplay configure · web9/,
    )
  })
  test('plays that began before keep the fleet that they began with, later ones of other hosts know them', async () => {
    const run = project(
      `${one.replace(/ {2}\}\)\n$/, '')}    task('after', ({ fleet }) => copy({ dest: folder + '/during', content: fleet.group('web').names.join() }))
  })
  play('others', { hosts: 'web1', facts }, ({ task }) => {
    task('list', ({ fleet, targets }) => copy({ dest: folder + '/later', content: [fleet.group('web').names, fleet.names, targets.names].join(' ') }))
  })
`,
    )
    const done = await json(run('--format', 'json'))
    expect([done.code, playsOf(done), written('during')]).toEqual([0, ['make: builder', 'others: web1'], 'web1'])
    expect(written('later')).toBe('web1,web9 builder,other,web1,web9 builder,web1')
    expect(addedOf(done)).toMatchObject([{ play: 'others', hosts: [{ host: 'web9' }], targets: [] }])
  })
  test('a loop adds several, two hosts that add the same add it once', async () => {
    const run = project(
      make(
        `() => [1, 2].map((n) => addHost({ to: fresh, name: 'new' + n, privateIp: '10.0.1.' + n, vars: { token: new Secret('secret-' + n) } }))`,
        `'db'`,
      ) + configure.replace('facts }', 'facts, serial: 1 }'),
    )
    const done = await json(run('--format', 'json'))
    expect([done.code, playsOf(done)]).toEqual([0, ['make: builder,other', 'configure: new1,new2']])
    expect(eventsOf(done, 'batch').map(({ hosts }) => hosts.join())).toEqual(['new1', 'new2'])
    expect(taskOf(done, 'builder', 'take it on').result).toMatchObject({
      items: [{ name: 'new1', to: 'fresh', added: true }, { added: true }],
    })
    expect(taskOf(done, 'other', 'take it on').result).toMatchObject({ items: [{ added: false }, { added: false }] })
    expect(done.stdout).not.toContain('secret-1')
  })
  test('composes with groups, other new hosts and hosts that tasks have chosen', async () => {
    const run = project(
      `  play('make', { hosts: 'builder', facts }, ({ task }) => {
    task('a', addHost({ to: fresh, name: 'a', privateIp: '10.0.1.1' }))
    task('b', addHost({ to: both, name: 'b', privateIp: '10.0.1.2' }))
    task('c', addHost({ to: plain, name: 'c' }))
  })
  play('any', { hosts: union('web', fresh), facts }, ({ task }) => { task('say', debug({ msg: 'x' })) })
  play('eu', { hosts: intersection(union(fresh, both), 'eu'), facts }, ({ task }) => { task('say', ({ host }) => debug({ msg: host.vars.region })) })
  play('not web', { hosts: without(union(both, plain), 'web'), facts }, ({ task }) => { task('choose', groupBy({ group: chosen })) })
  play('chosen', { hosts: chosen, facts }, ({ task }) => { task('say', ({ host }) => debug({ msg: host.vars.domain })) })
  play('web', { hosts: 'web', facts }, ({ task }) => { task('say', debug({ msg: 'x' })) })
  play('on the controller', { hosts: union(both, plain), connection: 'local' }, ({ task }) => { task('write', ({ host }) => copy({ dest: folder + '/on-' + host.name, content: host.vars.domain })) })
`,
      `const fresh = newHosts('fresh', inventory, { like: 'web' })
const both = newHosts('both', inventory, { like: ['web', 'eu'] })
const plain = newHosts('plain', inventory)
const chosen = dynamicGroup('chosen')`,
    )
    const done = await json(run('--format', 'json'))
    expect([done.code, playsOf(done)]).toEqual([
      0,
      ['make: builder', 'any: web1,a', 'eu: b', 'not web: c', 'chosen: c', 'web: web1', 'on the controller: b,c'],
    ])
    expect([written('on-b'), written('on-c')]).toEqual(['example.test', 'example.test'])
  })
  test('-e overrides their vars as those of all hosts', async () => {
    const done = await json(project(one + configure)('--format', 'json', '-e', 'domain=other.test'))
    expect([done.code, written('web9')]).toEqual([0, '99 other.test 10.0.0.9 web web1+web9 builder+web9 web9'])
  })
  test('a task may be delegated to one', async () => {
    const run = project(
      `${one}  play('other', { hosts: 'other', facts }, ({ task }) => {
    task('there', copy({ dest: folder + '/there', content: 'x' }), { delegateTo: ({ fleet }) => fleet.group('web').map((host) => host).at(-1)! })
  })
`,
    )
    const done = await json(run('--format', 'json'))
    expect([done.code, taskOf(done, 'other', 'there')]).toMatchObject([0, { delegatedTo: 'web9', outcome: 'changed' }])
  })
})

describe('the limit', () => {
  const both = one + configure
  test.each([
    ['builder', false],
    ['builder,fresh', true],
  ])('%s: %s', async (limit, runs) => {
    const run = project(both)
    const done = await json(run('--format', 'json', '--limit', limit))
    expect([done.code, playsOf(done)]).toEqual([0, ['make: builder', `configure: ${runs ? 'web9' : ''}`]])
    expect(addedOf(done)).toMatchObject([{ hosts: [{ host: 'web9' }], targets: runs ? ['web9'] : [], leftOut: runs ? [] : ['web9'] }])
  })
  test('is told of in plain words, and --exclude counts', async () => {
    const done = await project(both)('--exclude', 'fresh')
    expect(done.stdout).toMatch(/play configure does not run on web9: the limit leaves it out\n\nplay configure · no targets/)
  })
  test('cannot name a host that is not there yet', async () => {
    const refused = await project(both)('--limit', 'builder,web9')
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(`'web9'`)])
  })
})

describe('check mode', () => {
  test('a host that is added for certain is looked at as others are', async () => {
    const done = await json(
      project(make(`addHost({ to: fresh, name: 'web9', privateIp: '10.0.0.9' })`) + configure)('--format', 'json', '--check'),
    )
    expect([done.code, playsOf(done), outcomes(done, 'web9'), existsSync(at('web9'))]).toEqual([
      0,
      ['make: builder', 'configure: web9'],
      ['write: changed'],
      false,
    ])
  })
  test('one that a planned change would tell is unknown, and said to be', async () => {
    const run = project(one + configure)
    const done = await json(run('--format', 'json', '--check'))
    expect([done.code, playsOf(done), outcomes(done, 'builder')]).toEqual([
      0,
      ['make: builder', 'configure: '],
      ['create: changed', 'take it on: changed'],
    ])
    expect(addedOf(done)).toMatchObject([{ hosts: [], targets: [], unknown: [{ reason: 'no task has added one for certain' }] }])
    expect((await run('--check')).stdout).toMatch(
      /play configure would run on hosts that the run adds: what it would do there is unknown \(no task has added one for certain\)/,
    )
  })
  test('one that does not answer may not be there yet', async () => {
    const done = await json(
      project(
        make(
          `addHost({ to: fresh, name: 'web9', address: '127.0.0.1', privateIp: '10.0.0.9', connection: ssh({ port: 1, password: new Secret('x') }) })`,
        ) + configure,
      )('--format', 'json', '--check'),
    )
    expect([done.code, playsOf(done)]).toEqual([0, ['make: builder', 'configure: ']])
    expect(addedOf(done)).toMatchObject([
      { targets: [], unknown: [{ host: 'web9', reason: expect.stringContaining('connection refused') }] },
    ])
  })
})

describe('hosts that do not answer', () => {
  const down = make(`addHost({ to: fresh, name: 'web9', address: '127.0.0.1', privateIp: '10.0.0.9', connection: ssh({ port: 1 }) })`)
  test('are unreachable, before any task of the play on any host', async () => {
    const done = await json(project(down + configure.replace('hosts: fresh', `hosts: union('web', fresh)`))('--format', 'json'))
    expect([done.code, outcomes(done, 'web9'), outcomes(done, 'web1')]).toEqual([4, ['connect: unreachable'], ['write: changed']])
    const kinds = done.events.flatMap((event) =>
      event.event === 'task' ? [`${event.host} ${event.task}`] : event.event === 'play' ? [event.play] : [],
    )
    expect(kinds).toEqual(['make', 'builder create', 'builder take it on', 'web9 connect', 'configure', 'web1 write'])
    expect(eventsOf(done, 'recap')[0]!.hosts.web9).toMatchObject({ unreachable: 1, failed: 0 })
  })
  test('count as failed for the play', async () => {
    const done = await json(
      project(
        `${down}  play('configure', { hosts: union(fresh, 'web'), facts, maxFailPercentage: 40 }, ({ task }) => {
    task('first', debug({ msg: 'x' }))
    task('second', debug({ msg: 'x' }))
  })\n`,
      )('--format', 'json'),
    )
    expect([done.code, outcomes(done, 'web1'), eventsOf(done, 'stopped')]).toMatchObject([4, ['first: ok'], [{ play: 'configure' }]])
  })
  test("a scope with ifDown: 'fail' ends the run", async () => {
    const done = await project(
      `${down}  play('others', { hosts: 'web1', facts: { families: ['os'], ifDown: 'fail' } }, ({ task }) => { task('say', debug({ msg: 'x' })) })\n`,
    )('--format', 'json')
    expect([done.code, done.stderr]).toEqual([4, expect.stringContaining("Play 'others' needs facts of every host of its scope")])
    expect(outcomes(done, 'web1')).toEqual([])
  })
})

test('facts of an added host are live, also for plays that do not run on it', async () => {
  const done = await json(
    project(
      `${one}  play('others', { hosts: 'web1' }, ({ task }) => {
    task('list', ({ fleet }) => copy({ dest: folder + '/os', content: fleet.group('web').withFacts().map((host) => host.name + ' ' + host.facts.os.osFamily).join() }))
  })
`,
    )('--format', 'json'),
  )
  expect([done.code, written('os')]).toEqual([0, expect.stringMatching(/^web1 \w+,web9 \w+$/)])
  expect(addedOf(done)).toMatchObject([{ facts: [{ host: 'web9', origin: 'live' }] }])
})

test('a mistake that only an added host shows ends the run before that play changes anything', async () => {
  const done = await project(
    `${one}  play('configure', { hosts: union('web', fresh), facts }, ({ task }) => {
    task('first', copy({ dest: folder + '/first', content: 'x' }))
    task('wrong', ({ host }) => copy({ dest: '/x', content: 'x', mode: host.name === 'web9' ? 'rw' : '0644' }))
  })
`,
  )('--format', 'json')
  expect([done.code, done.stderr, existsSync(at('first'))]).toEqual([
    2,
    expect.stringMatching(/web9[\s\S]*found when play 'configure' began|found when play 'configure' began[\s\S]*web9/),
    false,
  ])
  expect(done.stderr).toMatch(/playbooks\/site\.ts:\d+/)
})

describe('what is refused when a task adds a host', () => {
  test('by its parameters alone: before the first task, with the line', async () => {
    const refused = await project(make(`addHost({ to: fresh, name: 'web1', privateIp: '10.0.0.9' })`))()
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("The inventory has a host 'web1' already")])
    expect(refused.stderr).toMatch(/playbooks\/site\.ts:\d+:\d+/)
  })
  test('the same name with other data fails the task, and says which', async () => {
    const done = await json(
      project(make(`({ host }) => addHost({ to: fresh, name: 'w', privateIp: '10.0.0.9', vars: { port: host.name.length } })`, `'db'`))(
        '--format',
        'json',
      ),
    )
    expect([done.code, taskOf(done, 'other', 'take it on').error]).toMatchObject([
      2,
      {
        summary: "Host 'w' was added already, and otherwise: vars.port differs",
        fix: expect.stringContaining("It was added by task 'take it on' for builder"),
        at: { file: 'playbooks/site.ts' },
      },
    ])
  })
  test('what a result tells wrongly fails the task at its turn', async () => {
    const done = await json(
      project(make(`({ result }) => addHost({ to: fresh, name: 'w', privateIp: result(made).stderr })`))('--format', 'json'),
    )
    expect([done.code, taskOf(done, 'builder', 'take it on').error]).toMatchObject([2, { detail: expect.stringContaining('privateIp') }])
  })
})

describe('what is refused at load', () => {
  test('all but them', async () => {
    const refused = await project(`${one}  play('x', { hosts: without('web', fresh), facts }, () => {})\n`)()
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('takes places of new hosts, or leaves them out')])
    expect(refused.stderr).toMatch(/playbooks\/site\.ts:\d+/)
  })
})

describe('looking', () => {
  test('--list-hosts, --list-tasks and explain tell of hosts that the run adds', async () => {
    const run = project(one + configure)
    const list = await run('--list-hosts', '--list-tasks')
    expect(list.stdout).toMatch(/play configure · targets 0 · hosts that this run adds \(fresh\) {2}playbooks\/site\.ts:\d+:\d+\n {2}write/)
    const explained = await run.cli(['explain', 'site'])
    expect(explained.stdout).toContain('targets 0 (none) · hosts that this run adds (fresh)')
  })
  test('a host that nobody came to know is a warning', async () => {
    expect((await project(one)()).stderr + (await project(one)()).stdout).toContain(
      "web9: it was added by task 'take it on' of builder, and no play has begun since",
    )
  })
})

describe('going on with a run', () => {
  const broken = `  play('configure', { hosts: fresh, facts }, ({ task }) => { task('breaks', fail({ msg: 'no' }), { when: () => !process.env.WELL }) })\n`
  test('--resume goes through the hosts that have added, without repeating their actions', async () => {
    const run = project(one + broken)
    expect((await run()).code).toBe(2)
    const done = await json(run('--format', 'json', '--resume'))
    expect(playsOf(done)).toEqual(['make: builder', 'configure: web9'])
    expect([taskOf(done, 'builder', 'create').outcome, outcomes(done, 'web9')]).toEqual(['skipped', ['breaks: failed']])
  })
  test('--retry-failed says that they are not known again', async () => {
    const run = project(one + broken)
    expect((await run()).code).toBe(2)
    const refused = await run('--retry-failed')
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('web9')])
    expect(refused.stderr).toContain('rollcall run site --resume')
  })
})
