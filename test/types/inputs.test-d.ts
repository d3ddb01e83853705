import { expectTypeOf } from 'expect-type'
import { defineInventory, definePlaybook, file, input, local, type Secret, Type } from '../../src/index.ts'

const inventory = defineInventory({
  groups: { all: { vars: { domain: 'example.test' } }, web: { vars: { port: 80 } } },
  hosts: { a: { groups: ['web'], connection: local() } },
  overridable: ['port', 'domain'],
})

definePlaybook(
  'inputs',
  inventory,
  {
    inputs: {
      version: input.string({ pattern: '^\\d' }),
      replicas: input.integer({ default: 2 }),
      color: input.oneOf(['blue', 'green'], { default: 'blue' }),
      hosts: input.strings(),
      force: input.boolean({ default: false }),
      note: input.optional(input.string()),
      limits: input.of(Type.Object({ cpu: Type.Number() })),
      token: input.secret(),
    },
  },
  (play, { inputs }) => {
    expectTypeOf(inputs).toEqualTypeOf<{
      readonly version: string
      readonly replicas: number
      readonly color: 'blue' | 'green'
      readonly hosts: readonly string[]
      readonly force: boolean
      readonly note: string | undefined
      readonly limits: { cpu: number }
      readonly token: Secret
    }>()
    play(`release ${inputs.version}`, { hosts: 'web' }, ({ task }) => {
      task('typed as ever', ({ host }) => {
        expectTypeOf(host.vars).toEqualTypeOf<{ readonly domain: string; readonly port: number }>()
        return file({ path: '/a' })
      })
    })
  },
)

defineInventory({
  groups: { web: { vars: { port: 80 } } },
  hosts: { a: { groups: ['web'], connection: local() } },
  // @ts-expect-error only vars of all and of groups can be overridden
  overridable: ['domain'],
})
