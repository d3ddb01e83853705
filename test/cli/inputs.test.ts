import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ownRoot } from '../../src/util/own-root.ts'
import { eventsOf, onTerminal, rollcall, taskOf } from '../helpers/cli.ts'
import { tempProject } from '../helpers/project.ts'

const inventory = `import { defineInventory, local, Secret } from 'rollcall'
export const inventory = defineInventory({
  groups: { all: { vars: { domain: 'example.test' } }, web: { vars: { port: 80, paths: ['/a'], token: new Secret('usual value') } } },
  hosts: {
    alpha: { groups: ['web'], vars: { port: 8080 }, connection: local() },
    beta: { groups: [], connection: local() },
  },
  overridable: ['port', 'paths', 'token'],
})
`
const release = `import { debug, definePlaybook, input } from 'rollcall'
import { inventory } from '#inventory'
export default definePlaybook(
  'release',
  inventory,
  {
    inputs: {
      version: input.string({ description: 'what to release', pattern: '^\\\\d+(\\\\.\\\\d+)*$' }),
      replicas: input.integer({ default: 2, minimum: 1 }),
      deployKey: input.secret({ env: 'DEPLOY_KEY', prompt: 'Deploy key' }),
    },
  },
  (play, { inputs }) => {
    play(\`release \${inputs.version}\`, { hosts: 'web' }, ({ task }) => {
      for (let at = 1; at <= inputs.replicas; at++)
        task(\`replica \${at}\`, ({ host }) => debug({ msg: \`\${inputs.version} on \${host.vars.port} \${host.vars.paths.join()} \${inputs.deployKey.reveal().length}\` }))
    })
  },
)
`
const chosen = `import { debug, definePlaybook, input } from 'rollcall'
import { inventory } from '#inventory'
export default definePlaybook('chosen', inventory, { inputs: { color: input.oneOf(['blue', 'green']), name: input.string() } }, (play, { inputs }) => {
  if (inputs.name.length > 9) throw new RangeError(\`the name \${inputs.name} is too long\`)
  play(inputs.color, { hosts: 'web' }, ({ task }) => void task('say', debug({ msg: inputs.name })))
})
`
const plain = `import { debug, definePlaybook } from 'rollcall'
import { inventory } from '#inventory'
export default definePlaybook('plain', inventory, (play) => {
  play('p', { hosts: 'web' }, ({ task }) => void task('port', ({ host }) => debug({ msg: \`port \${host.vars.port + 1}\` })))
})
`
// One project for most tests, so that its type-check is remembered.
let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'inputs-'))
  for (const folder of ['inventory', 'playbooks', 'node_modules']) mkdirSync(join(root, folder))
  symlinkSync(ownRoot(), join(root, 'node_modules/rollcall'))
  const manifest = { name: 'site', type: 'module', dependencies: { rollcall: '*' }, imports: { '#inventory': './inventory/lab.ts' } }
  for (const [name, text] of Object.entries({
    'package.json': JSON.stringify(manifest),
    'inventory/lab.ts': inventory,
    'playbooks/release.ts': release,
    'playbooks/chosen.ts': chosen,
    'playbooks/plain.ts': plain,
    'secrets.yaml': 'deployKey: hidden value\n',
    'values.yaml': '# values\nversion: 1.1\n',
    'vars.yaml': 'paths: [/b, /c]\ntoken: hidden value\n',
  }))
    writeFileSync(join(root, name), text)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))
const cli = (args: readonly string[], more?: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv = {}) =>
  rollcall(args, { cwd: more ? tempProject({ 'inventory/lab.ts': inventory, 'playbooks/plain.ts': plain, ...more }).root : root, env })

