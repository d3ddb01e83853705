import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { lineinfile } from '../../../src/modules/lineinfile.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { sh } from '../../../src/util/sh.ts'
import { modeOf, text } from '../case-helpers.ts'

type Given = Omit<Parameters<typeof lineinfile>[0], 'path'>

/** What is in the file, the call, and what is in it afterwards: as Ansible's module leaves it. */
const edits: readonly (readonly [name: string, before: string, given: Given, after: string])[] = [
  ['adds at the end', 'a\nb\n', { line: 'c' }, 'a\nb\nc\n'],
  ['leaves a line that is there', 'a\nc\nb\n', { line: 'c' }, 'a\nc\nb\n'],
  ['looks at whole lines', 'ab\n', { line: 'a' }, 'ab\na\n'],
  ['ends a last line before it adds', 'a', { line: 'b' }, 'a\nb\n'],
  ['ends a last line that is the one', 'a\nb', { line: 'b' }, 'a\nb\n'],
  ['adds to an empty file', '', { line: 'a' }, 'a\n'],
  ['adds an empty line', 'a\n', { line: '' }, 'a\n\n'],
  ['replaces the last that matches', 'x=1\ny\nx=2\n', { regexp: '^x=', line: 'x=3' }, 'x=1\ny\nx=3\n'],
  ['replaces the first that matches', 'x=1\ny\nx=2\n', { regexp: '^x=', line: 'x=3', firstMatch: true }, 'x=3\ny\nx=2\n'],
  ['takes a RegExp and its flags', 'X=1\n', { regexp: /^x=/i, line: 'x=2' }, 'x=2\n'],
  ['a global RegExp has no memory', 'x=1\nx=2\n', { regexp: /x=/g, line: 'x=3' }, 'x=1\nx=3\n'],
  ['replaces a comment', '#x 1\n', { regexp: '^#?x\\b', line: 'x 2' }, 'x 2\n'],
  ['what ends the text ends the line', 'foo\nbar\n', { regexp: 'foo$', line: 'foo 1' }, 'foo 1\nbar\n'],
  ['matches nothing: at the end', 'a\n', { regexp: '^x=', line: 'x=1' }, 'a\nx=1\n'],
  ['matches nothing: after', 'a\nb\na\nb\n', { regexp: '^x=', line: 'x=1', insertAfter: '^a' }, 'a\nb\na\nx=1\nb\n'],
  ['after the first', 'a\nb\na\nb\n', { line: 'x', insertAfter: '^a', firstMatch: true }, 'a\nx\nb\na\nb\n'],
  ['after the last line', 'a\nb', { line: 'x', insertAfter: '^b' }, 'a\nb\nx\n'],
  ['before', 'a\nb\na\nb\n', { line: 'x', insertBefore: '^a' }, 'a\nb\nx\na\nb\n'],
  ['before the first', 'a\nb\na\n', { line: 'x', insertBefore: /a/, firstMatch: true }, 'x\na\nb\na\n'],
  ['after what is not there: at the end', 'a\n', { line: 'x', insertAfter: 'none' }, 'a\nx\n'],
  ['before what is not there: at the end', 'a\n', { line: 'x', insertBefore: 'none' }, 'a\nx\n'],
  ['at the beginning', 'a\n', { line: 'x', insertBefore: 'BOF' }, 'x\na\n'],
  ['EOF in words', 'a\n', { line: 'x', insertAfter: 'EOF' }, 'a\nx\n'],
  ['a match goes before insertAfter', 'x=1\na\n', { regexp: '^x=', line: 'x=2', insertAfter: '^a' }, 'x=2\na\n'],
  ['searchString is text', 'a.c=1\nabc=1\n', { searchString: 'a.c', line: 'a.c=2' }, 'a.c=2\nabc=1\n'],
  ['backrefs', 'k = 1 # why\n', { regexp: '^(k) = \\d(?<why>.*)$', line: '\\1 = 2\\g<why>', backrefs: true }, 'k = 2 # why\n'],
  ['backrefs take escapes', 'a b\n', { regexp: '^(a) b$', line: '\\1\\\\\\t$1', backrefs: true }, 'a\\\t$1\n'],
  ['backrefs of a group that took no part', 'a\n', { regexp: '^(b)?a$', line: 'x\\1', backrefs: true }, 'x\n'],
  ['backrefs that match nothing', 'a\n', { regexp: '^(b)$', line: '\\1\\1', backrefs: true }, 'a\n'],
  ['without backrefs a reference is text', 'a\n', { regexp: '^(a)$', line: '\\1' }, '\\1\n'],
  ['every line that would be replaced run by run', 'foo1\nfoo2\n', { regexp: '^foo', line: 'bar' }, 'bar\nbar\n'],
  ['absent: equal lines', 'a\nab\na\n', { line: 'a', state: 'absent' }, 'ab\n'],
  ['absent: all that match', 'a\nab\nb', { regexp: '^a', state: 'absent' }, 'b'],
  ['absent: that hold a text', 'a.\nab\n', { searchString: '.', state: 'absent' }, 'ab\n'],
  ['absent: nothing there', 'a\n', { regexp: '^x', state: 'absent' }, 'a\n'],
  ['CRLF is kept', 'a\r\nb\r\n', { regexp: '^a$', line: 'x' }, 'x\r\nb\r\n'],
  ['CRLF for what is added', 'a\r\nb', { line: 'x' }, 'a\r\nb\r\nx\r\n'],
  ['CRLF: a line that is there', 'a\r\nb\r\n', { line: 'a' }, 'a\r\nb\r\n'],
  ['characters, not bytes', 'ä→😀\n', { regexp: '^.→.$', line: 'ü' }, 'ü\n'],
  ['escapes that Unicode mode forbids', 'a-b\n', { regexp: '^a\\-b$', line: 'x' }, 'x\n'],
]

