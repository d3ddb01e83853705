import { expect, test } from 'vitest'
import { typeCheck, typeCheckPlaybook } from '../../src/load/type-check.ts'
import { emptyPlaybook, type TempProject, tempProject, twoHosts } from '../helpers/project.ts'

const check = ({ project, path }: TempProject, inventory = 'inventory/lab.ts') =>
  typeCheck({ project, files: [path('playbooks/site.ts')], inventory: path(inventory) })

const errorOf = ({ project, path }: TempProject) =>
  typeCheckPlaybook(project, { playbook: path('playbooks/site.ts'), inventory: path('inventory/lab.ts') }).then(
    () => undefined,
    (error: unknown) => error,
  )

const plain = { 'inventory/lab.ts': twoHosts(), 'playbooks/site.ts': emptyPlaybook() }

const template = (data: string) => `import { defineTemplate, value } from 'rollcall'
export const conf = defineTemplate({
  input: { port: value<number>(), tls: value<boolean>() },
  file: 'conf.eta',
  data: (${data}) => (${data}),
})
`

test('a right playbook passes, the second time from memory', async () => {
  const project = tempProject(plain)
  expect(await check(project)).toEqual({ ok: true, cached: false })
  expect(await check(project)).toEqual({ ok: true, cached: true })
})

test.for([
  ['the playbook', 'playbooks/site.ts', `${emptyPlaybook()}\n// changed\n`],
  ['the inventory', 'inventory/lab.ts', twoHosts('alpha', 'gamma')],
  ['package.json', 'package.json', '{"name":"fixture","type":"module","rollcall":{}}'],
] as const)('a change of %s is checked anew', async ([, file, text]) => {
  const project = tempProject(plain)
  await check(project)
  project.write(file, text)
  expect(await check(project)).toEqual({ ok: true, cached: false })
})

test('a wrong playbook is reported at its own line, and is not remembered as right', async () => {
  const project = tempProject({ ...plain, 'playbooks/site.ts': emptyPlaybook('wbe') })
  const verdict = await check(project)
  expect(verdict).toMatchObject({ ok: false, diagnostics: [{ file: 'playbooks/site.ts', line: 4, column: 21, code: 'TS2322' }] })
  expect(await check(project)).toEqual(verdict)
  expect(await errorOf(project)).toMatchObject({
    details: {
      summary: 'The playbook does not compile',
      detail: expect.stringMatching(
        /^playbooks\/site\.ts:4:21 Type '"wbe"' is not assignable[\s\S]*> 4 \| {3}play\('nothing', \{ hosts: 'wbe' \}, \(\) => \{\}\)\n +\| {21}\^/,
      ),
      exitCode: 1,
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

test('syntax that is more than types is refused', async () => {
  const project = tempProject({ ...plain, 'playbooks/site.ts': `${emptyPlaybook()}enum Colour { Red }\n` })
  expect(await check(project)).toMatchObject({ ok: false, diagnostics: [{ file: 'playbooks/site.ts', line: 6, code: 'TS1294' }] })
})

test.for([
  ['an undeclared name', 'port <%= it.prt %>', { line: 1, column: 13, code: 'TS2551' }],
  ['its place on a later line', '# text\n  a <% if (it.tls) { %>b <%= it.certificate %><% } %>', { line: 2, column: 33, code: 'TS2339' }],
  ['a boolean that would be printed', '\n\n<%= it.tls %>', { line: 3, column: 5, code: 'TS2345' }],
  ['a whole object', '<%~ it -%>\n', { line: 1, column: 5, code: 'TS2345' }],
  ['a block that is not closed', '<% if (it.tls) { %>\nx\n', { code: 'TS1005' }],
] as const)('a template joins the check: %s', async ([, eta, diagnostic]) => {
  const project = tempProject({ ...plain, 'templates/index.ts': template('{ port, tls }'), 'templates/conf.eta': eta })
  expect(await check(project)).toMatchObject({ ok: false, diagnostics: [{ file: 'templates/conf.eta', ...diagnostic }] })
})

test('a right template passes; a change of it is checked anew', async () => {
  const project = tempProject({
    ...plain,
    'templates/index.ts': template('{ port, tls }'),
    'templates/conf.eta': `port <%= it.port %>\n<% if (it.tls) { -%>\ntls <%= it.tls ? 'on' : 'off' %>\n<% } else { -%>\nplain\n<% } -%>\n`,
  })
  expect(await check(project)).toEqual({ ok: true, cached: false })
  expect(await check(project)).toEqual({ ok: true, cached: true })
  project.write('templates/conf.eta', '<%= it.nothing %>')
  expect(await check(project)).toMatchObject({ ok: false })
})

test('the message about a printed boolean says what a template prints', async () => {
  const project = tempProject({ ...plain, 'templates/index.ts': template('{ port, tls }'), 'templates/conf.eta': '<%= it.tls %>' })
  expect(await errorOf(project)).toMatchObject({
    details: {
      detail: expect.stringContaining('templates/conf.eta:1:5'),
      fix: expect.stringContaining('A template prints text and numbers only'),
    },
  })
})

test.for([
  [
    'bound by nothing',
    { 'templates/lost.eta': '' },
    { summary: 'A template is bound by no exported defineTemplate', detail: expect.stringContaining('templates/lost.eta') },
  ],
  [
    'not there',
    { 'templates/index.ts': template('{ port, tls }'), 'templates/config.eta': '' },
    { summary: 'A template does not exist', at: { file: 'templates/index.ts', line: 2 }, fix: `Did you mean 'templates/config.eta'?` },
  ],
  [
    'with an open tag',
    { 'templates/index.ts': template('{ port, tls }'), 'templates/conf.eta': 'a\n  <%= it.port' },
    { summary: 'A template cannot be read', at: { file: 'templates/conf.eta', line: 2, column: 3 } },
  ],
] as const)('a template that is %s', async ([, files, details]) => {
  expect(await errorOf(tempProject({ ...plain, ...files }))).toMatchObject({ details: { ...details, exitCode: 1 } })
})
