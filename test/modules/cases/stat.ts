import { writeFileSync } from 'node:fs'
import { stat } from '../../../src/modules/stat.ts'
import type { LawCase } from '../../../src/testing/index.ts'

export const cases: readonly LawCase[] = [
  { name: 'stat of what is absent', call: (root) => stat({ path: `${root}/a` }), expect: 'nothing' },
  {
    name: 'stat of a hostile name',
    hostile: true,
    before: (root, hostile) => writeFileSync(`${root}/${hostile}`, 'x'),
    call: (root, hostile) => stat({ path: `${root}/${hostile}` }),
    expect: 'nothing',
  },
]
