import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Definition } from '../../src/dsl/definition.ts'
import { instanceOf, oneOf, parameters, Type } from '../../src/dsl/schema.ts'
import { theAjv } from '../../src/engine/ajv.ts'
import { fits } from '../../src/engine/fits.ts'
import * as modules from '../../src/modules/index.ts'
import { Secret } from '../../src/util/secret.ts'
import { Script, sh } from '../../src/util/sh.ts'
import { chance } from '../helpers/chance.ts'
import { caseFiles } from '../modules/case-files.ts'

const definitions = Object.values(modules).map(({ definition }) => definition as unknown as Definition)

/** Values that stand at the edges of what schemas tell apart. */
const anything = fc.oneof(
  fc.constantFrom<unknown>('', 'present', '0644', '/a', '/a.deb', 'a\nb', '5', '😀', '-1d', 'root', '*', '{mark}', 'http://a.test/'),
  fc.constantFrom<unknown>(0, 1, -1, 0.5, 22, 65_536, Number.NaN, Number.POSITIVE_INFINITY, true, false, null, undefined),
  fc.constantFrom<unknown>(/a/, new Secret('hush hush'), sh`true`, new Uint8Array(2), new URL('file:///x'), new Date(0), () => 'x'),
  fc.string(),
  fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(/a/), fc.constant(undefined)), { maxLength: 3 }),
  fc.dictionary(fc.string({ maxLength: 4 }), fc.oneof(fc.string(), fc.integer(), fc.constant(undefined)), { maxKeys: 3 }),
)

/** Values made for a schema, so that whole sets of parameters often fit. */
function madeFor(schema: any): fc.Arbitrary<unknown> {
  if (Array.isArray(schema.anyOf)) return fc.oneof(...schema.anyOf.map(madeFor))
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum)
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.instanceOf === 'Script') return fc.constant(sh`true`)
  if (schema.type === 'boolean') return fc.boolean()
  if (schema.type === 'integer') return fc.integer({ min: -3, max: 300 })
  if (schema.type === 'number') return fc.constantFrom(0, 0.5, 3, -1)
  if (schema.type === 'array') return fc.array(schema.items ? madeFor(schema.items) : anything, { maxLength: 3 })
  if (schema.type === 'string') return fc.constantFrom('a', '/a', '0644', '', 'a b', '/a.deb')
  return anything
}

test.each(definitions.map((definition) => [definition.name, definition] as const))(
  '%s: what plainly fits is right for Ajv, too',
  (_, { params }) => {
    const check = fits(params)
    const ajv = theAjv().compile(params)
    const some = fc.record(
      Object.fromEntries(
        Object.entries(params.properties).map(([name, schema]) => [name, fc.oneof({ weight: 4, arbitrary: madeFor(schema) }, anything)]),
      ),
      { requiredKeys: [...(params.required ?? [])] },
    )
    const withMore = fc.tuple(some, fc.dictionary(fc.string(), anything, { maxKeys: 1 })).map(([of, more]) => ({ ...more, ...of }))
    fc.assert(
      fc.property(fc.oneof({ weight: 5, arbitrary: some }, withMore, anything), (value) => {
        if (check(value)) expect(ajv(value), JSON.stringify(ajv.errors)).toBe(true)
      }),
      chance(300),
    )
  },
)

test('the parameters of all law cases fit plainly where they are right, so that a run needs no Ajv', async () => {
  let tried = 0
  for (const [name, { cases = [], systemCases = [], labCases = [] }] of await caseFiles()) {
    if (name === 'git') continue // Its cases look into a repository.
    for (const { call } of [...cases, ...systemCases, ...labCases]) {
      const { definition, params } = call('/r', 'word')
      const given = Object.fromEntries(Object.entries(params as object).filter(([, value]) => value !== undefined))
      tried += 1
      expect(fits((definition as Definition).params)(given)).toBe(theAjv().validate((definition as Definition).params, given))
    }
  }
  expect(tried).toBeGreaterThan(100)
})

describe('what it does not know is no, for Ajv to decide', () => {
  test.each<[string, object, unknown]>([
    ['a format', Type.String({ format: 'ipv4' }), '192.0.2.1'],
    ['a reference', { $ref: '#' }, 'x'],
    ['a negation', { not: { type: 'string' } }, 5],
    ['exactly one of several', { oneOf: [{ type: 'string' }] }, 'x'],
    ['a class that nobody registered', { instanceOf: 'Nonsense' }, new Date()],
    ['a keyword like a property of every object', { constructor: 5 }, 'x'],
    ['a list of types', { type: ['string', 'null'] }, 'x'],
    ['an object among the allowed', { enum: [{ a: 1 }] }, { a: 1 }],
    ['no schema', null as never, 'x'],
  ])('%s', (_, schema, value) => expect(fits(schema)(value)).toBe(false))

  test.each<[unknown, boolean]>([
    [{ state: 'on', list: ['a'], script: sh`x` }, true],
    [{ state: 'on', list: [] }, false],
    [{ state: 'off' }, false],
    [{ state: 'on', other: 1 }, false],
    [{ state: undefined }, false],
    [{ state: 'on', other: undefined }, false],
    [Object.assign(Object.create({ inherited: 1 }), { state: 'on' }), false],
    [{ state: 'on', list: [undefined, 'a'] }, false],
    [['on'], false],
  ])('%j: %s', (value, fit) => {
    const schema = parameters({
      state: oneOf(['on']),
      list: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
      script: Type.Optional(instanceOf('Script', Script)),
    })
    expect([fits(schema)(value), theAjv().validate(schema, value)]).toEqual([fit, fit])
  })
})
