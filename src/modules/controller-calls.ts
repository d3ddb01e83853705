import { Refusal } from '../dsl/definition.ts'
import { defineControllerCall } from '../dsl/module.ts'
import { parameters, Type } from '../dsl/schema.ts'
import { printValue } from './print-value.ts'
import { fieldsOf } from './result-fields.ts'

const messages = {
  failMsg: Type.Optional(Type.String({ description: 'what to say when it does not hold' })),
  successMsg: Type.Optional(Type.String({ description: 'what to say when it holds' })),
}

/** What is left of assertions; of those that do not hold, for the task's `failedWhen` and `ignoreErrors`. */
export interface AssertResult {
  readonly msg?: string
  /** The first that does not hold: its name, or its place in the list, from 1. */
  readonly assertion?: string | number
  readonly evaluatedTo?: false
}

/** Fails the task unless all conditions hold. */
export const assert = defineControllerCall({
  name: 'assert',
  summary: 'Fail unless conditions hold',
  params: parameters({
    that: Type.Unsafe<boolean | readonly boolean[] | { readonly [name: string]: boolean }>({
      anyOf: [
        { type: 'boolean' },
        { type: 'array', items: { type: 'boolean' } },
        { type: 'object', additionalProperties: { type: 'boolean' } },
      ],
      description: "one condition, or several that must all hold; with names, as in { 'enough memory': … }, the message tells which do not",
    }),
    ...messages,
    quiet: Type.Optional(Type.Boolean({ description: 'say nothing when they hold' })),
  }),
  run: ({ that, failMsg, successMsg, quiet }): AssertResult => {
    const named: readonly (readonly [string | number, boolean])[] =
      typeof that === 'boolean' ? [[1, that]] : Array.isArray(that) ? that.map((holds, index) => [index + 1, holds]) : Object.entries(that)
    const failed = named.filter(([, holds]) => !holds).map(([name]) => name)
    if (failed.length === 0) return quiet ? {} : { msg: successMsg ?? 'all assertions hold' }
    const msg =
      failMsg ??
      (typeof that === 'boolean' ? 'the assertion does not hold' : `of ${named.length} assertions these do not hold: ${failed.join(', ')}`)
    throw new Refusal(msg, undefined, { msg, assertion: failed[0]!, evaluatedTo: false } satisfies AssertResult)
  },
  resultFields: fieldsOf<AssertResult>({
    msg: 'what was said; absent with quiet',
    assertion: 'the first that does not hold: its name, or its place in the list, from 1',
    evaluatedTo: 'false, where one does not hold',
  }),
})

/** Shows a message, or a value of any kind, in the report. */
export const debug = defineControllerCall({
  name: 'debug',
  summary: 'Show a message or a value',
  params: parameters({
    msg: Type.Optional(Type.String({ description: 'the message' })),
    var: Type.Optional(Type.Unsafe<unknown>({ description: 'instead of msg: a value of any kind, shown as JSON; secrets stay hidden' })),
    verbosity: Type.Optional(Type.Integer({ minimum: 0, maximum: 4, description: 'how many -v it takes to show it; default 0' })),
  }),
  run: (params): { readonly msg: string; readonly verbosity: number } => {
    const { msg, verbosity = 0 } = params
    if ((msg === undefined) !== 'var' in params) throw new Refusal('debug takes either msg or var', 'Give exactly one of the two.')
    return { msg: msg ?? printValue(params.var), verbosity }
  },
  resultFields: fieldsOf<{ readonly msg: string; readonly verbosity: number }>({
    msg: 'what was shown, as text',
    verbosity: 'how many -v it takes to show it',
  }),
})

/** Fails the task with a message. Put the condition in `when`. */
export const fail = defineControllerCall({
  name: 'fail',
  summary: 'Fail with a message',
  params: parameters({ msg: Type.String({ minLength: 1, description: 'why' }) }),
  run: ({ msg }): { readonly msg: string } => {
    throw new Refusal(msg)
  },
  resultFields: fieldsOf<{ readonly msg: string }>({ msg: 'why' }),
})
