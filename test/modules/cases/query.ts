import { query } from '../../../src/modules/query.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { sh } from '../../../src/util/sh.ts'

export const cases: readonly LawCase[] = [
  { name: 'query of what is hostile', hostile: true, call: (_, hostile) => query({ script: sh`printf %s ${hostile}` }), expect: 'nothing' },
  { name: 'query that fails', call: () => query({ script: sh`exit 3` }), expect: 'refusal' },
]
