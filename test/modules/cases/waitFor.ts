import { writeFileSync } from 'node:fs'
import { waitFor } from '../../../src/modules/wait-for.ts'
import type { LawCase } from '../../../src/testing/index.ts'

export const cases: readonly LawCase[] = [
  {
    name: 'waitFor a hostile path',
    hostile: true,
    before: (root, hostile) => writeFileSync(`${root}/${hostile}`, ''),
    call: (root, hostile) => waitFor({ path: `${root}/${hostile}`, timeout: 1 }),
    expect: 'nothing',
  },
  { name: 'waitFor what does not come', call: (root) => waitFor({ path: `${root}/a`, timeout: 0 }), expect: 'refusal' },
]
