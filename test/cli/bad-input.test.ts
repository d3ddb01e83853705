import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ownRoot } from '../../src/util/own-root.ts'
import { rollcall } from '../helpers/cli.ts'
import { countingPort } from '../helpers/local-cli.ts'

/** The one host's port: who is refused has not connected to it. */
const host = countingPort()
let root = ''
const put = (name: string, text: string) => {
  mkdirSync(dirname(join(root, name)), { recursive: true })
  writeFileSync(join(root, name), text)
}
const head = `import { inventory } from '#inventory'
import { copy, debug, definePlaybook, input } from 'rollcall'
import { deep, explode } from '../lib/helper.ts'
import { svc } from '../modules/svc/index.ts'
export const used: unknown = [copy, debug, input, deep, explode, svc]
`
const firstLine = head.split('\n').length
/** A playbook whose body, or whose one play, is this text, from line {@link firstLine} on. */
const withBody = (body: string) => `${head}export default definePlaybook('x', inventory, (play) => {\n${body}\n})\n`
const withPlay = (body: string) => withBody(`  play('p', { hosts: 'web' }, (tools) => {\n${body}\n  })`)

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'bad-input-'))
  mkdirSync(join(root, 'node_modules'))
  symlinkSync(ownRoot(), join(root, 'node_modules/rollcall'))
  const manifest = { name: 'site', type: 'module', dependencies: { rollcall: '*' }, imports: { '#inventory': './inventory/lab.ts' } }
  for (const [name, text] of Object.entries({
    'package.json': JSON.stringify(manifest),
    'inventory/lab.ts': `import { defineInventory, ssh } from 'rollcall'
export const inventory = defineInventory({
  groups: { all: {}, web: { vars: { port: 80 } }, empty: {} },
  hosts: { alpha: { groups: ['web'], connection: ssh({ address: '127.0.0.1', port: ${host.port} }) } },
  overridable: ['port'],
})
`,
    'inventory/throws.ts': `import { defineInventory } from 'rollcall'
const hosts: Record<string, never> = JSON.parse('{}')
if (Object.keys(hosts).length === 0) throw new Error('no hosts in the database')
export const inventory = defineInventory({ groups: { web: {} }, hosts })
`,
    'inventory/wrong.ts': `import { defineInventory } from 'rollcall'
export const inventory = defineInventory({ groups: { web: {} }, hosts: { alpha: { groups: JSON.parse('["wbe"]') } } })
`,
    'lib/helper.ts': `export const explode = (word: string): string => {
  throw new RangeError(\`the helper refuses \${word}\`)
}
export const deep = (of: { a?: { b: string } }) => of.a!.b
`,
    'lib/at-load.ts': `export const value: string = (() => {\n  throw new TypeError('thrown by an import')\n})()\n`,
    'modules/svc/index.ts': `import { debug, defineServiceModule, type PlayTools, type ScopeNeeds } from 'rollcall'
export const svc = defineServiceModule('svc', <C extends ScopeNeeds>({ task }: PlayTools<C>, { fail }: { fail: boolean | string }) => {
  if (fail === true) throw new Error('the service module refuses')
  task(fail === 'nameless' ? '' : 'say', debug({ msg: 'x' }))
})
`,
    'playbooks/site.ts': withPlay(`    tools.task('say', debug({ msg: 'x' }), { tags: ['said'] })`),
    'playbooks/release.ts': `${head}export default definePlaybook('release', inventory, { inputs: { version: input.string(), n: input.integer({ default: 1 }) } }, (play, { inputs }) => {
  if (inputs.n > 1) throw new Error(\`\${inputs.n} is too many\`)
  play(inputs.version, { hosts: 'web' }, ({ task }) => void task('say', debug({ msg: 'x' })))
})
`,
  }))
    put(name, text)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** What none of these messages may show: our own frames, and Node's. */
const ours = /\/src\/|dist\/|node:internal|\bat (Object|async|Module)\b|Rollcall has a bug/

async function refused(args: readonly string[]): Promise<string> {
  const before = host.connections()
  const run = await rollcall(args, { cwd: root })
  expect([run.code, run.stdout]).toEqual([1, ''])
  expect(run.stderr).not.toMatch(ours)
  expect(host.connections()).toBe(before)
  return run.stderr
}

