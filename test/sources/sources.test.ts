import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RunEvent } from '../../src/model/event.ts'
import { type CliRun, eventsOf, rollcall } from '../helpers/cli.ts'
import { type TempProject, tempProject } from '../helpers/project.ts'

const inventory = (sources: string, more = '') => `import { defineInventory, hostsFrom, jsonCommand, jsonFile, local, Type } from 'rollcall'
export const inventory = defineInventory({
  groups: {
    all: { connection: local() },
    web: { vars: { port: 80 } },
    eu: { children: ['web'], schema: Type.Object({ zone: Type.Optional(Type.String()) }) },
  },
  ${more}
  sources: [${sources}],
})
`
const playbook = `import { debug, definePlaybook } from 'rollcall'
import { inventory } from '#inventory'
export default definePlaybook('say', inventory, (play) => {
  play('web', { hosts: 'web', facts: { families: [] } }, ({ task }) => {
    task('port', ({ host, fleet }) => debug({ msg: \`\${host.name} \${host.vars.port} of \${fleet.group('eu').size}\` }))
  })
})
`
const answer = (hosts: object) => JSON.stringify({ hosts })
const two = answer({ 'web-1': { groups: ['web'], privateIp: '10.0.0.1', vars: { port: 8080 } }, 'eu-1': { groups: ['eu'] } })
/** A command that says what is in a file, and fails where there is none. */
const program = '#!/bin/sh\necho "asked $1" >>asked.log\ncat answer.json || { echo no answer here >&2; exit 3; }\n'

interface Opened extends TempProject {
  readonly run: (line: string) => Promise<CliRun>
  readonly asked: () => number
}
const open = (sources: string, files: Readonly<Record<string, string>> = {}, more = ''): Opened => {
  const project = tempProject({ 'inventory/lab.ts': inventory(sources, more), 'playbooks/say.ts': playbook, 'hosts.sh': program, ...files })
  chmodSync(project.path('hosts.sh'), 0o755)
  const env = { XDG_STATE_HOME: project.path('state') }
  return {
    ...project,
    run: (line) => rollcall(line.split(' '), { cwd: project.root, env }),
    asked: () => (existsSync(project.path('asked.log')) ? readFileSync(project.path('asked.log'), 'utf8').split('\n').length - 1 : 0),
  }
}
const sourcesOf = (run: CliRun): RunEvent['sources'] => eventsOf(run, 'run')[0]?.sources

describe('hosts come', () => {
  test.for<readonly [string, string, string]>([
    ['from a file', `jsonFile({ path: 'answer.json' })`, 'answer.json'],
    ['from a command', `jsonCommand({ argv: ['./hosts.sh', '--list'] })`, './hosts.sh'],
    [
      'from a function',
      `async function cloud() { return { hosts: { 'web-1': { groups: ['web'], vars: { port: 8080 } }, 'eu-1': { groups: ['eu'] } } } }`,
      'cloud',
    ],
    ['from one with options', `hostsFrom({ name: 'dc', load: async () => (${two}) })`, 'dc'],
  ])('%s, and are hosts as any other', async ([, source, name]) => {
    const project = open(source, { 'answer.json': two }, `hosts: { 'web-0': { groups: ['web'] } },`)
    const run = await project.run('run say --format json')
    expect([run.code, run.stderr]).toEqual([0, ''])
    expect(sourcesOf(run)).toEqual([{ source: name, hosts: 2, origin: 'asked', ageSeconds: 0 }])
    expect(eventsOf(run, 'task').map(({ message }) => message)).toEqual(['web-0 80 of 3', 'web-1 8080 of 3'])
    const human = await project.run('run say --limit web-1')
    expect(human.stdout).toMatch(/^inventory 3 hosts \(2 from \S+\) · .* targets 1 \(web-1\)\n/)
  })
  test('and explain says the line of a file, or the source', async () => {
    const pretty = JSON.stringify(JSON.parse(two), null, 2)
    const file = await open(`jsonFile({ path: 'answer.json' })`, { 'answer.json': pretty }).run('explain web-1.port')
    expect(file.stdout).toContain('8080  host       answer.json:9:9')
    const command = await open(`jsonCommand({ argv: ['./hosts.sh'] })`, { 'answer.json': two }).run('explain web-1.port')
    expect(command.stdout).toContain('8080  host       ./hosts.sh')
    expect(command.stdout).toContain('80    group web  inventory/lab.ts:5:20, overridden')
  })
  test('from lists as Ansible prints them', async () => {
    const list = {
      _meta: {
        hostvars: {
          'web-1': { ansible_host: '192.0.2.1', ansible_port: 2222, ansible_python_interpreter: '/usr/bin/python3', port: 8080 },
        },
      },
      all: { children: ['web', 'eu', 'ungrouped'] },
      web: { hosts: ['web-1', 'web-2'], vars: { port: 81 } },
      eu: { children: ['web'] },
      tag_x: { hosts: ['web-1'] },
      ungrouped: { hosts: ['alone'] },
    }
    const source = `jsonFile({ path: 'answer.json', otherGroups: 'ignore' })`
    const shown = JSON.parse((await open(source, { 'answer.json': JSON.stringify(list) }).run('inventory list --json')).stdout)
    expect(shown.groups).toEqual({ all: ['web-1', 'web-2', 'alone'], web: ['web-1', 'web-2'], eu: ['web-1', 'web-2'] })
    expect(shown.hosts[0]).toMatchObject({
      vars: { port: 8080 },
      connection: { type: 'ssh', address: '192.0.2.1', port: 2222 },
      source: 'answer.json',
    })
    expect(shown.hosts[1].vars).toEqual({ port: 81 })
  })
})

