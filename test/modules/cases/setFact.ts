import { setFact } from '../../../src/modules/set-fact.ts'
import type { LawCase } from '../../../src/testing/index.ts'

export const cases: readonly LawCase[] = [
  { name: 'setFact', call: () => setFact({ number: 1, 'a name': ['$(no)'] }), expect: 'nothing' },
  { name: 'setFact of nothing', call: () => setFact({}), expect: 'nothing' },
]
