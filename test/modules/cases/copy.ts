import { chmodSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { copy } from '../../../src/modules/copy.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { Secret, sealed } from '../../../src/util/secret.ts'
import { sh } from '../../../src/util/sh.ts'
import { modeOf, text } from '../case-helpers.ts'

export const cases: readonly LawCase[] = [
  {
    name: 'copy makes a file',
    call: (root) => copy({ dest: `${root}/a`, content: 'one\n' }),
    after: (root) => expect([text(`${root}/a`), modeOf(`${root}/a`)]).toEqual(['one\n', '644']),
  },
  {
    name: 'copy makes an empty file',
    call: (root) => copy({ dest: `${root}/a`, content: '', mode: '0600' }),
    after: (root) => expect(modeOf(`${root}/a`)).toBe('600'),
  },
  {
    name: 'copy keeps mode and owner',
    before: (root) => {
      writeFileSync(`${root}/a`, 'old')
      chmodSync(`${root}/a`, 0o4750)
    },
    call: (root) => copy({ dest: `${root}/a`, content: 'new' }),
    after: (root) => expect([text(`${root}/a`), modeOf(`${root}/a`)]).toEqual(['new', '4750']),
  },
  {
    name: 'copy changes the mode alone',
    before: (root) => writeFileSync(`${root}/a`, 'same'),
    call: (root) => copy({ dest: `${root}/a`, content: 'same', mode: '640' }),
    after: (root) => expect(modeOf(`${root}/a`)).toBe('640'),
  },
  {
    name: 'copy leaves what is right',
    before: (root) => writeFileSync(`${root}/a`, 'same'),
    call: (root) => copy({ dest: `${root}/a`, content: 'same' }),
    expect: 'nothing',
  },
  {
    name: 'copy leaves a file with force: false',
    before: (root) => writeFileSync(`${root}/a`, 'x'),
    call: (root) => copy({ dest: `${root}/a`, content: 'y', force: false }),
    expect: 'nothing',
  },
  {
    name: 'copy refuses a directory',
    before: (root) => mkdirSync(`${root}/a`),
    call: (root) => copy({ dest: `${root}/a`, content: 'y' }),
    expect: 'refusal',
  },
  { name: 'copy takes src or content', call: (root) => copy({ dest: `${root}/a` }), expect: 'refusal' },
  {
    name: 'copy follows a link',
    before: (root) => {
      writeFileSync(`${root}/end`, 'old')
      symlinkSync('end', `${root}/a`)
    },
    call: (root) => copy({ dest: `${root}/a`, content: 'new', validate: (path) => sh`grep -q new ${path}` }),
    after: (root) => expect([lstatSync(`${root}/a`).isSymbolicLink(), text(`${root}/end`)]).toEqual([true, 'new']),
  },
  {
    name: 'copy of any bytes',
    call: (root) => copy({ dest: `${root}/a`, content: Uint8Array.from({ length: 70_000 }, (_, index) => index % 256) }),
    after: (root) => expect(readFileSync(`${root}/a`)).toHaveLength(70_000),
  },
  {
    name: 'copy replaces bytes that are no text',
    before: (root) => writeFileSync(`${root}/a`, Buffer.from([0xff, 0, 0xfe])),
    call: (root) => copy({ dest: `${root}/a`, content: Uint8Array.of(0, 255, 10) }),
  },
  {
    name: 'copy with hostile name and content',
    hostile: true,
    call: (root, hostile) => copy({ dest: `${root}/${hostile}`, content: hostile, backup: true, validate: (path) => sh`test -s ${path}` }),
    after: (root, hostile) => expect(text(`${root}/${hostile}`)).toBe(hostile),
  },
  {
    name: 'copy of a hostile secret, and a check of it that knows it',
    hostile: true,
    call: (root, hostile) =>
      copy({
        dest: `${root}/a`,
        content: sealed`${new Secret(hostile)}`,
        validate: (path) => sh`test "$(cat ${path}; echo .)" = ${sealed`${new Secret(hostile)}.`}`,
      }),
    after: (root, hostile) => expect(text(`${root}/a`)).toBe(hostile),
  },
  {
    name: 'copy leaves a secret that is right',
    before: (root) => writeFileSync(`${root}/a`, 'same'),
    call: (root) => copy({ dest: `${root}/a`, content: new Secret('same') }),
    expect: 'nothing',
  },
  {
    name: 'copy over a file with hostile name, through a hostile link',
    hostile: true,
    before: (root, hostile) => {
      mkdirSync(`${root}/d`)
      writeFileSync(`${root}/d/${hostile}`, 'old')
      symlinkSync(`d/${hostile}`, `${root}/${hostile}`)
    },
    call: (root, hostile) => copy({ dest: `${root}/${hostile}`, content: 'new', mode: '0600', validate: (path) => sh`test -s ${path}` }),
    after: (root, hostile) => expect(text(`${root}/d/${hostile}`)).toBe('new'),
  },
]
