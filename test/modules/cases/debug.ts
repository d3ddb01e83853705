import { debug } from '../../../src/modules/controller-calls.ts'
import type { LawCase } from '../../../src/testing/index.ts'

export const cases: readonly LawCase[] = [
  { name: 'debug shows what is hostile', hostile: true, call: (_, hostile) => debug({ var: { [hostile]: [hostile] } }), expect: 'nothing' },
  { name: 'debug of nothing', call: () => debug({}), expect: 'refusal' },
  { name: 'debug says what is hostile', hostile: true, call: (_, hostile) => debug({ msg: hostile }), expect: 'nothing' },
]
