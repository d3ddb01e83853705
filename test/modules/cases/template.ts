import { writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { template } from '../../../src/modules/template.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { sh } from '../../../src/util/sh.ts'
import { rendering, text } from '../case-helpers.ts'

export const cases: readonly LawCase[] = [
  {
    name: 'template renders',
    call: (root) => template({ src: rendering({ nodes: 2 }), dest: `${root}/a`, mode: '0600' }),
    after: (root) => expect(text(`${root}/a`)).toBe('{"nodes":2}'),
  },
  {
    name: 'template leaves what is right',
    before: (root) => writeFileSync(`${root}/a`, '{}'),
    call: (root) => template({ src: rendering({}), dest: `${root}/a` }),
    expect: 'nothing',
  },
  {
    name: 'template with hostile data',
    hostile: true,
    call: (root, hostile) =>
      template({ src: rendering({ hostile }), dest: `${root}/a`, validate: (path) => sh`test -f ${path} && test ${hostile} = ${hostile}` }),
  },
]
