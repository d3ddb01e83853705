import { expectTypeOf } from 'expect-type'
import {
  defineGroups,
  defineHosts,
  defineInventory,
  definePlaybook,
  file,
  joinGroups,
  joinHosts,
  jsonFile,
  lab,
  pattern,
  ssh,
  Type,
} from '../../src/index.ts'

const groups = defineGroups({
  all: { vars: { domain: 'example.test' } },
  world: { children: ['eu'], vars: { ntp: '192.0.2.1' } },
  eu: { children: ['web-eu', 'db-eu'], vars: { region: 'eu', retries: 3 } },
  'web-eu': { vars: { port: 80, retries: 5 } },
  'db-eu': {},
  us: {},
})
const eu = defineHosts(groups, {
  'web-1': { groups: ['web-eu'], privateIp: '10.1.0.1', vars: { region: 'eu-west', port: 8080 } },
  'db-1': { groups: ['db-eu'], privateIp: '2001:db8::2' },
})
const us = defineHosts(groups, { 'us-1': { groups: ['us'], connection: ssh({ port: 2222 }) } })
const inventory = defineInventory({ groups, hosts: joinHosts(eu, us, { 'lab-1': { groups: ['us', 'db-eu'], connection: lab() } }) })

definePlaybook('tree', inventory, (play) => {
  play('eu', { hosts: 'eu' }, ({ task }) => {
    task('has the hosts of its children, and the vars of groups above it', ({ host, fleet }) => {
      expectTypeOf(host.name).toEqualTypeOf<'web-1' | 'db-1' | 'lab-1'>()
      expectTypeOf(host.vars).toEqualTypeOf<{
        readonly domain: string
        readonly ntp: string
        readonly region: string
        readonly retries: number
      }>()
      expectTypeOf(fleet.group('world').names).toEqualTypeOf<readonly string[]>()
      for (const node of fleet.group('web-eu')) {
        expectTypeOf(node.name).toEqualTypeOf<'web-1'>()
        expectTypeOf(node.privateIp).toEqualTypeOf<string>()
        expectTypeOf(node.vars).toEqualTypeOf<{
          readonly domain: string
          readonly ntp: string
          readonly region: string
          readonly retries: number
          readonly port: number
        }>()
      }
      // @ts-expect-error a group that no level declares
      fleet.group('wrld')
      // @ts-expect-error a var of a group below
      return file({ path: `/${host.vars.port}` })
    })
  })
})

defineInventory({
  // @ts-expect-error a child that is not declared
  groups: { eu: { children: ['web-uk'] }, 'web-eu': {} },
  hosts: { a: { groups: ['web-eu'] } },
})
defineGroups({
  eu: { children: ['web'], vars: { port: 80 } },
  // @ts-expect-error a group may override a var of a group above it only with its type
  web: { vars: { port: 'http' } },
})
// @ts-expect-error a host may override a var of a group above its own only with its type
defineHosts(groups, { a: { groups: ['web-eu'], vars: { ntp: 1 } } })
// @ts-expect-error a group that is not declared
defineHosts(groups, { a: { groups: ['web-uk'] } })
// @ts-expect-error a setting that there is not
defineHosts(groups, { a: { groups: ['us'], privatIp: '10.0.0.1' } })

const joined = joinGroups(groups, { extra: { children: ['us'], vars: { a: 1 } } })
const together = defineInventory({ groups: joined, hosts: us })
definePlaybook('joined', together, (play) => {
  play('extra', { hosts: 'extra' }, ({ task }) => {
    task('vars', ({ host }) => {
      expectTypeOf(host.name).toEqualTypeOf<'us-1'>()
      expectTypeOf(host.vars).toEqualTypeOf<{ readonly domain: string; readonly a: number }>()
      return file({ path: '/a' })
    })
  })
})

const release = Type.Object({ release: Type.String(), env: Type.Union([Type.Literal('prod'), Type.Literal('test')]) })
const withSchema = defineInventory({
  groups: {
    all: { schema: Type.Object({ owner: Type.Optional(Type.String()) }) },
    app: { children: ['web'], schema: release, vars: { release: '1.0' } },
    web: { schema: Type.Object({ peers: Type.Array(Type.Object({ name: Type.String(), port: Type.Integer() })) }) },
  },
  hosts: { a: { groups: ['web'], vars: { env: 'test', peers: [{ name: 'b', port: 1 }], owner: 'ops' } } },
  overridable: ['release', 'env'],
})
definePlaybook('schema', withSchema, (play) => {
  play('web', { hosts: 'web' }, ({ task }) => {
    task('vars', ({ host }) => {
      expectTypeOf(host.vars.env).toEqualTypeOf<'prod' | 'test'>()
      expectTypeOf(host.vars.release).toEqualTypeOf<string>()
      expectTypeOf(host.vars.owner).toEqualTypeOf<string | undefined>()
      expectTypeOf(host.vars.peers).toEqualTypeOf<readonly { readonly name: string; readonly port: number }[]>()
      return file({ path: '/a' })
    })
  })
})
defineInventory({
  groups: { app: { schema: release } },
  // @ts-expect-error a var has the type that the schema of a group gives it
  hosts: { a: { groups: ['app'], vars: { env: 'staging' } } },
})
defineInventory({
  // @ts-expect-error and so has one of the group itself
  groups: { app: { schema: release, vars: { release: 7 } } },
  hosts: { a: { groups: ['app'] } },
})

const sourced = defineInventory({
  groups: { all: { vars: { domain: 'example.test' } }, web: { vars: { port: 80 } }, db: {} },
  hosts: { 'lb-1': { groups: ['db'], privateIp: '10.0.0.1' } },
  sources: [jsonFile({ path: 'hosts.json' }), async () => ({ hosts: { a: { groups: ['web'] } } })],
})
definePlaybook('sourced', sourced, (play) => {
  play('web', { hosts: 'web' }, ({ task }) => {
    task('vars stay typed, and any name may be a host', ({ host, fleet }) => {
      expectTypeOf(host.vars).toEqualTypeOf<{ readonly domain: string; readonly port: number }>()
      expectTypeOf(host.privateIp).toEqualTypeOf<string | undefined>()
      expectTypeOf(fleet.host('told-by-a-source').vars).toEqualTypeOf<{ readonly domain: string }>()
      // @ts-expect-error a group is declared in code
      fleet.group('wbe')
      return file({ path: `/${host.name}` })
    })
  })
  play('declared', { hosts: 'lb-1' }, () => {})
  play('told', { hosts: pattern('told-by-a-source') }, () => {})
  // @ts-expect-error a name that is neither a group nor a declared host: a slip, or a host for pattern()
  play('slip', { hosts: 'wbe' }, () => {})
})
