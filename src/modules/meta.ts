import type { MetaAction } from '../dsl/definition.ts'
import { defineControllerCall } from '../dsl/module.ts'
import { oneOf, parameters } from '../dsl/schema.ts'
import { fieldsOf } from './result-fields.ts'

const actions = ['endHost', 'endBatch', 'endPlay', 'clearHostErrors', 'resetConnection', 'noop'] as const satisfies readonly MetaAction[]

/** Steers the run itself. Put the condition in `when`. */
export const meta = defineControllerCall({
  name: 'meta',
  summary: 'Steer the run itself: end it for a host, a batch or a play, forget failures, connect anew',
  params: parameters({
    action: oneOf(actions, {
      description:
        'endHost: no further task of this play on this host; endBatch, endPlay: on none of the batch, or of the play. Handlers notified so far run all the same. clearHostErrors: hosts of the play that failed or were lost go on. resetConnection: the next task connects anew. noop: nothing',
      instead: {
        flushHandlers: 'flushHandlers() of the play does that',
        refreshInventory: 'an inventory is the same throughout a run',
        endRole: 'give the tasks of a service module a block, and a condition to that',
      },
    }),
  }),
  run: async ({ action }, mode): Promise<{ readonly action: MetaAction }> => {
    await mode.meta?.(action)
    return { action }
  },
  resultFields: fieldsOf<{ readonly action: MetaAction }>({ action: 'what was done' }),
})
