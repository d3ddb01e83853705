import type { ParamsSchema } from './dsl/schema.ts'
import { RollcallError } from './model/errors.ts'
import * as builtIns from './modules/index.ts'
import { suggest } from './util/suggest.ts'

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
  const all = Object.values(builtIns).map(({ definition }) => describe(definition as unknown as Described))
  if (name === undefined) return all
  const found = all.filter((module) => module.name === name)
  if (found.length > 0) return found
  const known = all.map((module) => module.name)
  const meant = suggest(name, known)
  throw new RollcallError({
    summary: 'There is no such module',
    detail: `'${name}'`,
    fix: meant ? `Did you mean '${meant}'?` : `There are: ${known.join(', ')}.`,
    exitCode: 1,
  })
}

function describe({ name, kind, summary, params }: Described): DescribedModule {
  const parameters = Object.entries(params.properties).map(([parameter, schema]) => {
    const { description = '', enum: values } = schema as { description?: string; enum?: readonly string[] }
    return { name: parameter, needed: (params.required ?? []).includes(parameter), description, ...(values && { values }) }
  })
  return { name, kind, summary, parameters }
}
