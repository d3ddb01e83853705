import type { Call } from '../dsl/call.ts'
import { defineControllerCall } from '../dsl/module.ts'
import { type ParamsSchema, Type } from '../dsl/schema.ts'

/** Any names and values: what is given is what is left. */
const anything = Type.Object({}, { additionalProperties: true }) as unknown as ParamsSchema<object>

const call = defineControllerCall({
  name: 'setFact',
  summary: 'Work out values that later tasks read, each with its type, by result(task)',
  params: anything,
  run: (values: object): object => values,
})

/**
 * Values worked out once, at this task's turn, for later tasks of the host:
 * `const build = task('build', ({ result }) => setFact({ number: Number(result(asked).stdout) }))`, then `result(build).number`.
 */
export const setFact = call as unknown as (<const T extends object>(values: T) => Call<T>) & typeof call
