import type { InputDeclaration } from '../model/input.ts'
import type { Vars } from '../model/inventory.ts'
import { Secret } from '../util/secret.ts'
import { suggest } from '../util/suggest.ts'
import type { GroupDefinitions } from './inventory-types.ts'
import type { Fail } from './wrong-inventory.ts'

/** Each var that `-e` may override, with the type that its value in the inventory has. */
export function overridableVars(names: readonly string[], groups: GroupDefinitions, fail: Fail): ReadonlyMap<string, InputDeclaration> {
  const values = new Map<string, unknown>()
  const levels: readonly (Vars | undefined)[] = [groups.all?.vars, ...Object.values(groups).map(({ vars }) => vars)]
  for (const vars of levels)
    for (const [name, value] of Object.entries(vars ?? {})) if (!values.has(name) || values.get(name) === undefined) values.set(name, value)
  // A schema says more of a var than the value that it has.
  const declared: Readonly<Record<string, unknown>> = Object.assign({}, ...Object.values(groups).map(({ schema }) => schema?.properties))
  return new Map(
    names.flatMap((name) => {
      const value = values.get(name)
      const meant = suggest(name, [...values.keys(), ...Object.keys(declared)])
      if (value === undefined && declared[name] === undefined)
        fail({
          detail: `overridable names '${name}', and neither all nor a group sets such a var`,
          fix: meant
            ? `Did you mean '${meant}'?`
            : `Give it its usual value, which says its type:\ngroups: { all: { vars: { ${name}: … } } }`,
          keys: ['overridable'],
        })
      const schema = (declared[name] as Schema | undefined) ?? schemaOf(value)
      if (schema === undefined)
        fail({
          detail: `the var '${name}' cannot be overridden`,
          fix: 'Only text, numbers, booleans, secrets, and lists and objects of these can.',
          keys: ['overridable'],
        })
      const secret = value instanceof Secret || (schema as { readonly instanceOf?: unknown } | undefined)?.instanceOf === 'Secret'
      return [
        [name, { kind: 'input', schema: (secret ? { type: 'string', minLength: 1 } : schema) ?? {}, secret, optional: false }] as const,
      ]
    }),
  )
}

type Schema = InputDeclaration['schema']

/** What values of the same type look like; undefined where none could be written down. */
export function schemaOf(value: unknown): Schema | undefined {
  if (value instanceof Secret) return { instanceOf: 'Secret' }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return { type: typeof value }
  if (Array.isArray(value)) {
    const items = value.map(schemaOf)
    if (items.includes(undefined)) return undefined
    const different = [...new Map(items.map((each) => [JSON.stringify(each), each!])).values()]
    return { type: 'array', ...(different.length > 0 && { items: different.length === 1 ? different[0] : { anyOf: different } }) }
  }
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return undefined
  const properties = Object.entries(value).map(([name, inner]) => [name, schemaOf(inner)] as const)
  if (properties.some(([, schema]) => schema === undefined)) return undefined
  return { type: 'object', properties: Object.fromEntries(properties), required: Object.keys(value), additionalProperties: false }
}
