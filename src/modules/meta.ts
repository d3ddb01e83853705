import type { MetaAction } from '../dsl/definition.ts'
import { defineControllerCall } from '../dsl/module.ts'
import { oneOf, parameters } from '../dsl/schema.ts'
import { fieldsOf } from './result-fields.ts'

const actions = [
  'endHost',
  'endBatch',
  'endPlay',
  'clearHostErrors',
  'resetConnection',
  'refreshInventory',
  'noop',
] as const satisfies readonly MetaAction[]

interface MetaResult {
  readonly action: MetaAction
  readonly msg?: string
}

/** Steers the run itself. Put the condition in `when`. */
export const meta = defineControllerCall({
  name: 'meta',
  summary: 'Steer the run itself: end it for a host, a batch or a play, forget failures, connect anew, ask for the inventory again',
  params: parameters({
    action: oneOf(actions, {
      description:
        'endHost: no further task of this play on this host; endBatch, endPlay: on none of the batch, or of the play. Handlers notified so far run all the same. clearHostErrors: hosts of the play that failed or were lost go on. resetConnection: the next task connects anew. refreshInventory: sources of the inventory are asked again, whatever is kept of them, and later plays have the hosts that they tell now. noop: nothing',
      instead: {
        flushHandlers: 'flushHandlers() of the play does that',
        endRole: 'give the tasks of a service module a block, and a condition to that',
      },
    }),
  }),
  run: async ({ action }, mode): Promise<MetaResult> => {
    const msg = await mode.meta?.(action)
    return { action, ...(msg !== undefined && { msg }) }
  },
  resultFields: fieldsOf<MetaResult>({ action: 'what was done', msg: 'of refreshInventory, on one host: what has come and gone' }),
})
