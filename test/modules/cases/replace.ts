import { readFileSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { replace } from '../../../src/modules/replace.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { sh } from '../../../src/util/sh.ts'
import { text } from '../case-helpers.ts'

type Given = Omit<Parameters<typeof replace>[0], 'path'>

const edits: readonly (readonly [name: string, before: string, given: Given, after: string])[] = [
  ['every match', 'a1 a2\nb a3\n', { regexp: 'a(\\d)', replace: 'x\\1' }, 'x1 x2\nb x3\n'],
  ['removes', 'a\nb\na\n', { regexp: '^a\\n' }, 'b\n'],
  ['^ and $ at each line', 'a\nba\na', { regexp: '^a$', replace: 'x' }, 'x\nba\nx'],
  ['names', 'k=v\n', { regexp: '(?<key>\\w)=(?<value>\\w)', replace: '\\g<value>:\\g<key>' }, 'v:k\n'],
  ['a reference before a digit', 'a\n', { regexp: '^(a)$', replace: 'x\\g<1>0' }, 'xa0\n'],
  ['the whole match', 'b\n', { regexp: '^b$', replace: '<\\g<0>>' }, '<b>\n'],
  ['dollars are text', 'a\n', { regexp: '(a)', replace: '$1$&$$' }, '$1$&$$\n'],
  ['new lines', 'a,b\n', { regexp: ',', replace: '\\n' }, 'a\nb\n'],
  ['a RegExp', 'A\n', { regexp: /a/i, replace: 'x' }, 'x\n'],
  ['leaves what does not match', 'a\n', { regexp: 'b', replace: 'c' }, 'a\n'],
  ['leaves what is so already', 'a\n', { regexp: 'a', replace: 'a' }, 'a\n'],
  ['after', 'x\n[s]\nx\nx\n', { regexp: '^x', replace: 'y', after: '\\[s\\]' }, 'x\n[s]\ny\ny\n'],
  ['before', 'x\n[s]\nx\n', { regexp: '^x', replace: 'y', before: '\\[s\\]' }, 'y\n[s]\nx\n'],
  ['before the last', 'x\n[s]\nx\n[s]\nx\n', { regexp: '^x', replace: 'y', before: '\\[s\\]' }, 'y\n[s]\ny\n[s]\nx\n'],
  ['between', 'x\n<a>\nx\n</a>\nx\n</a>', { regexp: '^x', replace: 'y', after: '<a>', before: '</a>' }, 'x\n<a>\ny\n</a>\nx\n</a>'],
  ['between over lines', 'p\nq\nx\nr\nx\n', { regexp: '^x', replace: 'y', after: '^p.*q', before: 'r' }, 'p\nq\ny\nr\nx\n'],
  ['after what is not there', 'x\n', { regexp: 'x', replace: 'y', after: 'z' }, 'x\n'],
  ['before what is not there', 'x\n', { regexp: 'x', replace: 'y', before: 'z' }, 'x\n'],
  ['characters, not units', '😀a\n', { regexp: '^.', replace: '→' }, '→a\n'],
]

const refusals: readonly (readonly [name: string, given: Given])[] = [
  ['no expression', { regexp: '(' }],
  ['before that is none', { regexp: 'x', before: '(' }],
  ['a group that is not there', { regexp: 'x', replace: '\\1' }],
  ['a name that is not there', { regexp: '(?<a>x)', replace: '\\g<b>' }],
  ['an escape that means nothing', { regexp: 'x', replace: '\\d' }],
  ['what would grow run by run', { regexp: 'a', replace: 'aa' }],
]

export const cases: readonly LawCase[] = [
  ...edits.map(
    ([name, before, given, after]): LawCase => ({
      name: `replace: ${name}`,
      before: (root) => writeFileSync(`${root}/f`, before),
      call: (root) => replace({ path: `${root}/f`, ...given }),
      expect: before === after ? 'nothing' : 'changes',
      after: (root) => expect(text(`${root}/f`)).toBe(after),
    }),
  ),
  ...refusals.map(
    ([name, given]): LawCase => ({
      name: `replace refuses ${name}`,
      before: (root) => writeFileSync(`${root}/f`, 'a\n'),
      call: (root) => replace({ path: `${root}/f`, ...given }),
      expect: 'refusal',
    }),
  ),
  { name: 'replace refuses a file that is not there', call: (root) => replace({ path: `${root}/f`, regexp: 'a' }), expect: 'refusal' },
  {
    name: 'replace keeps bytes that are no UTF-8',
    before: (root) => writeFileSync(`${root}/f`, Buffer.concat([Buffer.from([0xff]), Buffer.from('ü'), Buffer.from([0xc3])])),
    call: (root) => replace({ path: `${root}/f`, regexp: '[öü]', replace: 'é' }),
    after: (root) => expect(readFileSync(`${root}/f`)).toEqual(Buffer.concat([Buffer.from([0xff]), Buffer.from('é'), Buffer.from([0xc3])])),
  },
  {
    name: 'replace with hostile name and text',
    hostile: true,
    before: (root, hostile) => writeFileSync(`${root}/${hostile}`, 'old\n'),
    call: (root, hostile) =>
      replace({
        path: `${root}/${hostile}`,
        regexp: '^old$',
        replace: `<${hostile.replaceAll('\\', '\\\\')}>`,
        validate: (path) => sh`test -s ${path}`,
      }),
    after: (root, hostile) => expect(text(`${root}/${hostile}`)).toBe(`<${hostile}>\n`),
  },
]