const refusals: readonly (readonly [name: string, before: string, given: Given])[] = [
  ['no regular expression', 'a\n', { regexp: '(', line: 'x' }],
  ['insertAfter that is none', 'a\n', { insertAfter: '[', line: 'x' }],
  ['insertBefore that is none, though the line is there', 'x\n', { insertBefore: '*', line: 'x' }],
  ['what only Python knows', 'a\n', { regexp: 'a\\Z', line: 'x' }],
  ['no line', 'a\n', { regexp: 'a' }],
  ['nothing to remove', 'a\n', { state: 'absent' }],
  ['regexp and searchString', 'a\n', { regexp: 'a', searchString: 'a', line: 'x' }],
  ['insertAfter and insertBefore', 'a\n', { insertAfter: 'a', insertBefore: 'a', line: 'x' }],
  ['backrefs of nothing', 'a\n', { backrefs: true, line: 'x' }],
  ['a group that is not there', 'a\n', { backrefs: true, regexp: '(a)', line: '\\2' }],
  ['a line that grows run by run', 'a\n', { backrefs: true, regexp: '^(.*)$', line: '\\1!' }],
]

export const cases: readonly LawCase[] = [
  ...edits.map(
    ([name, before, given, after]): LawCase => ({
      name: `lineinfile: ${name}`,
      before: (root) => writeFileSync(`${root}/f`, before),
      call: (root) => lineinfile({ path: `${root}/f`, ...given }),
      expect: before === after ? 'nothing' : 'changes',
      after: (root) => expect(text(`${root}/f`)).toBe(after),
    }),
  ),
  ...refusals.map(
    ([name, before, given]): LawCase => ({
      name: `lineinfile refuses ${name}`,
      before: (root) => writeFileSync(`${root}/f`, before),
      call: (root) => lineinfile({ path: `${root}/f`, ...given }),
      expect: 'refusal',
    }),
  ),
  { name: 'lineinfile refuses a file that is not there', call: (root) => lineinfile({ path: `${root}/f`, line: 'a' }), expect: 'refusal' },
  { name: 'lineinfile refuses a directory', call: (root) => lineinfile({ path: root, line: 'a' }), expect: 'refusal' },
  {
    name: 'lineinfile makes a file',
    call: (root) => lineinfile({ path: `${root}/f`, line: 'a', create: true, mode: '0600' }),
    after: (root) => expect([text(`${root}/f`), modeOf(`${root}/f`)]).toEqual(['a\n', '600']),
  },
  {
    name: 'lineinfile: a line is absent from no file',
    call: (root) => lineinfile({ path: `${root}/f`, line: 'a', state: 'absent', create: true }),
    expect: 'nothing',
    after: (root) => expect(existsSync(`${root}/f`)).toBe(false),
  },
  {
    name: 'lineinfile keeps bytes that are no UTF-8',
    before: (root) => writeFileSync(`${root}/f`, Buffer.from('a\xff\xc3\nü\n\xe9', 'latin1')),
    call: (root) => lineinfile({ path: `${root}/f`, regexp: '^ü', line: 'é→' }),
    after: (root) =>
      expect(readFileSync(`${root}/f`)).toEqual(Buffer.concat([Buffer.from('a\xff\xc3\nü\n\xe9', 'latin1'), Buffer.from('\né→\n')])),
  },
  {
    name: 'lineinfile matches UTF-8 beside bytes that are none',
    before: (root) => writeFileSync(`${root}/f`, Buffer.concat([Buffer.from([0xff, 10]), Buffer.from('ü=1\n'), Buffer.from([0x80])])),
    call: (root) => lineinfile({ path: `${root}/f`, regexp: '^[äü]=', line: 'ü=2' }),
    after: (root) =>
      expect(readFileSync(`${root}/f`)).toEqual(Buffer.concat([Buffer.from([0xff, 10]), Buffer.from('ü=2\n'), Buffer.from([0x80])])),
  },
  {
    name: 'lineinfile keeps the old file',
    before: (root) => writeFileSync(`${root}/f`, 'a\n'),
    call: (root) => lineinfile({ path: `${root}/f`, line: 'b', backup: true, validate: (path) => sh`grep -q b ${path}` }),
    after: (root) => expect(readdirSync(root)).toHaveLength(2),
  },
  {
    name: 'lineinfile sets the mode of a file that holds the line',
    before: (root) => writeFileSync(`${root}/f`, 'a\n'),
    call: (root) => lineinfile({ path: `${root}/f`, line: 'a', mode: 'u+x' }),
    after: (root) => expect(modeOf(`${root}/f`)).toBe('744'),
  },
  {
    name: 'lineinfile with hostile name and line',
    hostile: true,
    before: (root, hostile) => writeFileSync(`${root}/${hostile}`, 'old\n'),
    call: (root, hostile) => lineinfile({ path: `${root}/${hostile}`, regexp: '^old', line: `old ${hostile.replaceAll('\n', ' ')}` }),
    after: (root, hostile) => expect(text(`${root}/${hostile}`)).toBe(`old ${hostile.replaceAll('\n', ' ')}\n`),
  },
]
