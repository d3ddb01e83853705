import { assert } from '../../../src/modules/controller-calls.ts'
import type { LawCase } from '../../../src/testing/index.ts'

export const cases: readonly LawCase[] = [
  { name: 'assert holds', call: () => assert({ that: [true, true] }), expect: 'nothing' },
  { name: 'assert does not hold', call: () => assert({ that: [true, false] }), expect: 'refusal' },
]
