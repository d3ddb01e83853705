import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
// @ts-expect-error The build script is plain JavaScript, since it runs before anything is installed.
import { build } from '../../scripts/build.mjs'
import { compile, findCompiler } from '../../src/load/compiler.ts'
import { parseCompilerOutput } from '../../src/load/diagnostics.ts'
import { leanGlobals } from '../../src/load/lean-globals.ts'
import { typeCheck, typeCheckPlaybook } from '../../src/load/type-check.ts'
import { ownRoot } from '../../src/util/own-root.ts'
import { emptyPlaybook, type TempProject, tempProject, twoHosts } from '../helpers/project.ts'

const check = ({ project, path }: TempProject, inventory = 'inventory/lab.ts') =>
  typeCheck({ project, files: [path('playbooks/site.ts')], inventory: path(inventory) })

const errorOf = ({ project, path }: TempProject) =>
  typeCheckPlaybook(project, { playbook: path('playbooks/site.ts'), inventory: path('inventory/lab.ts') }).then(
    () => undefined,
    (error: unknown) => error,
  )

const plain = { 'inventory/lab.ts': twoHosts(), 'playbooks/site.ts': emptyPlaybook() }

const bind = (name: string) =>
  `export const ${name} = defineTemplate({ input: { port: value<number>(), tls: value<boolean>() }, file: '${name}.eta', data: (given) => given })\n`

const templates = (files: Readonly<Record<string, string>>) => ({
  'templates/index.ts': `import { defineTemplate, value } from 'rollcall'\n${Object.keys(files).map(bind).join('')}`,
  ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`templates/${name}.eta`, text])),
})

test('a right playbook passes; from memory, until something that the compiler read has changed', async () => {
  const project = tempProject(plain)
  expect(await check(project)).toEqual({ ok: true, cached: false })
  expect(await check(project)).toEqual({ ok: true, cached: true })
  project.write('inventory/lab.ts', twoHosts('alpha', 'gamma'))
  expect(await check(project)).toEqual({ ok: true, cached: false })
  project.write('package.json', '{"name":"fixture","type":"module","rollcall":{}}')
  expect(await check(project)).toEqual({ ok: true, cached: false })
  expect(await check(project)).toEqual({ ok: true, cached: true })
})

test('a wrong playbook is reported at its own line, and is not remembered as right', async () => {
  const project = tempProject({ ...plain, 'playbooks/site.ts': emptyPlaybook('wbe') })
  expect(await errorOf(project)).toMatchObject({
    details: {
      summary: 'The playbook does not compile',
      detail: expect.stringMatching(
        /^playbooks\/site\.ts:4:21 Type '"wbe"' is not assignable[\s\S]*> 4 \| {3}play\('nothing', \{ hosts: 'wbe' \}, \(\) => \{\}\)\n +\| {21}\^/,
      ),
      exitCode: 1,
    },
  })
  const diagnostics = [{ file: 'playbooks/site.ts', line: 4, column: 21, code: 'TS2322' }]
  expect(await check(project)).toMatchObject({ ok: false, diagnostics })
})

test('where the folder of the project takes no file, it is said who can help', async () => {
  const project = tempProject(plain)
  project.write('.rollcall', '')
  expect(await errorOf(project)).toMatchObject({
    details: {
      summary: 'A file that Rollcall needs for itself cannot be written',
      detail: expect.stringMatching(/^.*\/\.rollcall\/type-check\/[0-9a-f]{16}\/began\nENOTDIR: /),
      fix: `What is in that folder is made anew when it is gone. Let its owner remove it:\nrm -r ${project.path('.rollcall')}`,
    },
  })
})

test('-i decides which inventory the playbook is checked against', async () => {
  const project = tempProject({
    ...plain,
    'inventory/production.ts': twoHosts('gamma', 'delta'),
    'playbooks/site.ts': emptyPlaybook('gamma'),
  })
  expect(await check(project, 'inventory/production.ts')).toMatchObject({ ok: true })
  expect(await check(project, 'inventory/lab.ts')).toMatchObject({ ok: false, diagnostics: [{ file: 'playbooks/site.ts', line: 4 }] })
  expect(await check(project, 'inventory/production.ts')).toEqual({ ok: true, cached: true })
})

