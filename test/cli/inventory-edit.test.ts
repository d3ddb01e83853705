import { chmodSync, lstatSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Edited } from '../../src/edit/request.ts'
import { rollcall as cli, startRollcall } from '../helpers/cli.ts'
import { emptyPlaybook, type TempProject, tempProject, twoHosts } from '../helpers/project.ts'

const edit = async ({ root }: TempProject, line: string) => {
  const { code, stdout, stderr } = await cli(['inventory', ...line.split(' ')], { cwd: root })
  return { code, stdout, stderr }
}
const read = ({ path }: TempProject, name = 'inventory/lab.ts') => readFileSync(path(name), 'utf8')
/** What an edit must not leave behind. */
const leftOvers = ({ root }: TempProject) => [
  ...readdirSync(join(root, 'inventory')).filter((name) => name.startsWith('.')),
  ...readdirSync(join(root, '.rollcall')).filter((name) => name.startsWith('edit')),
]

describe('inventory add', () => {
  test('shows what it would write, writes it, and says so as JSON', async () => {
    const project = tempProject({ 'inventory/lab.ts': twoHosts() })
    const line = `    'gamma': { groups: ['web'], privateIp: '10.0.0.3', vars: { port: 8080 }, connection: local() },`
    const command = 'add gamma --group web --private-ip 10.0.0.3 --set port=8080'
    expect(await edit(project, `${command} --check`)).toEqual({
      code: 0,
      stdout: [
        '--- inventory/lab.ts (before)',
        '+++ inventory/lab.ts (after)',
        '@@ -4,5 +4,6 @@',
        '   hosts: {',
        `     'alpha': { groups: ['web'], privateIp: '10.0.0.1', connection: local() },`,
        `     'beta': { groups: ['web'], privateIp: '10.0.0.2', connection: local() },`,
        `+${line}`,
        '   },',
        ' })',
        'would be: gamma is added, in web, by local  inventory/lab.ts',
        '',
      ].join('\n'),
      stderr: '',
    })
    expect(read(project)).toBe(twoHosts())
    const done = await edit(project, `${command} --json`)
    const after = twoHosts().replace('  },\n})', `${line}\n  },\n})`)
    expect(JSON.parse(done.stdout) as Edited).toEqual({
      inventory: 'inventory/lab.ts',
      done: 'gamma is added, in web, by local',
      changed: true,
      check: false,
      files: [{ file: 'inventory/lab.ts', before: twoHosts(), after }],
      notes: [],
      mentions: [],
    })
    expect(read(project)).toBe(after)
    expect(await edit(project, 'set gamma port=8080')).toMatchObject({ code: 0, stdout: 'nothing to change: gamma has port 8080\n' })
    expect((await edit(project, 'remove gamma')).code).toBe(0)
    expect(read(project)).toBe(twoHosts())
    expect(leftOvers(project)).toEqual([])
  })
  test('that does not compile shows the new line, and leaves the file alone', async () => {
    // The inventory's own code wants a private address of each host.
    const text = `import { defineInventory, local } from 'rollcall'
const withAddress = <const T extends { [K in keyof T]: { readonly privateIp: string } }>(hosts: T) => hosts
const hosts = { alpha: { groups: ['web'], privateIp: '10.0.0.1', connection: local() } } as const
withAddress(hosts)
export const inventory = defineInventory({ groups: { web: {} }, hosts })
`
    const project = tempProject({ 'inventory/lab.ts': text })
    const { code, stderr } = await edit(project, 'add gamma --group web')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^The edit was refused, and no file was changed\n {2}The inventory does not compile\n/)
    expect(stderr).toMatch(/inventory\/lab\.ts:4:13 [\s\S]*privateIp[\s\S]*gamma: \{ groups/)
    expect(stderr).not.toContain('.rollcall')
    expect(read(project)).toBe(text)
    expect(leftOvers(project)).toEqual([])
  })
  test('keeps the mode of the file, and a link to it', async () => {
    const project = tempProject({ 'inventory/lab.ts': twoHosts(), 'shared/note.txt': '' })
    renameSync(project.path('inventory/lab.ts'), project.path('shared/lab.ts'))
    chmodSync(project.path('shared/lab.ts'), 0o640)
    symlinkSync('../shared/lab.ts', project.path('inventory/lab.ts'))
    expect(await edit(project, 'add gamma --group web')).toMatchObject({ code: 0, stderr: '' })
    expect(lstatSync(project.path('inventory/lab.ts')).isSymbolicLink()).toBe(true)
    expect(statSync(project.path('shared/lab.ts')).mode & 0o7777).toBe(0o640)
    expect(read(project, 'shared/lab.ts')).toContain('gamma')
  })
})

