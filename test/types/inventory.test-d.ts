import { expectTypeOf } from 'expect-type'
import { defineInventory, definePlaybook, file, local } from '../../src/index.ts'

const inventory = defineInventory({
  groups: {
    all: { vars: { domain: 'example.test', port: 80 } },
    web: { vars: { workers: 4, names: ['a'] } },
    db: { vars: { replicas: true } },
  },
  hosts: {
    'web-1': { groups: ['web'], vars: { workers: 8, port: 8080 }, connection: 'local' },
    'web-2': { groups: ['web'], privateIp: '10.0.0.2', connection: local() },
    'db-1': { groups: ['db'], privateIp: '10.0.0.3', connection: local() },
  },
})

definePlaybook('types', inventory, (play) => {
  play('web', { hosts: 'web' }, ({ task }) => {
    task('vars', ({ host }) => {
      expectTypeOf(host.name).toEqualTypeOf<'web-1' | 'web-2'>()
      expectTypeOf(host.vars).toEqualTypeOf<{
        readonly domain: string
        readonly port: number
        readonly workers: number
        readonly names: readonly string[]
      }>()
      expectTypeOf(host.privateIp).toEqualTypeOf<string | undefined>()
      return file({ path: '/a' })
    })
  })
  play('db', { hosts: 'db' }, ({ task }) => {
    task('private address', ({ host }) => {
      expectTypeOf(host.privateIp).toEqualTypeOf<string>()
      return file({ path: '/a' })
    })
  })
})

defineInventory({
  groups: { all: { vars: { port: 80 } }, web: { vars: { workers: 4 } } },
  // @ts-expect-error an override must fit the type its group declares
  hosts: { a: { groups: ['web'], vars: { workers: 'many' } } },
})
defineInventory({
  groups: { all: { connection: 'local' } },
  // @ts-expect-error a connection is made by ssh(), lab() or local(), or is 'local'
  hosts: { a: { groups: [], connection: 'ssh' } },
})
defineInventory({
  groups: { all: { vars: { port: 80 } }, web: {} },
  // @ts-expect-error a group that is not declared
  hosts: { a: { groups: ['wbe'] } },
})
defineInventory({
  // @ts-expect-error a group may override a var of all only with its type
  groups: { all: { vars: { port: 80 } }, web: { vars: { port: 'http' } } },
  hosts: { a: { groups: ['web'] } },
})
