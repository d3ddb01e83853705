import { mkdirSync, writeFileSync } from 'node:fs'
import { shell } from '../../../src/modules/command.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { sh } from '../../../src/util/sh.ts'

export const cases: readonly LawCase[] = [
  { name: 'shell with unless', call: (root) => shell({ script: sh`: >a`, chdir: root, unless: sh`test -e a` }) },
  {
    name: 'shell with onlyIf',
    before: (root) => writeFileSync(`${root}/a`, ''),
    call: (root) => shell({ script: sh`rm a`, chdir: root, onlyIf: sh`test -e a` }),
  },
  {
    name: 'shell whose condition is no shell',
    call: (root) => shell({ script: sh`exit 1`, chdir: root, onlyIf: sh`if (` }),
    expect: 'nothing',
  },
  {
    name: 'shell in a hostile directory',
    hostile: true,
    before: (root, hostile) => mkdirSync(`${root}/${hostile}`),
    call: (root, hostile) => shell({ script: sh`printf %s ${hostile} >a`, chdir: `${root}/${hostile}`, creates: `${root}/${hostile}/a` }),
  },
]
