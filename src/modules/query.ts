import { Refusal } from '../dsl/definition.ts'
import { defineQuery } from '../dsl/module.ts'
import { parameters, Type } from '../dsl/schema.ts'
import { probe } from '../resources/probe.ts'
import { fieldsOf, output } from './result-fields.ts'
import { script } from './shared-params.ts'

/** What a script of the user said. */
export interface QueryResult {
  readonly rc: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a read-only script of the user and gives its output. It runs in check mode too: that it only reads is trusted. */
export const query = defineQuery({
  name: 'query',
  summary: 'Read something by a script of your own; runs in check mode too',
  params: parameters({
    script: script('a script made with the sh tag, which must change nothing'),
    okCodes: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), { minItems: 1, description: 'exit codes that are no failure; default [0]' }),
    ),
  }),
  reads: ({ script }) => ({ probe: probe(script) }),
  result: ({ okCodes = [0] }, { probe: { rc, stdout, stderr } }): QueryResult => {
    if (!okCodes.includes(rc))
      throw new Refusal(
        `the query ended with exit code ${rc}${stderr.trim() === '' ? '' : `: ${stderr.trim()}`}`,
        `Where that is no failure, set okCodes: [${[...okCodes, rc].join(', ')}].`,
        { rc, stdout, stderr },
      )
    return { rc, stdout, stderr }
  },
  resultFields: fieldsOf<QueryResult>(output),
})