describe('code of the user that throws while it is loaded: the message shows the line of theirs', () => {
  const at = (line: number) => firstLine + line - 1
  test.for<readonly [what: string, text: () => string, file: string, line: () => number, says: RegExp]>([
    [
      'at the top of the playbook',
      () => `${head}throw new Error('at the top')\nexport default definePlaybook('x', inventory, () => {})\n`,
      '',
      () => at(1),
      /Error: at the top/,
    ],
    [
      'a promise at the top',
      () => `${head}await Promise.reject(new Error('rejected'))\nexport default definePlaybook('x', inventory, () => {})\n`,
      '',
      () => at(1),
      /Error: rejected/,
    ],
    ['in the body', () => withBody(`  throw new Error('in the body')`), '', () => at(2), /Error: in the body/],
    [
      'in the body of a play',
      () => withPlay(`    throw new Error('in the play', { cause: new Error('the reason') })`),
      '',
      () => at(3),
      /Error: in the play\n {2}caused by Error: the reason/,
    ],
    [
      'several at once',
      () => withBody(`  throw new AggregateError([new Error('one'), new Error('two')], 'several')`),
      '',
      () => at(2),
      /AggregateError: several\n {2}caused by Error: one\n {2}caused by Error: two/,
    ],
    [
      'in a service module',
      () => withPlay(`    svc(tools, { fail: true })`),
      'modules/svc/index.ts',
      () => 3,
      /the service module refuses/,
    ],
    [
      'in a file that is imported',
      () => `import { value } from '../lib/at-load.ts'\n${withBody(`  play(value, { hosts: 'web' }, () => {})`)}`,
      'lib/at-load.ts',
      () => 2,
      /TypeError: thrown by an import/,
    ],
    [
      'in a function of such a file',
      () => withBody(`  play(explode('x'), { hosts: 'web' }, () => {})`),
      'lib/helper.ts',
      () => 2,
      /RangeError: the helper refuses x/,
    ],
    [
      'what the language throws',
      () => withBody(`  play(deep({}), { hosts: 'web' }, () => {})`),
      'lib/helper.ts',
      () => 4,
      /TypeError: Cannot read properties of undefined/,
    ],
    [
      'what a library throws',
      () => withBody(`  play(JSON.parse('{"a": }'), { hosts: 'web' }, () => {})`),
      '',
      () => at(2),
      /SyntaxError: Unexpected token/,
    ],
    [
      'a name that our own checks refuse',
      () => withBody(`  play('p', { hosts: JSON.parse('"wbe"') }, () => {})`),
      '',
      () => at(2),
      /names a host or group[\s\S]*Did you mean 'web'\?/,
    ],
    [
      'two tasks of one name',
      () => withPlay(`    tools.task('a', debug({ msg: 'x' }))\n    tools.task('a', debug({ msg: 'y' }))`),
      '',
      () => at(4),
      /Two tasks have one name/,
    ],
    [
      'a play without a name',
      () => withBody(`  play(' ', { hosts: 'web' }, () => {})`),
      '',
      () => at(2),
      /A name is empty\n {2}playbook 'x'/,
    ],
    ['a task without a name', () => withPlay(`    tools.task('', debug({ msg: 'x' }))`), '', () => at(3), /A name is empty\n {2}play 'p'/],
    [
      'one of a service module',
      () => withPlay(`    svc(tools, { fail: 'nameless' })`),
      'modules/svc/index.ts',
      () => 4,
      /A name is empty\n {2}play 'p'/,
    ],
    // What such bodies add behind their first await was lost without a word.
    [
      'a body that is async',
      () =>
        withBody('')
          .replace('(play) =>', 'async (play) =>')
          .replace('{\n\n}', `{\n  await null\n  play('late', { hosts: 'web' }, () => {})\n}`),
      '',
      () => at(1),
      /A body that collects is async\n {2}playbook 'x': what stands behind its first await/,
    ],
    [
      'a body of a play that is async',
      () => withBody(`  play('p', { hosts: 'web' }, async ({ task }) => {\n    await null\n    task('late', debug({ msg: 'x' }))\n  })`),
      '',
      () => at(2),
      /A body that collects is async\n {2}play 'p'/,
    ],
    [
      'an async body that rejects',
      () => withBody(`  play('p', { hosts: 'web' }, async () => {\n    throw new Error('x')\n  })`),
      '',
      () => at(2),
      /A body that collects is async/,
    ],
    [
      'a task that is added to another play',
      () =>
        withBody(
          `  let first: (() => unknown) | undefined\n  play('p', { hosts: 'web' }, ({ task }) => void (first = () => task('late', debug({ msg: 'x' }))))\n  play('q', { hosts: 'web' }, () => void first?.())`,
        ),
      '',
      () => at(3),
      /Something is added to what is closed already\n {2}play 'p'/,
    ],
  ])('%s', async ([what, text, file, line, says]) => {
    const name = what.replaceAll(/[^a-z]+/g, '-')
    put(`playbooks/${name}.ts`, text())
    const stderr = await refused(['run', name])
    expect(stderr).toMatch(says)
    const place = `${file || `playbooks/${name}.ts`}:${line()}`
    expect(stderr).toMatch(new RegExp(`^  at ${place.replaceAll('.', '\\.')}(:\\d+)?$`, 'm'))
    expect(stderr).toMatch(new RegExp(`^  > +${line()} \\| `, 'm'))
  })

  test('what is no Error has no line, and says so', async () => {
    put('playbooks/text.ts', withBody(`  throw 'a text'`))
    expect(await refused(['run', 'text'])).toBe(`The playbook threw while it was loaded
  thrown: a text
  at playbooks/text.ts:1
  Only an Error knows where it was thrown:
  throw new Error('…')
`)
  })

  test.for([
    [['run', 'site', '-i', 'throws'], /Error: no hosts in the database[\s\S]*> 3 \| if[\s\S]*at inventory\/throws\.ts:3:\d+/],
    [['inventory', 'list', '-i', 'throws'], /The inventory threw[\s\S]*> 3 \|[\s\S]*at inventory\/throws\.ts:3:\d+/],
    [
      ['explain', 'var', 'alpha', '-i', 'wrong'],
      /'wbe', which is not declared\n[\s\S]*> 2 \|[\s\S]*at inventory\/wrong\.ts:2:\d+\n {2}Did you mean 'web'\?/,
    ],
    [['run', 'release', '-e', 'version=1', '-e', 'n=2'], /Error: 2 is too many[\s\S]*at playbooks\/release\.ts:7:\d+/],
  ] as const)('%j', async ([args, says]) => {
    expect(await refused(args)).toMatch(says)
  })
})

