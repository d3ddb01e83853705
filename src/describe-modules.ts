import type { ResultFields } from './dsl/definition.ts'
import type { ParamsSchema } from './dsl/schema.ts'
import { builtInDefinitions, moduleNamed } from './module-named.ts'

export interface DescribedParameter {
  readonly name: string
  readonly needed: boolean
  readonly description: string
  /** For people: `string`, `list of strings`, `'present' or 'absent'`, `sh script`. */
  readonly type: string
  /** The words it may be, where it is one of a few. */
  readonly values?: readonly string[]
}
/** A built-in module, action, query or controller call. */
export interface DescribedModule {
  readonly name: string
  readonly kind: string
  readonly summary: string
  readonly parameters: readonly DescribedParameter[]
  /** A call with the parameters that are needed. */
  readonly call: string
  /** What `result(task)` gives, by its names alone. */
  readonly result: string
  /** Of these, what the module itself leaves. */
  readonly resultFields: readonly { readonly name: string; readonly description: string }[]
}

interface Described {
  readonly name: string
  readonly summary: string
  readonly kind: string
  readonly params: ParamsSchema
  readonly resultFields?: ResultFields
}

/**
 * The built-ins as their own schemas describe them: all, or the one that is asked for.
 * @throws RollcallError (exit 1) for a name there is not, with a suggestion.
 */
export function describeModules(name?: string): readonly DescribedModule[] {
  return (name === undefined ? builtInDefinitions() : [moduleNamed(name)]).map(describe)
}

function describe({ name, kind, summary, params, resultFields: fields = {} }: Described): DescribedModule {
  const parameters = Object.entries(params.properties).map(([parameter, schema]) => {
    const { description = '', enum: values } = schema as { description?: string; enum?: readonly string[] }
    return {
      name: parameter,
      needed: (params.required ?? []).includes(parameter),
      type: typeOf(schema as Shown),
      description,
      ...(values && { values }),
    }
  })
  const needed = parameters.filter((parameter) => parameter.needed).map((parameter) => `${parameter.name}: ${sample(parameter)}`)
  const call = needed.length === 0 ? `${name}({ … })` : `${name}({ ${needed.join(', ')} })`
  const resultFields = Object.entries(fields).map(([field, description]) => ({ name: field, description }))
  return { name, kind, summary, parameters, call, result: [...outcome, ...Object.keys(fields)].join(', '), resultFields }
}

/** Of every result. */
const outcome = ['changed', 'skipped', 'failed']

/** The parts of a schema that tell its type. */
interface Shown {
  readonly type?: string
  readonly instanceOf?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Shown[]
  readonly items?: Shown
  readonly patternProperties?: Readonly<Record<string, Shown>>
}

/** Instances by what a user writes for them. */
const instances: Readonly<Record<string, string>> = {
  Script: 'sh script',
  Rendering: 'template call',
  Function: 'function that gives an sh script',
  Uint8Array: 'bytes',
}

function typeOf(schema: Shown): string {
  if (schema.instanceOf !== undefined) return instances[schema.instanceOf] ?? schema.instanceOf
  if (schema.enum) return schema.enum.map((value) => (typeof value === 'string' ? `'${value}'` : String(value))).join(' or ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(' or ')
  if (schema.type === 'array') return `list of ${schema.items ? typeOf(schema.items) : 'value'}s`
  if (schema.type === 'object') return `names and ${Object.values(schema.patternProperties ?? {}).map(typeOf)[0] ?? 'value'}s`
  return schema.type ?? 'any value'
}

function sample({ type }: { readonly type: string }): string {
  if (type.startsWith("'")) return type.split(' or ')[0]!
  if (type.startsWith('sh script')) return 'sh`…`'
  if (type.startsWith('list of')) return '[…]'
  return type.startsWith('string') ? "'…'" : '…'
}
