import { describe, expect, test } from 'vitest'
import type { ShownInventory } from '../../src/show-inventory.ts'
import type { ValidatedInventory } from '../../src/validate-inventory.ts'
import { rollcall as cli } from '../helpers/cli.ts'
import { tempProject, twoHosts } from '../helpers/project.ts'
import { rollcall } from './harness.ts'

const host = (name: string, groups: readonly string[], vars: object = {}) => ({ host: name, groups, connection: { type: 'local' }, vars })
const shown: ShownInventory = {
  inventory: 'inventory/lab.ts',
  groups: { all: ['a', 'b"2', 'c'], web: ['a', 'b"2'], edge: ['a'], spare: [] },
  children: {},
  hosts: [host('a', ['web', 'edge'], { port: 80, note: 'say "hi" <b>' }), host('b"2', ['web']), host('c', [])],
}
const graph = (line: string) => rollcall(`inventory graph ${line}`, { engine: { showInventory: async () => shown } })

describe('inventory graph', () => {
  test('is a tree', async () => {
    expect(await graph('')).toMatchObject({
      code: 0,
      out: '@all:\n  |--@web:\n  |  |--a\n  |  |--b"2\n  |--@edge:\n  |  |--a\n  |--@spare:\n  |--@ungrouped:\n  |  |--c\n',
    })
  })
  test('of a pattern leaves out groups that it leaves empty, and can show vars', async () => {
    const { out, asked } = await graph('web -i other --vars')
    expect(asked).toEqual([['showInventory', { root: '/site', inventory: 'other', pattern: 'web' }]])
    expect(out).toBe(
      '@all:\n  |--@web:\n  |  |--a\n  |  |  |--{port = 80}\n  |  |  |--{note = "say \\"hi\\" <b>"}\n  |  |--b"2\n  |--@edge:\n  |  |--a\n  |  |  |--{port = 80}\n  |  |  |--{note = "say \\"hi\\" <b>"}\n  |--@ungrouped:\n  |  |--c\n',
    )
  })
  test.for(['--format json', '--json'])('%s is the inventory', async (format) =>
    expect(JSON.parse((await graph(`${format} --vars`)).out)).toEqual(shown),
  )
  test('for Graphviz quotes what would end a name', async () => {
    const { out } = await graph('--format dot --vars')
    expect(out.split('\n')).toEqual(
      expect.arrayContaining([
        'digraph inventory {',
        String.raw`  "a" [label="a\nport = 80\nnote = \"say \\\"hi\\\" <b>\""]`,
        String.raw`  "@web" -> "b\"2"`,
        '  "@all" -> "@ungrouped"',
      ]),
    )
  })
  test('for Mermaid writes quotes and brackets as it wants them', async () => {
    const { out } = await graph('--format mermaid --vars')
    expect(out.split('\n')).toEqual(
      expect.arrayContaining([
        'graph LR',
        '  h0("a<br>port = 80<br>note = #quot;say \\#quot;hi\\#quot; #lt;b>#quot;")',
        '  h1("b#quot;2")',
        '  g0["@web"]',
        '  all --> g0',
        '  g0 --> h1',
      ]),
    )
  })
})

describe('inventory graph of groups below groups', () => {
  const tree: ShownInventory = {
    inventory: 'inventory/lab.ts',
    groups: { all: ['a', 'b', 'c'], eu: ['a', 'b'], web: ['a'], db: ['b'], edge: ['a', 'c'], spare: [] },
    children: { eu: ['web', 'db'], edge: ['web'] },
    hosts: [host('a', ['web', 'eu', 'edge'], { port: 80 }), host('b', ['db', 'eu']), host('c', ['edge'])],
  }
  const draw = async (line: string) => (await rollcall(`inventory graph ${line}`, { engine: { showInventory: async () => tree } })).out
  test('shows a host where it stands lowest, and a group below each that names it', async () =>
    expect(await draw('--vars')).toBe(
      '@all:\n  |--@eu:\n  |  |--@web:\n  |  |  |--a\n  |  |  |  |--{port = 80}\n  |  |--@db:\n  |  |  |--b\n  |--@edge:\n  |  |--@web:\n  |  |  |--a\n  |  |  |  |--{port = 80}\n  |  |--c\n  |--@spare:\n',
    ))
  test('leaves out what a pattern leaves empty', async () => expect(await draw('eu')).not.toContain('spare'))
  test('for Graphviz and Mermaid has each group once', async () => {
    const dot = (await draw('--format dot')).split('\n')
    expect(dot).toEqual(expect.arrayContaining(['  "@all" -> "@eu"', '  "@eu" -> "@web"', '  "@edge" -> "@web"', '  "@web" -> "a"']))
    expect(dot.filter((line) => line === '  "@web" -> "a"' || line === '  "@all" -> "@web"')).toHaveLength(1)
    const mermaid = (await draw('--format mermaid')).split('\n')
    expect(mermaid).toEqual(expect.arrayContaining(['  all --> g0', '  g0 --> g1', '  g3 --> g1', '  g1 --> h0']))
    expect(mermaid).not.toContain('  all --> g1')
  })
})

/** Each a file of its own: what the compiler, the loader and the reader say. */
const validate = async (inventory: string, ...args: readonly string[]) => {
  const { root } = tempProject({ 'inventory/lab.ts': inventory })
  const { code, stdout, stderr } = await cli(['inventory', 'validate', ...args], { cwd: root })
  return { code, stdout, stderr }
}

describe('inventory validate', () => {
  test('has nothing to say of a good one', async () =>
    expect(await validate(twoHosts())).toEqual({
      code: 0,
      stdout: 'inventory inventory/lab.ts: 2 hosts, 2 groups, no warnings\n',
      stderr: '',
    }))
  test('warns with place and remedy, and ends with 0', async () => {
    const { code, stdout, stderr } = await validate(twoHosts().replace('10.0.0.2', '10.0.0.1'))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n')).toEqual([
      'warning: alpha and beta have the same address: the privateIp 10.0.0.1  inventory/lab.ts:6:32',
      '  Two names of one host would be changed twice in one run. Correct one of them.',
      'inventory inventory/lab.ts: 2 hosts, 2 groups, 1 warning',
      '',
    ])
  })
  test.for<readonly [string, string, string, string]>([
    ['the compiler', twoHosts().replace("groups: ['web']", "groups: ['wbe']"), 'The inventory does not compile', 'inventory/lab.ts:5:25'],
    ['the loader', twoHosts().replace("'alpha'", "'all'"), 'The inventory is wrong', `'all' is the name of a host and of a group`],
    [
      'the lab',
      twoHosts().replaceAll('local()', 'lab()').replace('local', 'lab').replace('10.0.0.1', '10.0.0.5').replace('10.0.0.2', '10.0.9.2'),
      'The lab cannot have these hosts',
      'beta has 10.0.9.2, alpha has 10.0.0.5',
    ],
  ])('ends with 1 and the words of %s', async ([, inventory, summary, detail]) => {
    const human = await validate(inventory)
    expect(human).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(detail) })
    expect(human.stderr.split('\n')[0]).toBe(summary)
    const json = await validate(inventory, '--json')
    const verdict = JSON.parse(json.stdout) as ValidatedInventory
    expect([json.code, verdict.ok, verdict.errors.map((error) => error.summary)]).toEqual([1, false, [summary]])
  })
})