describe('what a source tells wrong is refused, and nothing runs', () => {
  const file = `jsonFile({ path: 'answer.json' })`
  test.for<readonly [string, string, string, readonly string[]]>([
    [
      'a group that code does not declare',
      file,
      answer({ a: { groups: ['wbe'] } }),
      [`host 'a' is in group 'wbe', which is not declared`, `Did you mean 'web'?`, 'answer.json:1:16'],
    ],
    [
      'a setting that there is not',
      file,
      answer({ a: { privatIp: '10.0.0.1' } }),
      [`host 'a' has 'privatIp', which is no setting`, `Did you mean 'privateIp'?`],
    ],
    [
      'an address that is none',
      file,
      answer({ a: { privateIp: 'a' } }),
      [`the privateIp 'a' of host 'a' is no IP address`, 'answer.json:1:16'],
    ],
    [
      'a setting of a connection',
      file,
      answer({ a: { connection: { prot: 1 } } }),
      [`the connection of host 'a' has 'prot'`, `Did you mean 'port'?`],
    ],
    [
      'a port as text',
      file,
      answer({ a: { connection: { port: '22' } } }),
      [`'port' of the connection of host 'a' is "22"`, 'It is a number.'],
    ],
    [
      'a var of another type than in code',
      file,
      answer({ a: { groups: ['web'], vars: { port: '80' } } }),
      [`host 'a': the var 'port' is "80", it must be number, as in group 'web'  answer.json:1:41`],
    ],
    [
      'a var that does not fit a schema',
      file,
      answer({ a: { groups: ['web'], vars: { zone: 1 } } }),
      [`host 'a': the var 'zone' is 1, it must be string (group 'eu')`],
    ],
    ['no JSON', file, '{', ['answer.json is no JSON']],
    ['no hosts', file, '{}', [`it is no object with 'hosts'`]],
    ['not one host', file, answer({}), ['it has no host, and its sources tell of none: answer.json']],
    [
      'a host that another source tells',
      `${file}, async function cloud() { return { hosts: { a: {} } } }`,
      answer({ a: {} }),
      [`host 'a' is told by cloud, and by answer.json as well`],
    ],
    [
      'a command that fails',
      `jsonCommand({ argv: ['./hosts.sh', 'x'] })`,
      '',
      ['./hosts.sh x: it ended with exit code 3', 'no answer here', "Run it by hand in the project's root:"],
    ],
    ['a command that there is not', `jsonCommand({ argv: ['./gone.sh'] })`, answer({}), [`there is no program './gone.sh'`]],
    ['a command that does not end', `jsonCommand({ argv: ['sleep', '600'], timeout: 0.2 })`, answer({}), ['it did not end within 0.2 s']],
    ['a function that throws', `async function cloud() { throw new Error('no token') }`, '', ['cloud: no token']],
    ['a function that is late', `hostsFrom({ load: () => new Promise(() => {}), timeout: 0.2 })`, '', ['it did not answer within 0.2 s']],
  ])('%s', async ([, source, text, says]) => {
    const project = open(source, text === '' ? {} : { 'answer.json': text })
    const { code, stdout, stderr } = await project.run('inventory list')
    expect([code, stdout]).toEqual([1, ''])
    for (const line of says) expect(stderr).toContain(line)
  })
  test('a file that is missing', async () => {
    const { stderr } = await open(file).run('inventory list')
    expect(stderr.split('\n').slice(0, 2)).toEqual(['A source of the inventory failed', expect.stringContaining('answer.json: ENOENT')])
  })
})

