import { chmodSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BuiltProgram, buildProgram } from '../helpers/built.ts'
import { emptyPlaybook, tempProject, twoHosts } from '../helpers/project.ts'

let program: BuiltProgram
beforeAll(async () => {
  program = await buildProgram('test/load/program.ts')
})
afterAll(() => program.remove())

const plain = { 'inventory/lab.ts': twoHosts(), 'playbooks/site.ts': emptyPlaybook() }

/** As the launcher starts Node 20; without them, and by newer versions, hooks do the same. */
const linking = ['--experimental-vm-modules', '--experimental-import-meta-resolve', '--disable-warning=ExperimentalWarning']
let currentFlags: readonly string[] = []

async function load(
  files: Readonly<Record<string, string>>,
  { inventory = 'lab', mode = 'unchecked', env = {} as NodeJS.ProcessEnv, flags = currentFlags } = {},
) {
  const project = tempProject({ ...plain, ...files })
  const { stdout, stderr, code } = await program.run([project.root, 'site', inventory, mode], {
    env: { XDG_CACHE_HOME: project.path('cache'), ...env },
    flags,
  })
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  return { ...project, result: JSON.parse(stdout) as Record<string, any> }
}

const caught = [
  {
    name: 'a throw in the body',
    files: { 'playbooks/site.ts': emptyPlaybook().replace(', () => {}', `, () => {\n    throw new Error('no luck')\n  }`) },
    error: {
      summary: 'The playbook threw while it was loaded',
      detail: /^Error: no luck\n[\s\S]*> 5 \| {5}throw new Error/,
      at: { file: 'playbooks/site.ts', line: 5, column: 11 },
    },
  },
  {
    name: 'a throw in an imported module',
    files: { 'modules/m.ts': `export type T = 1\nnull!.x\n`, 'playbooks/site.ts': `import '../modules/m.ts'\n${emptyPlaybook()}` },
    error: {
      summary: 'The playbook threw while it was loaded',
      detail: /^TypeError: Cannot read prop/,
      at: { file: 'modules/m.ts', line: 2, column: 7 },
    },
  },
  {
    // Recognised as ours only because playbooks and the running program share one instance of the model.
    name: 'an error of Rollcall itself',
    files: { 'playbooks/site.ts': emptyPlaybook('wbe') },
    error: {
      summary: 'A play names a host or group that the inventory does not have',
      detail: /> 4 \| {3}play\(/,
      fix: /Did you mean 'web'/,
      at: { file: 'playbooks/site.ts', line: 4 },
    },
  },
  {
    name: 'a syntax error',
    files: { 'playbooks/site.ts': `${emptyPlaybook()}const x = ;\n` },
    error: {
      summary: 'The playbook cannot be read as TypeScript',
      detail: /Expression expected[\s\S]*> 6 \| const x = ;\n {4}\| {11}\^/,
      at: { file: 'playbooks/site.ts', line: 6, column: 11 },
    },
  },
  {
    name: 'syntax that is more than types',
    files: { 'modules/m.ts': '\n  enum Colour { Red }\n', 'playbooks/site.ts': `import '../modules/m.ts'\n${emptyPlaybook()}` },
    error: { detail: /enum is not supported/, fix: /plain object for an enum/, at: { file: 'modules/m.ts', line: 2, column: 3 } },
  },
  {
    name: 'an import of a file that is not there',
    files: { 'modules/haproxy.ts': '', 'playbooks/site.ts': `${emptyPlaybook()}import '../modules/haproxi.ts'\n` },
    error: {
      summary: 'The playbook imports something that does not exist',
      detail: /^modules\/haproxi\.ts\n/,
      fix: /Did you mean 'haproxy.ts'/,
      at: { file: 'playbooks/site.ts', line: 6, column: 8 },
    },
  },
  {
    name: 'an import of a package that is not there',
    files: { 'playbooks/site.ts': `import 'left-pad'\n${emptyPlaybook()}` },
    error: { detail: /^package 'left-pad'/, fix: /npm install left-pad/, at: { file: 'playbooks/site.ts', line: 1, column: 8 } },
  },
  {
    name: 'an import of a name that is not there',
    files: { 'modules/m.ts': 'export const a = 1\n', 'playbooks/site.ts': `${emptyPlaybook()}import { b } from '../modules/m.ts'\n` },
    error: {
      summary: 'The playbook imports something that does not exist',
      detail: /does not provide an export named 'b'/,
      at: { file: 'playbooks/site.ts', line: 6 },
    },
  },
  {
    name: 'no default export',
    files: { 'playbooks/site.ts': 'export const playbook = 1\n' },
    error: { summary: 'The playbook has no default export', detail: /it exports playbook/, at: { file: 'playbooks/site.ts', line: 1 } },
  },
  {
    name: 'a default export that is something else',
    files: { 'playbooks/site.ts': `export { inventory as default } from '#inventory'\n` },
    error: { summary: 'The default export is not a playbook', detail: /it is an inventory/ },
  },
  {
    name: 'an inventory file without an inventory',
    files: { 'inventory/lab.ts': `export const inventroy = 1\n`, 'playbooks/site.ts': emptyPlaybook() },
    error: { summary: 'The playbook imports something that does not exist', at: { file: 'playbooks/site.ts', line: 2 } },
  },
  {
    name: 'a playbook that names an inventory file, with -i another',
    files: {
      'inventory/other.ts': twoHosts('gamma', 'delta'),
      'playbooks/site.ts': emptyPlaybook().replace('#inventory', '../inventory/other.ts'),
    },
    error: {
      summary: 'The playbook uses another inventory than the one chosen for this run',
      detail: /inventory\/lab\.ts/,
      at: { file: 'playbooks/site.ts', line: 3 },
    },
  },
]

describe.each([
  { way: 'hooks', flags: [] as readonly string[] },
  { way: 'linking', flags: linking },
])('by $way', ({ flags }) => {
  beforeAll(() => {
    currentFlags = flags
  })
  test('a playbook loads with its inventory, and knows the lines of its plays', async () => {
    const { result } = await load({})
    expect(result).toEqual({ name: 'empty', plays: [['nothing', 4, 3]], hosts: ['alpha', 'beta'] })
  })

  test('-i re-points #inventory, in the playbook and in what it imports', async () => {
    const { result } = await load(
      {
        'inventory/production.ts': twoHosts('gamma', 'delta'),
        'modules/names.ts': `import { inventory } from '#inventory'\nexport const names = [...inventory.model.hosts.keys()].join()\n`,
        'playbooks/site.ts': emptyPlaybook().replace(`'nothing'`, 'names').replace('\n', `\nimport { names } from '../modules/names.ts'\n`),
      },
      { inventory: 'production' },
    )
    expect(result).toMatchObject({ hosts: ['gamma', 'delta'], plays: [['gamma,delta', 5, 3]] })
  })

  test('types vanish without moving a line or a column', async () => {
    const types = `interface A {\n  readonly b: string\n}\nconst a = { b: 'x' } satisfies A as A; `
    const { result } = await load({ 'playbooks/site.ts': emptyPlaybook().replace('export default', `${types}export default`) })
    expect(result.plays).toEqual([['nothing', 7, 3]])
  })

  test('what was stripped is remembered by content in a folder of the user alone', async () => {
    const { path } = await load({})
    const folder = path('cache/rollcall/strip')
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(readdirSync(folder).every((name) => /^[0-9a-f]{64}\.mjs$/.test(name))).toBe(true)
  })

  test('a cache folder that others may write to is not used', async () => {
    const project = tempProject({ ...plain, 'cache/rollcall/strip/x': '' })
    chmodSync(project.path('cache/rollcall/strip'), 0o777)
    const { stdout } = await program.run([project.root, 'site', 'lab'], { env: { XDG_CACHE_HOME: project.path('cache') }, flags })
    expect(JSON.parse(stdout).name).toBe('empty')
    expect(readdirSync(project.path('cache/rollcall/strip'))).toEqual(['x'])
  })

  test('a template that no search of source text finds is refused once it is defined', async () => {
    const { result } = await load({
      'playbooks/site.ts': `import { defineTemplate } from 'rollcall'\nconst hidden = defineTemplate({ file: '../x.eta', input: {}, data: () => ({}) })\n${emptyPlaybook()}`,
    })
    expect(result.error).toMatchObject({ summary: 'A template is defined where the type-check does not see it', detail: 'x.eta' })
  })

  test.for(caught)('$name is told at the user’s own line', async ({ files, error }) => {
    const { result } = await load(files as Record<string, string>)
    const expected = Object.entries(error).map(([key, value]) => [key, value instanceof RegExp ? expect.stringMatching(value) : value])
    expect(result.error).toMatchObject({ exitCode: 1, ...Object.fromEntries(expected) })
  })

  test('when the compiler and the body both object, the compiler is heard', async () => {
    const { result } = await load({ 'playbooks/site.ts': emptyPlaybook('wbe') }, { mode: 'checked' })
    expect(result.error).toMatchObject({
      summary: 'The playbook does not compile',
      detail: expect.stringContaining('playbooks/site.ts:4:21'),
    })
  })

  test('a checked playbook is remembered', async () => {
    const { result, root, path } = await load({}, { mode: 'checked' })
    expect(result.checked).toEqual({ cached: false })
    const { stdout } = await program.run([root, 'site', 'lab', 'checked'], { env: { XDG_CACHE_HOME: join(path('cache')) } })
    expect(JSON.parse(stdout).checked).toEqual({ cached: true })
  })

  test('imports of every sort mean the same', async () => {
    const { result } = await load(
      {
        'inventory/production.ts': twoHosts('gamma', 'delta'),
        'data.json': '{ "word": "data" }',
        'node_modules/left/package.json': '{ "name": "left", "type": "module", "exports": { "import": "./index.js" } }',
        'node_modules/left/index.js': `export const left = 'left'\n`,
        'node_modules/right/package.json': '{ "name": "right", "main": "index.js" }',
        'node_modules/right/index.js': `exports.right = 'right'\n`,
        'modules/plain.mjs': `import { inventory } from '#inventory'\nexport const plain = [...inventory.model.hosts.keys()].join('+')\n`,
        'modules/cycle.ts': `import { back } from './back.ts'\nexport function cycle(): string {\n  return back\n}\n`,
        'modules/back.ts': `import { cycle } from './cycle.ts'\nexport const back: string = typeof cycle\n`,
        'modules/late.ts': `export const late: string = import.meta.url.endsWith('/modules/late.ts') ? 'late' : import.meta.url\n`,
        'playbooks/site.ts': emptyPlaybook()
          .replace(`'nothing'`, 'words')
          .replace(
            '\n',
            `
import { basename } from 'node:path'
import { left } from 'left'
import { right } from 'right'
import data from '../data.json' with { type: 'json' }
import { plain } from '../modules/plain.mjs'
import { cycle } from '../modules/cycle.ts'
const { late } = await import('../modules/late.ts')
const words = [basename('/a/b'), left, right, data.word, plain, cycle(), late].join()
`,
          ),
      },
      { inventory: 'production' },
    )
    expect(result.error).toBeUndefined()
    expect(result.plays[0][0]).toBe('b,left,right,data,gamma+delta,function,late')
  })
})
