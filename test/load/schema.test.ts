import { describe, expect, test } from 'vitest'
import { openInventory } from '../../src/open-inventory.ts'
import { tempProject } from '../helpers/project.ts'

const inventory = (groups: string, hosts: string) => `import { defineInventory, instanceOf, local, Secret, Type } from 'rollcall'
const port = Type.Integer({ minimum: 1, maximum: 65535 })
export const inventory = defineInventory({
  groups: ${groups},
  hosts: { ${hosts} },
} as never)
`
const web = `{ web: { schema: Type.Object({ port, release: Type.String() }, { additionalProperties: false }) }, db: { vars: { size: 3 } } }`
/** Inventories are loaded with their types erased, so what the compiler would refuse gets as far as values from elsewhere. */
const open = async (groups: string, hosts: string) => {
  const { root } = tempProject({ 'inventory/lab.ts': inventory(groups, hosts) })
  return openInventory({ root })
}
const refused = async (...of: Parameters<typeof open>) =>
  open(...of).then(
    () => 'nothing',
    (error: { details: { detail: string } }) => error.details.detail.split('\n'),
  )

describe('vars of every host are held to the schemas of its groups', () => {
  test('those that fit pass, and vars of other groups are none of its business', async () => {
    const { model } = await open(web, `a: { groups: ['web', 'db'], vars: { port: 80, release: '1' } }`)
    expect(model.hosts.get('a')?.vars).toEqual({ size: 3, port: 80, release: '1' })
  })
  test.for<readonly [string, string, string, readonly string[]]>([
    [
      'a value of another type, with the line that sets it',
      web,
      `a: { groups: ['web'], vars: { port: 'http', release: '1' } }`,
      [`host 'a': the var 'port' is "http", it must be integer (group 'web')  inventory/lab.ts:5:42`],
    ],
    [
      'one that is set for all',
      web.replace('{ web', '{ all: { vars: { port: 0 } }, web'),
      `a: { groups: ['web'], vars: { release: '1' } }`,
      [`host 'a': the var 'port' is 0, it must be >= 1 (group 'web')  inventory/lab.ts:4:28`],
    ],
    [
      'a var that is missing, and what is there instead',
      web,
      `a: { groups: ['web'], vars: { port: 80, relase: '1' } }`,
      [`host 'a' lacks the var 'release', which group 'web' asks for; it has 'relase'  inventory/lab.ts:5:12`],
    ],
    [
      'all of them',
      web,
      `a: { groups: ['web'], vars: { port: 80 } }, b: { groups: ['web'], vars: { port: '80', release: '1' } }`,
      [
        `host 'a' lacks the var 'release', which group 'web' asks for  inventory/lab.ts:5:12`,
        `host 'b': the var 'port' is "80", it must be integer (group 'web')  inventory/lab.ts:5:86`,
      ],
    ],
    [
      'a value within another',
      `{ eu: { children: ['web'], schema: Type.Object({ peers: Type.Array(Type.Object({ port })) }) }, web: {} }`,
      `a: { groups: ['web'], vars: { peers: [{ port: 1 }, { port: 'x' }] } }`,
      [`host 'a': the var 'peers.1.port' is "x", it must be integer (group 'eu')  inventory/lab.ts:5:42`],
    ],
    [
      'a secret, which is not told',
      `{ web: { schema: Type.Object({ token: Type.String() }) } }`,
      `a: { groups: ['web'], vars: { token: new Secret('s3cret-value') } }`,
      [`host 'a': the var 'token' is "[secret]", it must be string (group 'web')  inventory/lab.ts:5:42`],
    ],
  ])('%s', async ([, groups, hosts, lines]) => {
    const said = await refused(groups, hosts)
    expect(said).toEqual(expect.arrayContaining([...lines]))
    expect((said as readonly string[]).filter((line) => line.startsWith('host '))).toHaveLength(lines.length)
  })
  test('a secret fits where one is asked for', async () => {
    const groups = `{ web: { schema: Type.Object({ token: instanceOf('Secret', Secret) }) } }`
    await expect(open(groups, `a: { groups: ['web'], vars: { token: new Secret('s3cret-value') } }`)).resolves.toBeDefined()
  })
})