describe('answers that are kept', () => {
  const kept = (policy: string) => `jsonCommand({ argv: ['./hosts.sh'], cache: ${policy} })`
  test('are used until they are too old, or are asked for again; only this user reads them', async () => {
    const project = open(kept(`{ maxAge: '10 min' }`), { 'answer.json': two })
    await project.run('inventory list')
    const second = await project.run('run say --format json')
    expect([project.asked(), sourcesOf(second)]).toEqual([
      1,
      [{ source: './hosts.sh', hosts: 2, origin: 'cached', ageSeconds: expect.any(Number) }],
    ])
    const [file, ...others] = readdirSync(project.path('state/rollcall/sources'))
    expect(others).toEqual([])
    expect(statSync(join(project.path('state/rollcall/sources'), file!)).mode & 0o777).toBe(0o600)
    expect(sourcesOf(await project.run('run say --refresh-inventory --format json'))?.[0]).toMatchObject({ origin: 'asked' })
    expect((await project.run('inventory refresh')).stdout).toBe('./hosts.sh: 2 hosts\n')
    expect(project.asked()).toBe(3)
    expect((await project.run('cleanup --json')).stdout).toContain('what a source of lab has told')
    // One that is damaged is as good as none.
    writeFileSync(join(project.path('state/rollcall/sources'), file!), '{')
    expect(sourcesOf(await project.run('run say --format json'))?.[0]).toMatchObject({ origin: 'asked' })
  })
  test('stand in for a source that fails, where that is allowed, with a warning', async () => {
    const project = open(kept(`{ onError: 'lastKnown' }`), { 'answer.json': two })
    await project.run('inventory list')
    writeFileSync(project.path('hosts.sh'), '#!/bin/sh\necho the cloud is down >&2\nexit 7\n')
    const run = await project.run('run say')
    expect(run.code).toBe(0)
    expect(run.stdout).toMatch(/^inventory 2 hosts \(2 from \.\/hosts\.sh, last known \d+ s ago\)/)
    expect(run.stdout).toContain('The source ./hosts.sh failed, and what it told ')
    expect(run.stdout).toContain('the cloud is down')
    expect((await project.run('inventory refresh')).code).toBe(1)
  })
  test('do not, where it is not', async () => {
    const project = open(kept(`{ maxAge: 0 }`), { 'answer.json': two })
    await project.run('inventory list')
    writeFileSync(project.path('hosts.sh'), '#!/bin/sh\nexit 7\n')
    expect((await project.run('inventory list')).stderr).toContain('it ended with exit code 7')
  })
  test('to another question are none', async () => {
    const project = open(kept(`{ maxAge: '1 h' }`), { 'answer.json': two })
    await project.run('inventory list')
    project.write(
      'inventory/lab.ts',
      inventory(`jsonCommand({ name: './hosts.sh', argv: ['./hosts.sh', '--all'], cache: { maxAge: '1 h' } })`),
    )
    await project.run('inventory list')
    expect(project.asked()).toBe(2)
  })
})

describe('secrets of a source', () => {
  const secret = answer({ a: { groups: ['web'], vars: { token: 's3cret-value' } } })
  test('are hidden', async () => {
    const project = open(`jsonFile({ path: 'answer.json', secrets: ['token'] })`, { 'answer.json': secret })
    const { stdout } = await project.run('inventory host a')
    expect(stdout).toContain('token: [secret]')
    expect(stdout).not.toContain('s3cret-value')
  })
  test.for<readonly [string, string, string]>([
    ['vars', `jsonFile({ path: 'answer.json', secrets: ['token'], cache: { maxAge: 1 } })`, secret],
    ['passwords', `jsonFile({ path: 'answer.json', cache: { maxAge: 1 } })`, answer({ a: { connection: { password: 's3cret-value' } } })],
  ])('are never kept: %s', async ([, source, text]) => {
    const project = open(source, { 'answer.json': text })
    const { code, stderr } = await project.run('inventory list')
    expect([
      code,
      stderr.includes('s3cret-value'),
      existsSync(project.path('state/rollcall/sources')) && readdirSync(project.path('state/rollcall/sources')),
    ]).toEqual([1, false, expect.toSatisfy((files) => files === false || files.length === 0)])
  })
})

test.for<readonly [string, string]>([
  [`jsonFile({ path: 'a', cach: {} })`, `Did you mean 'cache'?`],
  [`jsonFile({ path: 'a', cache: { maxAge: 'soon' } })`, `such as '90 s', '10 min'`],
  [`jsonFile({ path: 'a', timeout: 0 })`, 'Give seconds'],
])('%s is refused', async ([source, says]) => {
  const { code, stderr } = await open(source).run('inventory list')
  expect([code, stderr]).toEqual([1, expect.stringContaining(says)])
})

