import { readFileSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { blockinfile } from '../../../src/modules/blockinfile.ts'
import type { LawCase } from '../../../src/testing/index.ts'
import { modeOf, text } from '../case-helpers.ts'

type Given = Omit<Parameters<typeof blockinfile>[0], 'path'>
const marker = '# {mark} x'
const framed = (...lines: string[]) => ['# BEGIN x', ...lines, '# END x', ''].join('\n')

const edits: readonly (readonly [name: string, before: string, given: Given, after: string])[] = [
  ['adds at the end', 'a\n', { marker, block: 'one\ntwo' }, `a\n${framed('one', 'two')}`],
  ['a line end of the block is one', 'a\n', { marker, block: 'one\n' }, `a\n${framed('one')}`],
  ['ends a last line', 'a', { marker, block: 'one' }, `a\n${framed('one')}`],
  ['replaces in its place', `a\n${framed('old', 'older')}b\n`, { marker, block: 'new' }, `a\n${framed('new')}b\n`],
  ['leaves what is right', `a\n${framed('one')}b\n`, { marker, block: 'one' }, `a\n${framed('one')}b\n`],
  [
    'leaves its place, wherever a new one would go',
    `${framed('one')}b\n`,
    { marker, block: 'one', insertAfter: '^b' },
    `${framed('one')}b\n`,
  ],
  ['after', 'a\nb\na\nb\n', { marker, block: 'x', insertAfter: '^a' }, `a\nb\na\n${framed('x')}b\n`],
  ['before', 'a\nb\na\nb\n', { marker, block: 'x', insertBefore: '^b' }, `a\nb\na\n${framed('x')}b\n`],
  ['after what is not there', 'a\n', { marker, block: 'x', insertAfter: 'none' }, `a\n${framed('x')}`],
  ['after something of several lines', 'a\nb\nc\n', { marker, block: 'x', insertAfter: /^a\nb$/m }, `a\nb\n${framed('x')}c\n`],
  ['before something of several lines', 'a\nb\nc\n', { marker, block: 'x', insertBefore: /^b\nc$/m }, `a\n${framed('x')}b\nc\n`],
  ['at the beginning', 'a\n', { marker, block: 'x', insertBefore: 'BOF' }, `${framed('x')}a\n`],
  ['an empty block is none', `a\n${framed('one')}b\n`, { marker, block: '' }, 'a\nb\n'],
  ['absent', `a\n${framed('one')}`, { marker, block: 'one', state: 'absent' }, 'a\n'],
  ['absent: every one', `${framed('one')}a\n${framed('two')}`, { marker, state: 'absent' }, 'a\n'],
  ['absent: none there', 'a\n', { marker, state: 'absent' }, 'a\n'],
  [
    'another marker is another block',
    `${framed('one')}`,
    { marker: '# {mark} y', block: 'two' },
    `${framed('one')}# BEGIN y\ntwo\n# END y\n`,
  ],
  ['the usual markers', '', { block: 'x' }, '# BEGIN ROLLCALL MANAGED BLOCK\nx\n# END ROLLCALL MANAGED BLOCK\n'],
  [
    'words of markers',
    '',
    { marker: '<!-- {mark} -->', markerBegin: '$&', markerEnd: 'off', block: 'x' },
    '<!-- $& -->\nx\n<!-- off -->\n',
  ],
  [
    'empty lines around it',
    'a\nb\n',
    { marker, block: 'x', insertAfter: '^a', prependNewline: true, appendNewline: true },
    `a\n\n${framed('x')}\nb\n`,
  ],
  [
    'empty lines that are there',
    `a\n\n${framed('x')}\nb\n`,
    { marker, block: 'x', prependNewline: true, appendNewline: true },
    `a\n\n${framed('x')}\nb\n`,
  ],
  ['no empty lines at the ends', '', { marker, block: 'x', prependNewline: true, appendNewline: true }, framed('x')],
  ['CRLF', 'a\r\nb\r\n', { marker, block: 'x\ny' }, 'a\r\nb\r\n# BEGIN x\r\nx\r\ny\r\n# END x\r\n'],
  ['CRLF that is right', 'a\r\n# BEGIN x\r\nx\r\n# END x\r\n', { marker, block: 'x' }, 'a\r\n# BEGIN x\r\nx\r\n# END x\r\n'],
]

const refusals: readonly (readonly [name: string, before: string, given: Given])[] = [
  ['a block that lost its end', '# BEGIN x\na\n', { marker, block: 'x' }],
  ['a block that lost its beginning', 'a\n# END x\n', { marker, block: 'x' }],
  ['a block within a block', '# BEGIN x\n# BEGIN x\n# END x\n', { marker, state: 'absent' }],
  ['markers that are the same', 'a\n', { marker, markerBegin: 'END', block: 'x' }],
  ['a block that holds its marker', 'a\n', { marker, block: 'x\n# END x\n' }],
  ['insertAfter that is no expression', 'a\n', { marker, block: 'x', insertAfter: '(' }],
  ['insertAfter and insertBefore', 'a\n', { marker, block: 'x', insertAfter: 'a', insertBefore: 'a' }],
]

export const cases: readonly LawCase[] = [
  ...edits.map(
    ([name, before, given, after]): LawCase => ({
      name: `blockinfile: ${name}`,
      before: (root) => writeFileSync(`${root}/f`, before),
      call: (root) => blockinfile({ path: `${root}/f`, ...given }),
      expect: before === after ? 'nothing' : 'changes',
      after: (root) => expect(text(`${root}/f`)).toBe(after),
    }),
  ),
  ...refusals.map(
    ([name, before, given]): LawCase => ({
      name: `blockinfile refuses ${name}`,
      before: (root) => writeFileSync(`${root}/f`, before),
      call: (root) => blockinfile({ path: `${root}/f`, ...given }),
      expect: 'refusal',
    }),
  ),
  {
    name: 'blockinfile refuses a file that is not there',
    call: (root) => blockinfile({ path: `${root}/f`, block: 'a' }),
    expect: 'refusal',
  },
  { name: 'blockinfile: no block in no file', call: (root) => blockinfile({ path: `${root}/f`, block: '' }), expect: 'nothing' },
  {
    name: 'blockinfile makes a file',
    call: (root) => blockinfile({ path: `${root}/f`, block: 'a', marker, create: true, mode: '0600' }),
    after: (root) => expect([text(`${root}/f`), modeOf(`${root}/f`)]).toEqual([framed('a'), '600']),
  },
  {
    name: 'blockinfile keeps bytes that are no UTF-8',
    before: (root) => writeFileSync(`${root}/f`, Buffer.from([0xff, 10, 0, 0xc3, 10])),
    call: (root) => blockinfile({ path: `${root}/f`, marker, block: 'é' }),
    after: (root) =>
      expect(readFileSync(`${root}/f`)).toEqual(Buffer.concat([Buffer.from([0xff, 10, 0, 0xc3, 10]), Buffer.from(framed('é'))])),
  },
  {
    name: 'blockinfile with hostile name, block and marker',
    hostile: true,
    before: (root, hostile) => writeFileSync(`${root}/${hostile}`, 'old\n'),
    call: (root, hostile) =>
      blockinfile({ path: `${root}/${hostile}`, block: hostile, marker: `{mark} ${hostile.replaceAll('\n', ' ')}`, backup: true }),
    after: (root, hostile) => expect(text(`${root}/${hostile}`)).toContain(hostile),
  },
]
