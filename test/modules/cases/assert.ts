import { assert } from '../../../src/modules/controller-calls.ts'
import type { LawCase } from '../../../src/testing/index.ts'

export const cases: readonly LawCase[] = [
  { name: 'assert by name', hostile: true, call: (_, hostile) => assert({ that: { [hostile]: true }, quiet: true }), expect: 'nothing' },
  {
    name: 'assert by a name that does not hold',
    hostile: true,
    call: (_, hostile) => assert({ that: { [hostile]: false } }),
    expect: 'refusal',
  },
  { name: 'assert holds', call: () => assert({ that: [true, true] }), expect: 'nothing' },
  { name: 'assert does not hold', call: () => assert({ that: [true, false] }), expect: 'refusal' },
]
