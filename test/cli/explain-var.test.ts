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
