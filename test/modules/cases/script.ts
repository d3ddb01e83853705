import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { script } from '../../../src/modules/script.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { Secret } from '../../../src/util/secret.ts'
import { text } from '../case-helpers.ts'

export const cases: readonly LawCase[] = [
  {
    name: 'script without a first line of its own, in a directory',
    before: (root) => writeFileSync(`${root}/s`, 'echo "$1" >made; ls "$0" >/dev/null; cat'),
    call: (root) => script({ src: `${root}/s`, args: ['one'], chdir: root, creates: `${root}/made` }),
    after: (root) => expect(text(`${root}/made`)).toBe('one\n'),
  },
  {
    name: 'script by its first line',
    before: (root) => writeFileSync(`${root}/s`, `#! /bin/sed -nf\nw ${root}/made\n`),
    call: (root) => script({ src: `${root}/s`, args: [`${root}/s`], creates: `${root}/made` }),
    after: (root) => expect(text(`${root}/made`)).toBe(text(`${root}/s`)),
  },
  {
    name: 'script by a program',
    before: (root) => writeFileSync(`${root}/s`, `#!/nowhere\n{ print > "${root}/made" }\n`),
    call: (root) => script({ src: `${root}/s`, executable: '/bin/sh', args: [], chdir: root, removes: `${root}/none` }),
    expect: 'nothing',
  },
  {
    name: 'script that is done',
    before: (root) => writeFileSync(`${root}/s`, 'exit 1'),
    call: (root) => script({ src: `${root}/s`, creates: root }),
    expect: 'nothing',
  },
  {
    name: 'script with hostile words, directory and environment',
    hostile: true,
    before: (root, hostile) => {
      mkdirSync(`${root}/${hostile}`)
      writeFileSync(`${root}/${hostile}/s`, '#!/bin/sh\nprintf %s "$1$WORD$SECRET" >a\n')
    },
    call: (root, hostile) =>
      script({
        src: `${root}/${hostile}/s`,
        args: [hostile],
        chdir: `${root}/${hostile}`,
        environment: { WORD: hostile, SECRET: new Secret(hostile) },
        creates: `${root}/${hostile}/a`,
      }),
    after: (root, hostile) => {
      expect(text(`${root}/${hostile}/a`)).toBe(hostile.repeat(3))
      expect(readdirSync(`${root}/${hostile}`).sort()).toEqual(['a', 's'])
    },
  },
]