describe('an inventory of several files', () => {
  const files = {
    'inventory/lab.ts': `import { defineInventory } from 'rollcall'
import { edge } from './parts/edge.ts'
import { groups } from './parts/groups.ts'
import { port } from './port.ts'
export const inventory = defineInventory({
  groups,
  hosts: { ...edge, main: { groups: ['web'], privateIp: '10.0.0.1', vars: { port } } },
})
`,
    'inventory/port.ts': 'export const port = 8443\n',
    'inventory/parts/groups.ts': `export const groups = { all: { vars: { port: 80 } }, web: {}, edge: {} } as const\n`,
    'inventory/parts/edge.ts': `import { readFileSync } from 'node:fs'\nreadFileSync(new URL('../port.ts', import.meta.url))\nexport const edge = {\n  'edge-1': { groups: ['edge'], privateIp: '10.0.0.2' },\n} as const\n`,
  }
  test('is edited where its parts stand', async () => {
    const project = tempProject(files)
    expect(await edit(project, 'add edge-2 --group edge --private-ip 10.0.0.3')).toMatchObject({ code: 0, stderr: '' })
    expect(read(project, 'inventory/parts/edge.ts')).toContain(`  'edge-2': { groups: ['edge'], privateIp: '10.0.0.3' },\n`)
    expect(await edit(project, 'set all port=81')).toMatchObject({ code: 0, stderr: '' })
    expect(read(project, 'inventory/parts/groups.ts')).toBe(files['inventory/parts/groups.ts'].replace('80', '81'))
    const renamed = await edit(project, 'rename edge border')
    expect(renamed).toMatchObject({ code: 0, stderr: '' })
    expect(renamed.stdout).toContain('inventory/lab.ts, 2 files')
    expect(read(project)).toBe(files['inventory/lab.ts'])
    const { stdout } = await edit(project, 'host edge-2 --json')
    expect(JSON.parse(stdout)).toMatchObject({ groups: ['border'], vars: { port: 81 } })
  })
  test('and nothing else may change with it', async () => {
    const shared = `import { defineInventory } from 'rollcall'
const common = { groups: ['web'], vars: { port: 1 } } as const
export const inventory = defineInventory({ groups: { web: { vars: { port: 80 } } }, hosts: { a: common, b: common } })
`
    const project = tempProject({ 'inventory/lab.ts': shared })
    const { code, stderr } = await edit(project, 'set a port=2')
    expect(code).toBe(1)
    expect(stderr).toMatch(/more or less than was meant[\s\S]*port of b: 1 → 2/)
    expect(read(project)).toBe(shared)
  })
})

