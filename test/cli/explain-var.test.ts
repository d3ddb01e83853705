import { describe, expect, test } from 'vitest'
import type { ExplainedVars } from '../../src/explain-var.ts'
import { rollcall } from '../helpers/cli.ts'
import { emptyPlaybook, tempProject } from '../helpers/project.ts'

const inventory = `import { defineInventory, local, Secret } from 'rollcall'
import { shared } from './shared.ts'
const common = { owner: 'ops' }
const inZone = (zone: string) => ({ zone })
type Port = number
export const inventory = defineInventory({
  groups: {
    all: { vars: { port: 80, ...common } },
    web: { vars: { port: 8080 as Port, token: new Secret('s3cret-value') } },
    edge: { vars: { ...inZone('z'), ...shared, port: 8080 } },
  },
  hosts: {
    alpha: { groups: ['web', 'edge'], vars: { port: 8443 }, connection: local() },
    beta: { groups: ['web', 'edge'], connection: local() },
    gamma: { groups: [], connection: local() },
  },
})
`
const shared = `export const shared = { region: 'north' }\n`
const project = (more: Readonly<Record<string, string>> = {}) =>
  tempProject({ 'inventory/lab.ts': inventory, 'inventory/shared.ts': shared, 'playbooks/site.ts': emptyPlaybook(), ...more }).root
const explain = async (...args: readonly string[]) => rollcall(['explain', 'var', ...args], { cwd: project() })

describe('explain var', () => {
  test('says where a value comes from and what it overrides, nearest first', async () => {
    const { code, stdout, stderr } = await explain('alpha', 'port', '--json')
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toEqual({
      inventory: 'inventory/lab.ts',
      host: 'alpha',
      vars: [
        {
          name: 'port',
          from: 'host',
          value: 8443,
          at: 'inventory/lab.ts:13:47',
          exact: true,
          overrides: [
            { from: 'group edge', value: 8080, at: 'inventory/lab.ts:10:48', exact: true },
            { from: 'group web', value: 8080, at: 'inventory/lab.ts:9:20', exact: true },
            { from: 'all', value: 80, at: 'inventory/lab.ts:8:20', exact: true },
          ],
        },
      ],
    } satisfies ExplainedVars)
  })
  test('lists every var of a host for people; secrets stay hidden, and what is not written out says so', async () => {
    const { stdout } = await explain('beta')
    expect(stdout).toBe(`vars of beta · inventory inventory/lab.ts
  port    8080      group edge  inventory/lab.ts:10:48
          8080      group web   inventory/lab.ts:9:20, the same
          80        all         inventory/lab.ts:8:20, overridden
  owner   ops       all         inventory/lab.ts:3:18
  token   [secret]  group web   inventory/lab.ts:9:40
  zone    z         group edge  inventory/lab.ts:10:21 (not written out: it enters here)
  region  north     group edge  inventory/shared.ts:1:25
`)
  })
  test.for<readonly [line: string, says: readonly string[]]>([
    ['alpa', ['There is no such host', "  'alpa' in inventory/lab.ts", "  Did you mean 'alpha'?"]],
    ['alpha prt', ['The host has no such var', "  'prt' of alpha", "  Did you mean 'port'?"]],
    ['gamma zzz', ['The host has no such var', "  'zzz' of gamma", '  There are: port, owner.']],
    ['', ['A word is missing', '  rollcall explain var needs <host> [name]', '  rollcall explain var --help']],
    ['-i lab', ['A word is missing', '  rollcall explain var needs <host> [name]', '  rollcall explain var --help']],
    ['alpha port more', ['There is a word too many', "  'more' in rollcall explain var <host> [name]", '  rollcall explain var --help']],
    ['alpha --tags x', ['There is no such option', '  --tags for rollcall explain var', '  rollcall explain var --help']],
  ])('%s', async ([line, says]) => {
    const { code, stdout, stderr } = await explain(...line.split(' ').filter((word) => word !== ''))
    expect([code, stdout, stderr.trimEnd().split('\n')]).toEqual([1, '', says])
  })
  test('leaves a playbook of that name alone', async () => {
    const root = project({ 'playbooks/var.ts': emptyPlaybook() })
    for (const line of ['var', 'var -i lab', 'var.ts --limit alpha', 'playbooks/var.ts']) {
      const { code, stdout } = await rollcall(['explain', ...line.split(' ')], { cwd: root })
      expect([line, code, stdout.split('\n')[0]]).toEqual([line, 0, 'playbook empty · inventory inventory/lab.ts'])
    }
    expect(JSON.parse((await rollcall(['explain', 'var', 'beta', '--json'], { cwd: root })).stdout)).toMatchObject({ host: 'beta' })
  })
})

