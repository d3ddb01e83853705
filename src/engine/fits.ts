import { instanceClasses } from '../dsl/schema.ts'

type Check = (value: unknown) => boolean
type Schema = { readonly [keyword: string]: unknown }

/** Says nothing about a value. */
const silent = new Set(['description', 'title', 'examples', 'default', 'deprecated', 'instead'])

/**
 * A check that says yes only where Ajv would. What it does not know, of the schema or of the value, is no: then Ajv is asked,
 * which also says why. Loading and compiling Ajv costs more than the rest of a converged run, and nearly all parameters are right.
 */
export function fits(schema: unknown): Check {
  if (schema === true) return () => true
  if (typeof schema !== 'object' || schema === null) return never
  const checks = Object.keys(schema).flatMap((keyword) => (silent.has(keyword) ? [] : checkOf(keyword, schema as Schema)))
  return (value) => checks.every((check) => check(value))
}

const never: Check = () => false

function checkOf(keyword: string, schema: Schema): Check {
  const make = Object.hasOwn(keywords, keyword) ? keywords[keyword] : undefined
  return make?.(schema[keyword], schema) ?? never
}

const isObject = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value)
const isScalar = (value: unknown) => value === null || ['string', 'number', 'boolean'].includes(typeof value)
const ofText =
  (check: (text: string) => boolean): Check =>
  (value) =>
    typeof value !== 'string' || check(value)
const ofNumber =
  (check: (number: number) => boolean): Check =>
  (value) =>
    typeof value !== 'number' || check(value)
const ofList =
  (check: (list: readonly unknown[]) => boolean): Check =>
  (value) =>
    !Array.isArray(value) || check(value)

const types: { readonly [name: string]: Check } = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  number: Number.isFinite,
  integer: Number.isInteger,
  array: Array.isArray,
  object: isObject,
}

/** As Ajv has it: a keyword of another type than the value's says nothing, and inherited properties count. */
const keywords: { readonly [keyword: string]: (given: any, schema: Schema) => Check } = {
  type: (name: unknown) => (typeof name === 'string' && Object.hasOwn(types, name) ? types[name]! : never),
  enum: (values: readonly unknown[]) => (value) => isScalar(value) && values.includes(value),
  const: (wanted: unknown) => (value) => isScalar(value) && value === wanted,
  instanceOf: (name: string) => {
    const of = instanceClasses.get(name)
    return of === undefined ? never : (value) => value instanceof of
  },
  anyOf: (schemas: readonly unknown[]) => {
    const each = schemas.map(fits)
    return (value) => each.some((check) => check(value))
  },
  minLength: (least: number) => ofText((text) => text.length >= 2 * least || [...text].length >= least),
  maxLength: (most: number) => ofText((text) => text.length <= most),
  pattern: (source: string) => {
    const pattern = new RegExp(source, 'u')
    return ofText((text) => pattern.test(text))
  },
  minimum: (least: number) => ofNumber((number) => number >= least),
  maximum: (most: number) => ofNumber((number) => number <= most),
  exclusiveMinimum: (least: number) => ofNumber((number) => number > least),
  exclusiveMaximum: (most: number) => ofNumber((number) => number < most),
  minItems: (least: number) => ofList((list) => list.length >= least),
  maxItems: (most: number) => ofList((list) => list.length <= most),
  items: (schema: unknown) => {
    const check = fits(schema)
    return ofList((list) => Array.from(list).every(check))
  },
  required: (names: readonly string[]) => (value) => !isObject(value) || names.every((name) => value[name] !== undefined),
  properties: (schemas: Schema) => {
    const each = Object.entries(schemas).map(([name, schema]) => [name, fits(schema)] as const)
    return (value) => !isObject(value) || each.every(([name, check]) => value[name] === undefined || check(value[name]))
  },
  patternProperties: (schemas: Schema) => {
    const each = Object.entries(schemas).map(([source, schema]) => [new RegExp(source, 'u'), fits(schema)] as const)
    return (value) => !isObject(value) || namesOf(value).every((name) => each.every(([of, check]) => !of.test(name) || check(value[name])))
  },
  additionalProperties: (schema: unknown, { properties = {}, patternProperties = {} }) => {
    const check = schema === false ? never : fits(schema)
    const named = new Set(Object.keys(properties as object))
    const matched = Object.keys(patternProperties as object).map((source) => new RegExp(source, 'u'))
    const isOther = (name: string) => !named.has(name) && !matched.some((pattern) => pattern.test(name))
    return (value) => !isObject(value) || namesOf(value).every((name) => !isOther(name) || check(value[name]))
  },
}

function namesOf(value: object): readonly string[] {
  const names: string[] = []
  for (const name in value) names.push(name)
  return names
}
