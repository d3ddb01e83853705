import type { ErrorObject, ValidateFunction } from 'ajv'
import type { Definition } from '../dsl/definition.ts'
import { redact } from '../util/redact.ts'
import { suggest } from '../util/suggest.ts'
import { theAjv } from './ajv.ts'
import { fits } from './fits.ts'

/** Checks parameters; undefined when they are right, else sentences that name path, value and what was meant. */
export type ParamsValidator = (definition: Definition, params: object) => string | undefined

interface Checks {
  readonly fits: (params: object) => boolean
  ajv?: ValidateFunction
}

/**
 * Parameters that plainly fit are let pass without Ajv (100 ms of CPU to load, 10 more for each schema); it is loaded for the
 * others, to find out and to say what is wrong. Each schema is compiled at its first call.
 */
export function loadValidator(): ParamsValidator {
  const known = new WeakMap<object, Checks>()
  return (definition, params) => {
    let checks = known.get(definition)
    if (!checks) {
      checks = { fits: fits(definition.params) }
      known.set(definition, checks)
    }
    const given = withoutUndefined(params)
    if (checks.fits(given)) return undefined
    checks.ajv ??= theAjv().compile(definition.params)
    if (checks.ajv(given)) return undefined
    return [...new Set(withoutAlternatives(checks.ajv.errors ?? []).map((error) => sentence(error, definition)))].join('\n')
  }
}

/** `x: undefined` means "not given", as in JSON. */
function withoutUndefined(params: object): object {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined))
}

/** Of several kinds of value that are allowed, one sentence names all; where the kind is right, what else is wrong is said. */
function withoutAlternatives(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf')
  return unions.reduce((left, union) => {
    const inUnion = (error: ErrorObject) => error.instancePath === union.instancePath && error.schemaPath.startsWith(`${union.schemaPath}/`)
    const kinds = left.filter((error) => inUnion(error) && ['type', 'instanceOf'].includes(error.keyword))
    const rest = left.filter((error) => error !== union && !kinds.includes(error))
    if (rest.some((error) => inUnion(error) || error.instancePath.startsWith(`${union.instancePath}/`))) {
      // The one word that it may be as well is told by the description, which stands at the union.
      const others = rest.filter(
        (error) => !(inUnion(error) && error.keyword === 'const' && rest.some((each) => each !== error && inUnion(each))),
      )
      const { parentSchema } = union
      return others.map((error) =>
        inUnion(error) && parentSchema ? { ...error, parentSchema: { ...error.parentSchema, ...parentSchema } } : error,
      )
    }
    return [...rest, { ...union, message: `must be ${kinds.map(({ message = '' }) => message.replace(/^must be /, '')).join(' or ')}` }]
  }, errors)
}

function sentence(error: ErrorObject, definition: Definition): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.')
  const where = `${definition.name}${path === '' ? '' : ` ${path}`}`
  const known = Object.keys(definition.params.properties)
  if (error.keyword === 'additionalProperties') {
    const name = String(error.params.additionalProperty)
    const meant = suggest(name, known)
    return `${definition.name} has no parameter '${name}'${meant ? `: did you mean '${meant}'?` : `; it has ${known.join(', ')}`}`
  }
  if (error.keyword === 'required') return `${definition.name} needs the parameter '${String(error.params.missingProperty)}'`
  if (error.keyword === 'enum') {
    const instead = (error.parentSchema as { instead?: { readonly [word: string]: string } }).instead ?? {}
    if (Object.hasOwn(instead, String(error.data))) return `${where} is ${show(error.data)}: ${instead[String(error.data)]}`
    const allowed = (error.params.allowedValues as unknown[]).map(String)
    const meant = suggest(String(error.data), allowed)
    return `${where} is ${show(error.data)}, it must be one of ${allowed.join(', ')}${meant ? `: did you mean '${meant}'?` : ''}`
  }
  const description = (error.parentSchema as { description?: string } | undefined)?.description
  // What an expression means is said by the description; the expression itself helps nobody.
  if (error.keyword === 'pattern' && description) return `${where} is ${show(error.data)}, which does not fit: ${description}`
  return `${where} is ${show(error.data)}, it ${error.message ?? 'is wrong'}${description ? ` (${description})` : ''}`
}

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype)
    return `a ${value.constructor.name}`
  const text = redact(JSON.stringify(value) ?? String(value))
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