const several = {
  'inventory/groups.ts': `import { defineGroups, ssh } from 'rollcall'
export const groups = defineGroups({
  all: { vars: { port: 80 }, connection: ssh({ user: 'deploy' }) },
  eu: { children: ['web'], vars: { port: 8000 } },
  web: { vars: { port: 8080 }, connection: ssh({ port: 2222 }) },
})
`,
  'inventory/eu.ts': `import { defineHosts, Secret, ssh } from 'rollcall'
import { groups } from './groups.ts'
export const eu = defineHosts(groups, {
  'web-1.eu.example': { groups: ['web'], publicIp: '2001:db8::1', vars: { port: 9000 } },
  'web-2.eu.example': { groups: ['web'], connection: ssh({ address: '192.0.2.2', password: new Secret('s3cret-value') }) },
})
`,
  'inventory/lab.ts': `import { defineInventory, joinHosts } from 'rollcall'
import { eu } from './eu.ts'
import { groups } from './groups.ts'
export const inventory = defineInventory({ groups, hosts: joinHosts(eu, { 'lb-1': { groups: ['eu'] } }) })
`,
}

describe('an inventory of several files', () => {
  const run = async (...args: readonly string[]) => rollcall(args, { cwd: project(several) })
  test('explain <host>.<var> tells the line of each file', async () => {
    const { code, stdout, stderr } = await run('explain', 'web-1.eu.example.port')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toBe(`vars of web-1.eu.example · inventory inventory/lab.ts
  port  9000  host       inventory/eu.ts:4:75
        8080  group web  inventory/groups.ts:5:18, overridden
        8000  group eu   inventory/groups.ts:4:36, overridden
        80    all        inventory/groups.ts:3:18, overridden
`)
  })
  test('explain <host> --connection tells it of each setting, and no secret', async () => {
    const { code, stdout, stderr } = await run('explain', 'web-2.eu.example', '--connection')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toBe(`connection of web-2.eu.example · inventory inventory/lab.ts
  type      ssh        host       inventory/eu.ts:5:42
            ssh        group web  inventory/groups.ts:5:32, the same
            ssh        all        inventory/groups.ts:3:30, the same
  user      deploy     all        inventory/groups.ts:3:48
  port      2222       group web  inventory/groups.ts:5:50
  address   192.0.2.2  host       inventory/eu.ts:5:60
  password  [secret]   host       inventory/eu.ts:5:82
`)
    const first = await run('explain', 'web-1.eu.example', '--connection', '--json')
    expect(JSON.parse(first.stdout).connection.at(-1)).toEqual({
      name: 'address',
      from: 'publicIp',
      value: '2001:db8::1',
      at: 'inventory/eu.ts:4:42',
      exact: true,
      overrides: [],
    })
  })
  test.for<readonly [string, readonly string[]]>([
    ['web-1.eu.example.prt', ['The host has no such var', "  'prt' of web-1.eu.example", "  Did you mean 'port'?"]],
    ['web-9.eu.example.port', ['There is no such playbook']],
  ])('explain %s is refused', async ([word, lines]) => {
    const { code, stderr } = await run('explain', word)
    expect(code).toBe(1)
    expect(stderr.split('\n').slice(0, lines.length)).toEqual([...lines])
  })
  test('a host in two files is an error that names both places', async () => {
    const twice = several['inventory/lab.ts'].replace("'lb-1'", "'web-2.eu.example'")
    const { root } = tempProject({ ...several, 'inventory/lab.ts': twice })
    const { code, stderr } = await rollcall(['inventory', 'list'], { cwd: root })
    expect(code).toBe(1)
    expect(stderr.split('\n').slice(0, 3)).toEqual([
      'The inventory is wrong',
      "  host 'web-2.eu.example' is declared twice",
      '  the other one: inventory/eu.ts:5:3',
    ])
    expect(stderr).toContain('inventory/lab.ts:4:')
  })
  test('what is wrong with a host is told at its own line', async () => {
    const eu = several['inventory/eu.ts'].replace('2001:db8::1', '2001:db8::1/64')
    const { root } = tempProject({ ...several, 'inventory/eu.ts': eu })
    const { stderr } = await rollcall(['inventory', 'list'], { cwd: root })
    expect(stderr).toContain("the publicIp '2001:db8::1/64' of host 'web-1.eu.example' is no IP address")
    expect(stderr).toContain('inventory/eu.ts:4:42')
    expect(stderr).toContain("Write the address alone: publicIp: '2001:db8::1'")
  })
})
