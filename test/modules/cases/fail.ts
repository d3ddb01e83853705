import { fail } from '../../../src/modules/controller-calls.ts'
import type { LawCase } from '../../../src/testing/index.ts'

export const cases: readonly LawCase[] = [
  { name: 'fail fails', hostile: true, call: (_, hostile) => fail({ msg: hostile }), expect: 'refusal' },
]
