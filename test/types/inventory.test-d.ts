import { expectTypeOf } from 'expect-type'
import { copy, defineInventory, definePlaybook, defineSecrets, file, local, Secret, sealed, secretFromEnv } from '../../src/index.ts'

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

const secrets = defineSecrets({ file: 'secrets/lab.age', names: ['first', 'second'] })
expectTypeOf(secrets).toEqualTypeOf<{ readonly first: Secret; readonly second: Secret }>()
// @ts-expect-error a name that was not asked for
secrets.third
expectTypeOf(secretFromEnv('NAME')).toEqualTypeOf<Secret>()
expectTypeOf(sealed`a ${secrets.first} ${1} ${'b'}`).toEqualTypeOf<Secret>()
// @ts-expect-error nothing else has a text
sealed`a ${true}`

const withSecrets = defineInventory({
  groups: { all: { vars: { token: secrets.first, deep: { list: [secrets.second] } } }, web: {} },
  hosts: { a: { groups: ['web'], vars: { token: new Secret('x') }, connection: local() } },
})
definePlaybook('secrets', withSecrets, (play) => {
  play('web', { hosts: 'web' }, ({ task }) => {
    task('vars', ({ host }) => {
      expectTypeOf(host.vars).toEqualTypeOf<{ readonly token: Secret; readonly deep: { readonly list: readonly Secret[] } }>()
      return copy({ dest: '/a', content: host.vars.token })
    })
    // @ts-expect-error a secret is no text where it would be shown
    task('path', copy({ dest: secrets.first, content: '' }))
  })
})