describe('meta refreshInventory', () => {
  const told = (names: readonly string[]) => answer(Object.fromEntries(names.map((name) => [name, { groups: ['web'] }])))
  const playbookOf = (text: string) => `import { command, debug, definePlaybook, meta, pattern } from 'rollcall'
import { inventory } from '#inventory'
export default definePlaybook('grow', inventory, (play) => {
  play('before', { hosts: 'web', facts: { families: [] } }, ({ task }) => {
    task('change the answer', command({ argv: ['cp', 'next.json', 'answer.json'], chdir: process.cwd() }), { runOnce: true })
    task('ask again', meta({ action: 'refreshInventory' }))
    task('still', ({ host, fleet }) => debug({ msg: \`\${host.name} of \${fleet.size}\` }))
  })
  play('after', { hosts: 'web', facts: { families: ['os'] } }, ({ task }) => {
    task('now', ({ host, facts, fleet, targets }) => debug({ msg: \`\${host.name} of \${fleet.size} and \${targets.size}, \${facts.os.kernel === '' ? 'unknown' : 'asked'}\` }))
  })
  ${text}
})
`
  const grow = (after: readonly string[], { source = `jsonFile({ path: 'answer.json' })`, text = '' } = {}) =>
    open(source, { 'playbooks/grow.ts': playbookOf(text), 'answer.json': told(['web-1', 'web-2']), 'next.json': told(after) })
  const saidIn = (run: CliRun, play: string) =>
    eventsOf(run, 'task').flatMap(({ play: of, message }) => (of === play && message !== undefined ? [message] : []))

  test('brings hosts to later plays and takes others from them; the running play stays as it is', async () => {
    const run = await grow(['web-2', 'web-3']).run('run grow --format json')
    expect([run.code, run.stderr]).toEqual([0, ''])
    expect(saidIn(run, 'before').toSorted()).toEqual([
      'later plays have also web-3; later plays leave out web-1, gone from the inventory',
      'web-1 of 2',
      'web-2 of 2',
    ])
    expect(saidIn(run, 'after')).toEqual(['web-2 of 2 and 2, asked', 'web-3 of 2 and 2, asked'])
    const added = run.events.find(({ event }) => event === 'added')
    expect(added).toMatchObject({ play: 'after', targets: ['web-3'], facts: [{ host: 'web-3', origin: 'live' }] })
  })
  test('keeps to the limit', async () => {
    const run = await grow(['web-1', 'web-2', 'web-3']).run('run grow --limit web-1 --format json')
    expect(saidIn(run, 'after')).toEqual(['web-1 of 3 and 1, asked'])
    expect(run.events.find(({ event }) => event === 'added')).toMatchObject({ targets: [], leftOut: ['web-3'] })
  })
  test('leaves out a host that a later play names, and that is gone', async () => {
    const run = await grow(['web-2'], {
      text: `play('one', { hosts: pattern('web-1,web-2') }, ({ task }) => { task('who', ({ host }) => debug({ msg: host.name })) })`,
    }).run('run grow --format json')
    expect([run.code, saidIn(run, 'one')]).toEqual([0, ['web-2']])
  })
  test('with the same hosts says so', async () => {
    const run = await grow(['web-1', 'web-2']).run('run grow --format json')
    expect(saidIn(run, 'before')).toContain('the inventory has the same hosts as before')
    expect(saidIn(run, 'after')).toHaveLength(2)
  })
  test('asks whatever is kept', async () => {
    const source = `jsonCommand({ argv: ['./hosts.sh'], cache: { maxAge: '1 h' } })`
    const project = grow(['web-1', 'web-2', 'web-3'], { source })
    await project.run('inventory list')
    const run = await project.run('run grow --format json')
    expect([project.asked(), sourcesOf(run)?.[0]?.origin, saidIn(run, 'after').length]).toEqual([2, 'cached', 3])
  })
  test('fails its task where the source fails or tells something wrong', async () => {
    const project = grow([])
    project.write('next.json', answer({ 'web-1': { groups: ['wbe'] } }))
    const run = await project.run('run grow')
    expect(run.code).toBe(2)
    expect(run.stdout + run.stderr).toContain(`Did you mean 'web'?`)
  })
  test('is refused when the playbook is loaded, where there is nothing to ask', async () => {
    const { root } = tempProject({
      'inventory/lab.ts': `import { defineInventory, local } from 'rollcall'\nexport const inventory = defineInventory({ groups: { web: {} }, hosts: { a: { groups: ['web'], connection: local() } } })\n`,
      'playbooks/grow.ts': playbookOf(''),
    })
    const { code, stderr } = await rollcall(['run', 'grow'], { cwd: root })
    expect([code, stderr.split('\n').slice(0, 2)]).toEqual([
      1,
      ['A task asks for the inventory again, which has no sources', "  task 'ask again' of play 'before'"],
    ])
  })
})
