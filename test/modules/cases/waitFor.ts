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
  {
    name: 'waitFor a hostile line in a hostile file',
    hostile: true,
    before: (root, hostile) => writeFileSync(`${root}/${hostile}`, hostile),
    call: (root, hostile) =>
      waitFor({
        path: `${root}/${hostile}`,
        searchRegex: (hostile.split('\n')[0] ?? '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
        timeout: 1,
      }),
    expect: 'nothing',
  },
  {
    name: 'waitFor a line that does not come',
    before: (root) => writeFileSync(`${root}/a`, 'x'),
    call: (root) => waitFor({ path: `${root}/a`, searchRegex: 'y', timeout: 0 }),
    expect: 'refusal',
  },
  { name: 'waitFor what cannot be', call: () => waitFor({ path: '/a', state: 'drained' }), expect: 'refusal' },
  { name: 'waitFor what does not come', call: (root) => waitFor({ path: `${root}/a`, timeout: 0 }), expect: 'refusal' },
]