test('templates join the check, and syntax that is more than types is refused: each at its own place', async () => {
  const project = tempProject({
    ...plain,
    ...templates({
      undeclared: 'port <%= it.prt %>',
      later: '# text\n  a <% if (it.tls) { %>b <%= it.certificate %><% } %>',
      aBoolean: '\n\n<%= it.tls %>',
      whole: '<%~ it -%>\n',
      right: `port <%= it.port %>\n<% if (it.tls) { -%>\ntls <%= it.tls ? 'on' : 'off' %>\n<% } else { -%>\nplain\n<% } -%>\n`,
    }),
    'playbooks/site.ts': `${emptyPlaybook()}enum Colour { Red }\n`,
  })
  const verdict = await check(project)
  const places = verdict.ok ? [] : verdict.diagnostics.map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`)
  expect(places.sort()).toEqual([
    'playbooks/site.ts:6:6 TS1294',
    'templates/aBoolean.eta:3:5 TS2345',
    'templates/later.eta:2:33 TS2339',
    'templates/undeclared.eta:1:13 TS2551',
    'templates/whole.eta:1:5 TS2345',
  ])
})

test('a change of a template is checked anew; a boolean it would print is told with what a template prints', async () => {
  const project = tempProject({ ...plain, ...templates({ conf: '<%= it.port %>' }) })
  expect(await check(project)).toEqual({ ok: true, cached: false })
  project.write('templates/conf.eta', '<%= it.tls %>')
  expect(await errorOf(project)).toMatchObject({
    details: {
      detail: expect.stringContaining('templates/conf.eta:1:5'),
      fix: expect.stringContaining('A template prints text, numbers and secrets only'),
    },
  })
})

test('a template prints a secret as it prints text, and knows what else it is not', async () => {
  const project = tempProject({
    ...plain,
    'templates/index.ts': `import { defineTemplate, type Secret, value } from 'rollcall'
export const conf = defineTemplate({ file: 'conf.eta', input: { password: value<Secret>() }, data: (given) => given })\n`,
    'templates/conf.eta': '<%= it.password %> <%~ it.password.reveal().length %>',
  })
  expect(await check(project)).toMatchObject({ ok: true })
  project.write('templates/conf.eta', '<%= it.password.length %>')
  expect(await check(project)).toMatchObject({ ok: false, diagnostics: [{ file: 'templates/conf.eta', column: 17 }] })
})

test('a block that is not closed is an error of its template', async () => {
  const project = tempProject({ ...plain, ...templates({ conf: '<% if (it.tls) { %>\nx\n' }) })
  expect(await check(project)).toMatchObject({ ok: false, diagnostics: [{ file: 'templates/conf.eta', code: 'TS1005' }] })
})

test.for([
  [
    'bound by nothing',
    { 'templates/lost.eta': '' },
    { summary: 'A template is bound by no exported defineTemplate', detail: expect.stringContaining('templates/lost.eta') },
  ],
  [
    'not there',
    { 'templates/index.ts': `\n${bind('conf')}`, 'templates/config.eta': '' },
    { summary: 'A template does not exist', at: { file: 'templates/index.ts', line: 2 }, fix: `Did you mean 'templates/config.eta'?` },
  ],
  [
    'with an open tag',
    { ...templates({ conf: 'a\n  <%= it.port' }) },
    { summary: 'A template cannot be read', at: { file: 'templates/conf.eta', line: 2, column: 3 } },
  ],
] as const)('a template that is %s', async ([, files, details]) => {
  expect(await errorOf(tempProject({ ...plain, ...files }))).toMatchObject({ details: { ...details, exitCode: 1 } })
})

describe('by the declarations of a build', () => {
  let types: string
  beforeAll(async () => {
    types = join(ownRoot(), 'dist', (await build(ownRoot())) as string, 'types')
  })
  const checkBuilt = ({ project, path }: TempProject) =>
    typeCheck({ project, files: [path('playbooks/site.ts')], inventory: path('inventory/lab.ts'), types })
  /** Which settings the last check left, and whether those without Node's declarations gave the verdict. */
  const leanOf = ({ path }: TempProject) => {
    const folder = path(join('.rollcall/type-check', readdirSync(path('.rollcall/type-check'))[0]!))
    return [existsSync(join(folder, 'tsconfig.json')), JSON.parse(readFileSync(join(folder, 'verdict.json'), 'utf8')).lean]
  }

  test('what names nothing of Node is checked without its declarations, and remembered', async () => {
    const project = tempProject(plain)
    expect(await checkBuilt(project)).toEqual({ ok: true, cached: false })
    expect(leanOf(project)).toEqual([false, true])
    expect(await checkBuilt(project)).toEqual({ ok: true, cached: true })
    project.write('inventory/lab.ts', twoHosts('alpha', 'gamma'))
    expect(await checkBuilt(project)).toEqual({ ok: true, cached: false })
  })

  test.each([
    ['a global', `console.log(process.platform, new URL('file:///x'), Buffer.from('x'), structuredClone([1]), import.meta.dirname)\n`],
    ['a module', `import { inspect } from 'node:util'\nimport { readFileSync } from 'node:fs'\nvoid [inspect({}), readFileSync]\n`],
    ['a signal', `const signal: AbortSignal = AbortSignal.timeout(1)\nsignal.addEventListener('abort', () => {})\n`],
  ])('what names %s of Node is checked with them, next time at once', async (_, code) => {
    const project = tempProject({ ...plain, 'playbooks/site.ts': `${emptyPlaybook()}${code}` })
    expect(await checkBuilt(project)).toEqual({ ok: true, cached: false })
    expect(leanOf(project)).toEqual([true, false])
    expect(await checkBuilt(project)).toEqual({ ok: true, cached: true })
  })

  test.each([
    ['a global', `const size: number = process.platform\n`],
    [
      'what a template is made from',
      `import { defineTemplate } from 'rollcall'\ndefineTemplate({ input: {}, file: 7, data: () => ({}) })\n`,
    ],
    [
      'a file beside the playbook',
      `import { defineTemplate } from 'rollcall'\ndefineTemplate({ input: {}, file: new Date(), data: () => ({}) })\n`,
    ],
  ])('%s of a wrong type is refused', async (_, code) => {
    const project = tempProject({ ...plain, 'playbooks/site.ts': `${emptyPlaybook()}${code}` })
    expect(await checkBuilt(project)).toMatchObject({ ok: false, diagnostics: [{ file: 'playbooks/site.ts' }] })
  })

  test('a package whose declarations need those of Node is checked with them', async () => {
    const project = tempProject({
      ...plain,
      'node_modules/reader/package.json': '{"name":"reader","version":"1.0.0","type":"module","types":"index.d.ts"}',
      'node_modules/reader/index.d.ts': `import type { Readable } from 'node:stream'\nexport declare function read(from: Readable): string\n`,
      'node_modules/reader/index.js': `export const read = () => ''\n`,
      'playbooks/site.ts': `${emptyPlaybook()}import { read } from 'reader'\nread(7)\n`,
    })
    expect(await checkBuilt(project)).toMatchObject({ ok: false, diagnostics: [{ code: 'TS2345', line: 7 }] })
  })

  test('the declarations name nothing else of Node', async () => {
    const project = tempProject({ 'globals.d.ts': leanGlobals })
    const compilerOptions = { strict: true, skipLibCheck: false, noEmit: true, types: [], lib: ['es2023'], target: 'es2023' }
    const options = { ...compilerOptions, module: 'nodenext', exactOptionalPropertyTypes: true, allowImportingTsExtensions: true }
    const files = ['index.d.ts', 'testing/index.d.ts'].map((name) => join(types, name))
    project.write('tsconfig.json', JSON.stringify({ compilerOptions: options, files: [...files, 'globals.d.ts'] }))
    const { diagnostics } = parseCompilerOutput(await compile(findCompiler(), project.root, project.path('tsconfig.json')))
    expect(diagnostics).toEqual([])
  })
})