describe('inputs of a playbook', () => {
  test('are known when its body runs, are named in the header and in the events, and secrets are masked', async () => {
    const args = ['run', 'release', '-e', 'version=1.10', '-e', '@secrets.yaml', '-e', 'replicas=1', '-e', 'port=9000']
    const json = await cli([...args, '--format', 'json'])
    expect([json.code, json.stderr]).toEqual([0, ''])
    expect(eventsOf(json, 'run')[0]?.inputs).toEqual([
      { name: 'version', value: '1.10', from: '-e', of: 'playbook' },
      { name: 'replicas', value: 1, from: '-e', of: 'playbook' },
      { name: 'deployKey', value: '[secret]', from: 'secrets.yaml:1:12', of: 'playbook' },
      { name: 'port', value: 9000, from: '-e', of: 'var' },
    ])
    expect(eventsOf(json, 'task').map(({ play, task, message }) => [play, task, message])).toEqual([
      ['release 1.10', 'replica 1', '1.10 on 9000 /a 12'],
    ])
    const human = await cli(args)
    expect(human.stdout.split('\n')).toContain(
      'inputs version=1.10 (-e) · replicas=1 (-e) · deployKey=[secret] (secrets.yaml:1:12) · var port=9000 (-e)',
    )
  })

  test('a default is used without a word in the header, and is in the events', async () => {
    const run = await cli(['run', 'release', '-e', 'version=2', '--format', 'json'], undefined, { DEPLOY_KEY: 'of the environment' })
    expect(eventsOf(run, 'task').map(({ task }) => task)).toEqual(['replica 1', 'replica 2'])
    expect(eventsOf(run, 'run')[0]?.inputs?.map(({ name, from }) => `${name} ${from}`)).toEqual([
      'version -e',
      'replicas default',
      'deployKey variable DEPLOY_KEY',
    ])
  })

  test('are asked for at a terminal, a secret without an echo', async () => {
    const done = await onTerminal(
      ['run', 'release'],
      [
        ['what to release (version): ', '3.1\r'],
        ['Deploy key: ', 'hidden value\r'],
      ],
      { cwd: root },
    )
    expect([done.code, done.shown]).toEqual([0, expect.stringContaining('inputs version=3.1 (asked) · deployKey=[secret] (asked)')])
    expect(done.shown).not.toContain('hidden value')
  })

  test('standard input gives them, too', async () => {
    const run = await rollcall(['run', 'release', '-e', '@-', '--format', 'json'], {
      cwd: root,
      stdin: '{"version":"4","replicas":1,"deployKey":"hidden value"}',
    })
    expect([run.code, taskOf(run, 'alpha', 'replica 1').message]).toEqual([0, '4 on 8080 /a 12'])
  })

  test.each<[string, readonly string[], RegExp]>([
    [
      'one that is missing',
      ['release'],
      /^playbook 'release' needs inputs that are not given\n {2}version: what to release, .*release\.ts:8:\d+\n {2}deployKey, .*\n {2}Give it:\n {2}-e version=…\n {2}Give deployKey by the variable DEPLOY_KEY/,
    ],
    [
      'a wrong value',
      ['release', '-e', 'version=v1'],
      /^What -e gives is wrong for playbook 'release'\n {2}version \(-e\) is "v1", it must match pattern/,
    ],
    [
      'a wrong value of a file',
      ['release', '-e', '@values.yaml'],
      /version \(values\.yaml:2:10\) is 1\.1, it must be string \(what to release\)\n {2}In a file, text/,
    ],
    ['an unknown name', ['release', '-e', 'vresion=1'], /'vresion' \(-e\) is no input[\s\S]*Did you mean 'version'\?/],
    [
      'a secret among the words',
      ['release', '-e', 'version=1', '-e', 'deployKey=hidden value'],
      /deployKey is a secret, and the command line is seen/,
    ],
    [
      'a var that may not be overridden',
      ['release', '-e', 'domain=x'],
      /'domain' \(-e\) is a var that may not be overridden\n {2}Allow it in defineInventory, inventory\/lab\.ts:2:\d+:/,
    ],
    ['a var with another type', ['plain', '-e', 'port=http'], /port \(-e\) is 'http': it must be a number/],
    ['an override of a secret var among the words', ['plain', '-e', 'token=hidden value'], /token is a secret, and the command line/],
    [
      'a playbook that takes none',
      ['plain', '-e', 'version=1'],
      /'version' \(-e\) is no input and no overridable var of playbook 'plain'[\s\S]*There are: port, paths, token\./,
    ],
    [
      'a body that throws',
      ['chosen', '-e', 'color=blue', '-e', 'name=much-too-long'],
      /^The playbook threw while it was loaded\n {2}RangeError: the name much-too-long is too long[\s\S]*> 4 \| {3}if \(inputs[\s\S]*at playbooks\/chosen\.ts:4:/,
    ],
  ])('%s: exit code 1, and nothing was asked of a host', async (_, args, says) => {
    const run = await cli(['run', ...args, '--format', 'json'])
    expect([run.code, run.stdout]).toEqual([1, ''])
    expect(run.stderr).toMatch(says)
    expect(run.stderr).not.toContain('hidden')
  })

  test('an input cannot have the name of an overridable var', async () => {
    const clash = plain
      .replace(`'plain', inventory, (play)`, `'plain', inventory, { inputs: { port: input.integer({ default: 1 }) } }, (play)`)
      .replace('debug, ', 'debug, input, ')
    const run = await cli(['run', 'plain'], { 'playbooks/plain.ts': clash })
    expect([run.code, run.stderr]).toEqual([
      1,
      expect.stringMatching(/have one name\n {2}'port' of playbook 'plain'[\s\S]*playbooks\/plain\.ts:3:/),
    ])
  })
})

describe('what only looks asks nothing', () => {
  test.for([
    [
      ['run', 'release', '--list-tasks'],
      /inputs version=<version> \(not given\) · replicas=2 \(default\) · deployKey=\[secret\] \(not given\)[\s\S]*play release <version>[\s\S]*replica 2/,
    ],
    [['run', 'release', '--list-hosts', '-e', 'version=1', '-e', 'replicas=1'], /inputs version=1 \(-e\)/],
    [['explain', 'release', '-e', 'version=7', '-e', 'port=9000'], /inputs version=7 \(-e\)[\s\S]*port=9000[\s\S]*release 7/],
    [['explain', 'plain', '-e', 'port=9000'], /debug msg="port 9001"/],
  ] as const)('%j', async ([args, says]) => {
    const run = await cli(args)
    expect([run.code, run.stderr]).toEqual([0, ''])
    expect(run.stdout).toMatch(says)
  })
  test('what is listed may hang on an input: then it is named', async () => {
    const run = await cli(['run', 'chosen', '--list-tasks', '-e', 'name=x'])
    expect([run.code, run.stderr]).toEqual([
      1,
      expect.stringMatching(/needs inputs[\s\S]*what there is to show hangs on it\n {2}Give it:\n {2}-e color=blue\|green\n/),
    ])
  })
  test('--list-inputs runs no body', async () => {
    const run = await cli(['run', 'chosen', '--list-inputs'])
    expect([run.code, run.stdout]).toEqual([
      0,
      `inputs of playbook chosen
  color  one of blue, green, needed  playbooks/chosen.ts:3:77
  name   text, needed  playbooks/chosen.ts:3:115
vars that -e may override · inventory inventory/lab.ts
  port   number
  paths  list of texts
  token  secret
`,
    ])
    const json = await cli(['run', 'release', '--list-inputs', '--json'])
    expect(JSON.parse(json.stdout).inputs).toEqual([
      {
        name: 'version',
        takes: 'text like ^\\d+(\\.\\d+)*$',
        needed: true,
        description: 'what to release',
        at: 'playbooks/release.ts:8:22',
      },
      { name: 'replicas', takes: 'whole number from 1', needed: false, default: 2, at: 'playbooks/release.ts:9:23' },
      { name: 'deployKey', takes: 'secret', needed: true, env: 'DEPLOY_KEY', at: 'playbooks/release.ts:10:24' },
    ])
    expect((await cli(['run', 'chosen', '--list-inputs', '--list-tasks'])).stderr).toMatch(/^--list-inputs stands alone/)
  })
  test('tags and tasks are completed without inputs', async () => {
    const tagged = release.replace(`{ hosts: 'web' }`, `{ hosts: 'web', tags: ['deploy'] }`)
    const run = await cli(['--complete', 'run', 'release', '--tags', ''], { 'playbooks/release.ts': tagged })
    expect(run.stdout).toBe('deploy\n')
  })
})

describe('vars that -e overrides', () => {
  test('win over every level, on each host that has them', async () => {
    const run = await cli(['explain', 'var', 'alpha', 'port', '-e', 'port=9000', '--json'])
    expect(JSON.parse(run.stdout).vars[0]).toMatchObject({
      name: 'port',
      from: '-e',
      value: 9000,
      at: '-e',
      exact: true,
      overrides: [
        { from: 'host', value: 8080 },
        { from: 'group web', value: 80 },
      ],
    })
    const human = await cli(['explain', 'var', 'alpha', '-e', '@vars.yaml'])
    expect(human.stdout).toMatch(/paths +\["\/b","\/c"\] +-e +vars\.yaml:1:8\n +\["\/a"\] +group web +inventory/)
    expect(human.stdout).toMatch(/token +\[secret\] +-e +vars\.yaml:2:8/)
    const beta = await cli(['explain', 'var', 'beta', '-e', 'port=9000'])
    expect(beta.stdout).not.toContain('9000')
  })
  test('without a playbook nothing else can be meant', async () => {
    const run = await cli(['explain', 'var', 'alpha', '-e', 'version=1'])
    expect([run.code, run.stderr]).toEqual([
      1,
      expect.stringMatching(/^What -e gives is wrong\n {2}'version' \(-e\) is no input and no overridable var of the inventory/),
    ])
  })
  test('what is overridable has to be there, and is found by the compiler and at load', async () => {
    const wrong = inventory.replace("'paths', 'token'", "'prot'")
    const run = await cli(['run', 'plain'], { 'inventory/lab.ts': wrong })
    expect([run.code, run.stderr]).toEqual([
      1,
      expect.stringMatching(/inventory\/lab\.ts:8:\d+ Type '"prot"' is not assignable to type .*"port"/),
    ])
    const loaded = await cli(['inventory', 'list'], { 'inventory/lab.ts': wrong.replace("['port', 'prot']", "['port', 'prot'] as never") })
    expect([loaded.code, loaded.stderr]).toEqual([1, expect.stringMatching(/overridable names 'prot'[\s\S]*Did you mean 'port'\?/)])
  })
})
