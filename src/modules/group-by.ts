import type { DynamicGroup } from '../dsl/hosts.ts'
import { defineControllerCall } from '../dsl/module.ts'
import { parameters, Type } from '../dsl/schema.ts'
import type { DynamicSet } from '../model/host-set.ts'
import { fieldsOf } from './result-fields.ts'

/** Which group a host was put into. */
export interface GroupByResult {
  readonly group: string
}

/** Puts the host into a group that a later play runs on. Which group, or whether any, is for the closure, or for `when`. */
export const groupBy = defineControllerCall({
  name: 'groupBy',
  summary: 'Put the host into a group that a later play runs on',
  params: parameters({
    group: Type.Unsafe<DynamicGroup<any>>({
      type: 'object',
      properties: { kind: { const: 'dynamic' } },
      required: ['kind'],
      description: 'what dynamicGroup made; a later play has it as its hosts',
    }),
  }),
  run: ({ group }, mode): GroupByResult => {
    const set = group as unknown as DynamicSet
    mode.join?.(set)
    return { group: set.name }
  },
  resultFields: fieldsOf<GroupByResult>({ group: 'the name of the group' }),
})
