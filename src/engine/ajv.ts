import { createRequire } from 'node:module'
import type { Ajv } from 'ajv'
import { instanceClasses } from '../dsl/schema.ts'

let loaded: Ajv | undefined
/** Ajv with our keywords, loaded when first asked for. */
export function theAjv(): Ajv {
  loaded ??= loadAjv()
  return loaded
}

/** At once, as evaluation cannot wait; so both stay in node_modules. */
function loadAjv(): Ajv {
  const require = createRequire(import.meta.url)
  const ajv: Ajv = new (require('ajv') as typeof import('ajv')).Ajv({ allErrors: true, strict: true, allowUnionTypes: true, verbose: true })
  ;(require('ajv-formats') as typeof import('ajv-formats').default)(ajv)
  ajv.addKeyword({
    keyword: 'instanceOf',
    schemaType: 'string',
    validate: (name: string, data: unknown) => {
      const of = instanceClasses.get(name)
      return of !== undefined && data instanceof of
    },
    error: { message: (context) => `must be a ${String(context.schema)}` },
  })
  ajv.addKeyword({ keyword: 'instead', schemaType: 'object' }) // Of oneOf; read below.
  return ajv
}
