import { Secret } from '../../util/secret.ts'
import { keyCode } from './code.ts'

/** The schema that all of these values fit, as code. */
export function schemaCode(values: readonly unknown[]): string {
  const kinds = new Set<string>()
  const [lists, objects]: [unknown[], Record<string, unknown>[]] = [[], []]
  let hasList = false
  for (const value of values) {
    if (value === null) kinds.add('Type.Null()')
    else if (value instanceof Secret) kinds.add(`instanceOf('Secret', Secret, 'a secret')`)
    else if (Array.isArray(value)) {
      hasList = true
      lists.push(...value)
    } else if (typeof value === 'object') objects.push(value as Record<string, unknown>)
    else
      kinds.add({ string: 'Type.String()', number: 'Type.Number()', boolean: 'Type.Boolean()' }[typeof value as string] ?? 'Type.Unknown()')
  }
  if (hasList) kinds.add(`Type.Array(${lists.length === 0 ? 'Type.Never()' : schemaCode(lists)})`)
  if (objects.length > 0) kinds.add(`Type.Object(${fieldsCode(objects)})`)
  return kinds.size === 1 ? [...kinds][0]! : `Type.Union([${[...kinds].join(', ')}])`
}

/** Fields of objects; one that some of them lack is optional. `more`: further values of some, which must fit too. */
export function fieldsCode(
  objects: readonly Readonly<Record<string, unknown>>[],
  more: (name: string) => readonly unknown[] = () => [],
): string {
  const values = new Map<string, unknown[]>()
  for (const object of objects) for (const [name, value] of Object.entries(object)) values.set(name, [...(values.get(name) ?? []), value])
  const fields = [...values].map(([name, each]) => {
    const schema = schemaCode([...each, ...more(name)])
    return `${keyCode(name)}: ${each.length < objects.length ? `Type.Optional(${schema})` : schema}`
  })
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
}

/** Whether a value may stand where another is declared, as the compiler sees it. */
export function fitsDeclared(value: unknown, declared: unknown): boolean {
  if (value === null || declared === null) return value === declared
  if (value instanceof Secret || declared instanceof Secret) return value instanceof Secret && declared instanceof Secret
  if (Array.isArray(value) || Array.isArray(declared)) {
    if (!Array.isArray(value) || !Array.isArray(declared)) return false
    return value.every((item) => declared.some((each) => fitsDeclared(item, each)))
  }
  if (typeof value !== 'object' || typeof declared !== 'object') return typeof value === typeof declared
  return Object.entries(declared).every(([name, each]) => name in value && fitsDeclared((value as Record<string, unknown>)[name], each))
}
