import { Refusal } from '../dsl/definition.ts'
import { defineControllerCall } from '../dsl/module.ts'
import { parameters, Type } from '../dsl/schema.ts'

const messages = {
  failMsg: Type.Optional(Type.String({ description: 'what to say when it does not hold' })),
  successMsg: Type.Optional(Type.String({ description: 'what to say when it holds' })),
}

/** Fails the task unless all conditions hold. */
export const assert = defineControllerCall({
  name: 'assert',
  summary: 'Fail unless conditions hold',
  params: parameters({
    that: Type.Unsafe<boolean | readonly boolean[]>({
      anyOf: [{ type: 'boolean' }, { type: 'array', items: { type: 'boolean' } }],
      description: 'one condition, or several that must all hold',
    }),
    ...messages,
  }),
  run: ({ that, failMsg, successMsg }) => {
    const conditions = [that].flat()
    const failed = conditions.flatMap((holds, index) => (holds ? [] : [index + 1]))
    if (failed.length > 0)
      throw new Refusal(
        failMsg ??
          (conditions.length === 1
            ? 'the assertion does not hold'
            : `of ${conditions.length} assertions these do not hold: ${failed.join(', ')}`),
      )
    return { msg: successMsg ?? 'all assertions hold' }
  },
})

/** Shows a message in the report. */
export const debug = defineControllerCall({
  name: 'debug',
  summary: 'Show a message',
  params: parameters({ msg: Type.String({ description: 'the message' }) }),
  run: ({ msg }) => ({ msg }),
})

/** Fails the task with a message. Put the condition in `when`. */
export const fail = defineControllerCall({
  name: 'fail',
  summary: 'Fail with a message',
  params: parameters({ msg: Type.String({ minLength: 1, description: 'why' }) }),
  run: ({ msg }): { readonly msg: string } => {
    throw new Refusal(msg)
  },
})
