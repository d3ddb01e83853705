import type { ParamsSchema } from './dsl/schema.ts'
import { builtInDefinitions, moduleNamed } from './module-named.ts'

export interface DescribedParameter {
  readonly name: string
  readonly needed: boolean
  readonly description: string
  /** The words it may be, where it is one of a few. */
  readonly values?: readonly string[]
}
/** A built-in module, action, query or controller call. */
export interface DescribedModule {
  readonly name: string
  readonly kind: string
  readonly summary: string
  readonly parameters: readonly DescribedParameter[]
}

interface Described {
  readonly name: string
  readonly summary: string
  readonly kind: string
  readonly params: ParamsSchema
}

/**
 * The built-ins as their own schemas describe them: all, or the one that is asked for.
 * @throws RollcallError (exit 1) for a name there is not, with a suggestion.
 */
export function describeModules(name?: string): readonly DescribedModule[] {
  return (name === undefined ? builtInDefinitions() : [moduleNamed(name)]).map(describe)
}

function describe({ name, kind, summary, params }: Described): DescribedModule {
  const parameters = Object.entries(params.properties).map(([parameter, schema]) => {
    const { description = '', enum: values } = schema as { description?: string; enum?: readonly string[] }
    return { name: parameter, needed: (params.required ?? []).includes(parameter), description, ...(values && { values }) }
  })
  return { name, kind, summary, parameters }
}
