import { dynamicGroup } from '../../../src/dsl/hosts.ts'
import { groupBy } from '../../../src/modules/group-by.ts'
import type { LawCase } from '../../../src/testing/index.ts'

export const cases: readonly LawCase[] = [
  { name: 'groupBy into a group', call: () => groupBy({ group: dynamicGroup('chosen') }), expect: 'nothing' },
]