/** Words that cannot mean anything together, or alone. Those that only yargs sees are in usage.test.ts. */
const combinations: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [['run', 'site', '--limit', 'alpah'], /--limit names a host or group[\s\S]*Did you mean 'alpha'\?/],
  [['run', 'site', '--limit', 'web:!alpha'], /No host is left to run on\n {2}--limit 'web:!alpha'/],
  [['run', 'site', '--limit', 'empty'], /No host is left to run on/],
  [['run', 'site', '--tags', 'sayd'], /No task has this tag\n {2}'sayd'[\s\S]*'said'/],
  [['run', 'site', '--skip-tags', 'sayd'], /No task has this tag/],
  [['run', 'site', '--list-inputs', '--list-hosts'], /--list-inputs stands alone/],
  [['run', 'site', '--json', '--format', 'xml'], /An option has a value it does not know/],
  [['run', 'site', '-i', 'lba'], /no such inventory[\s\S]*Did you mean 'lab'\?/i],
  [['run', 'stie'], /There is no such playbook[\s\S]*Did you mean 'site'\?/],
  [['run', 'site', '-e', 'port'], /-e takes name=value, or @file\n {2}'port'\n {2}-e port=…/],
  [['run', 'site', '-e', 'prot=1'], /'prot' \(-e\) is no input[\s\S]*Did you mean 'port'\?/],
  [['run', 'site', '-e', 'port=http'], /port \(-e\) is 'http': it must be a number/],
  [['run', 'site', '-e', 'port=1 version=2'], /port \(-e\) is '1 version=2'/],
  [['run', 'release', '-e', 'version=1 port=2'], /version \(-e\) would be all of the text, with port= in it[\s\S]*-e version=… -e port=…/],
  [['run', 'site', '-e', '@none.yaml'], /A file of values cannot be read\n {2}-e @none\.yaml: there is no such file/],
  [
    ['run', 'release'],
    /playbook 'release' needs inputs that are not given\n {2}version, playbooks\/release\.ts:6:\d+\n {2}Give it:\n {2}-e version=…/,
  ],
  [
    ['explain', 'var', 'alpha', '-e', 'version=1'],
    /'version' \(-e\) is no input and no overridable var of the inventory[\s\S]*There are: port\./,
  ],
  [['explain', 'var', 'alpha', 'prot'], /The host has no such var[\s\S]*Did you mean 'port'\?/],
  [['render', 'site', '--task', 'say', '--host', 'alpah'], /--host names a host or group[\s\S]*Did you mean 'alpha'\?/],
  [['render', 'site', '--task', 'sya', '--host', 'alpha'], /There is no such task on this host[\s\S]*--list-tasks|Did you mean 'say'\?/],
  [['run', 'site', '--vault-id', 'prod'], /--vault-id needs a label and a source\n {2}'prod'\n {2}--vault-id prod@prompt/],
  [['facts', '--refresh', '--cached'], /--refresh and --cached exclude each other/],
  [['secret', 'create', 'x', '--passphrase', '-r', 'age1x'], /--passphrase and --recipient exclude each other/],
  [['exec', 'web'], /A command is missing/],
  [['do', 'web', 'copy', 'dst=/a'], /copy has no parameter 'dst': did you mean 'dest'\?/],
  [['do', 'web', 'cpoy'], /There is no such module[\s\S]*Did you mean 'copy'\?/],
]

describe('what cannot be meant is refused before anything is touched, with what to write instead', () => {
  test.for(combinations)('%j', async ([args, says]) => {
    const stderr = await refused(args)
    expect(stderr).toMatch(says)
    // A summary, and below it at least one line more.
    expect(stderr.trim().split('\n').length).toBeGreaterThan(1)
  })
})
