import { mkdirSync, writeFileSync } from 'node:fs'
import { find } from '../../../src/modules/find.ts'
import type { LawCase } from '../../../src/testing/index.ts'

export const cases: readonly LawCase[] = [
  { name: 'find where nothing is', call: (root) => find({ paths: root }), expect: 'nothing' },
  {
    name: 'find of what is hostile',
    hostile: true,
    before: (root, hostile) => {
      mkdirSync(`${root}/${hostile}`)
      writeFileSync(`${root}/${hostile}/${hostile}`, hostile)
    },
    call: (root, hostile) => find({ paths: `${root}/${hostile}`, patterns: hostile, excludes: `${hostile}x`, getChecksum: true }),
    expect: 'nothing',
  },
  {
    name: 'find of hostile content',
    hostile: true,
    call: (root, hostile) =>
      find({
        paths: root,
        contains: hostile
          .replace(/[^\w ]/g, '[$&]')
          .replaceAll('[^]', '\\^')
          .replaceAll('[\n]', '')
          .replaceAll('[\\]', '\\\\'),
      }),
    expect: 'nothing',
  },
  ...(
    [
      ['an expression that the host does not know', { contains: '(' }],
      ['a pattern that is none', { patterns: ['('], useRegex: true }],
      ['a range that is none', { patterns: '[z-a]' }],
      ['depth without recurse', { depth: 2 }],
      ['content of directories', { contains: 'a', fileType: 'directory' }],
    ] as const
  ).map(([name, given]): LawCase => ({ name: `find refuses ${name}`, call: (root) => find({ paths: root, ...given }), expect: 'refusal' })),
]