describe('what names a host', () => {
  const files = {
    'inventory/lab.ts': twoHosts(),
    'inventory/other.ts': twoHosts(),
    'playbooks/site.ts': `// alpha\n${emptyPlaybook('alpha')}`,
    'limits/down': '# alpha is old\nbeta\n!alpha\n',
    'notes.md': 'alpha\n',
  }
  test('keeps it from being removed, and is told where it is forced', async () => {
    const project = tempProject(files)
    const { code, stderr } = await edit(project, 'remove alpha')
    expect([code, stderr.split('\n')]).toEqual([
      1,
      [
        'Playbooks name what would be gone',
        `  'alpha':`,
        '  inventory/other.ts:5 (inventory)',
        '  limits/down:3 (file)',
        '  playbooks/site.ts:5',
        '  Change them first, or add --force. No file was changed.',
        '',
      ],
    ])
    expect(read(project)).toBe(files['inventory/lab.ts'])
    const forced = await edit(project, 'remove alpha --force')
    expect(forced).toMatchObject({ code: 0, stderr: '' })
    expect(forced.stdout.split('\n').filter((line) => line.startsWith('still'))).toEqual([
      'still named in an inventory: inventory/other.ts:5',
      'still named in a file: limits/down:3',
      'still named in a playbook: playbooks/site.ts:5',
    ])
    expect(read(project)).not.toContain('alpha')
  })
  test('does not keep another host', async () => {
    const project = tempProject(files)
    expect((await edit(project, 'rename beta gamma')).code).toBe(0)
    expect(read(project)).toBe(twoHosts('alpha', 'gamma'))
  })
})

test('move tells which vars become others', async () => {
  const project = tempProject({ 'inventory/lab.ts': twoHosts() })
  const { stdout } = await edit(project, 'move beta --from web')
  expect(stdout).toContain('note: port of beta: 80 → (none)\nbeta is in no group but all  inventory/lab.ts\n')
})

test.for([
  ['add x --group wbe', /'wbe' is no group\n {2}Did you mean 'web'\?/],
  ['move alpha', /move needs groups/],
  ['set alpha prot=1', /Did you mean 'port'\?/],
  ['set alpha port=1 -i hosts.ini', /Only typed inventories are edited by command\n {2}hosts\.ini is no TypeScript/],
  ['unset web prot', /prot of web: it has no such var/],
] as const)('%s is refused', async ([command, told]) => {
  const project = tempProject({ 'inventory/lab.ts': twoHosts(), 'hosts.ini': '[web]\nalpha\n' })
  const { code, stdout, stderr } = await edit(project, command)
  expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(told)])
  expect(read(project)).toBe(twoHosts())
})

test('edits at the same time lose none', async () => {
  const project = tempProject({ 'inventory/lab.ts': twoHosts() })
  const names = ['c1', 'c2', 'c3']
  const done = await Promise.all(names.map((name) => edit(project, `add ${name} --group web`)))
  expect(done.map(({ code, stderr }) => [code, stderr])).toEqual(names.map(() => [0, '']))
  for (const name of names) expect(read(project)).toContain(`${name}'`)
  expect(leftOvers(project)).toEqual([])
})

test('an edit that is killed leaves a whole file, and no lock that holds', async () => {
  const project = tempProject({ 'inventory/lab.ts': twoHosts() })
  const whole = [twoHosts(), twoHosts().replace('  },\n})', `    'gamma': { groups: ['web'], connection: local() },\n  },\n})`)]
  // Killed when it has begun: what it makes first is its lock, then its texts aside.
  for (const sign of ['edit.lock', 'edit'])
    await new Promise<void>((resolve, reject) => {
      void startRollcall(['inventory', 'add', 'gamma', '--group', 'web'], { cwd: project.root }).then((child) => {
        const look = setInterval(() => {
          const made = statSync(project.path('.rollcall'), { throwIfNoEntry: false }) ? readdirSync(project.path('.rollcall')) : []
          if (made.includes(sign)) child.kill('SIGKILL')
        }, 1)
        child.once('error', reject)
        child.once('close', () => {
          clearInterval(look)
          resolve()
        })
      })
    })
  expect(whole).toContain(read(project))
  expect((await edit(project, 'set web port=81')).code).toBe(0)
  expect(whole.map((text) => text.replace('80', '81'))).toContain(read(project))
  expect(leftOvers(project)).toEqual([])
})
