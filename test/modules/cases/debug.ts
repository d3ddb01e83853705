import { debug } from '../../../src/modules/controller-calls.ts'
import type { LawCase } from '../../../src/testing/index.ts'

export const cases: readonly LawCase[] = [
  { name: 'debug says what is hostile', hostile: true, call: (_, hostile) => debug({ msg: hostile }), expect: 'nothing' },
]
