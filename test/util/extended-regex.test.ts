import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { extendedRegex } from '../../src/util/extended-regex.ts'

const lines = ['SSH-2.0-OpenSSH_9.2', 'a b\tc', 'x-y', 'x]y', '^', 'abc123', '', 'key=value', 'tab\there', '[1]', 'a\\b', 'user@host']

test.each([
  'OpenSSH_\\d+\\.\\d+',
  '^SSH-(?<version>\\d)\\.0',
  '(?:key|value)=(\\w+)$',
  'a.*?b',
  '\\s',
  '\\S+\\s\\S+',
  '[\\d.]{3}',
  '[^\\w\\s=]',
  '[\\]x]y',
  '[\\^]',
  '[-x]y',
  '[x\\-]+y',
  '^$',
  '\\[\\d\\]',
  'a\\\\b',
  'user\\@host',
  '[[]1',
  '\\bc\\b',
  '\\t',
])('%s matches in the same lines as grep', (source) => {
  const grep = spawnSync('grep', ['-E', '-e', extendedRegex(source)], {
    input: `${lines.join('\n')}\n`,
    env: { LC_ALL: 'C', PATH: process.env.PATH },
  })
  const expected = lines.filter((line) => new RegExp(source).test(line))
  expect(grep.stdout.toString()).toBe(expected.map((line) => `${line}\n`).join(''))
  expect(expected).not.toEqual([])
})

test.each([
  ['a(?=b)', /looks ahead or behind/],
  ['(?<!a)b', /looks ahead or behind/],
  ['(a)\\1', /knows no \\1/],
  ['\\p{L}', /knows no \\p/],
  ['a\\nb', /line break/],
  ['[a', /not closed/],
  ['[\\D]', /knows no \\D in a class/],
])('%s is refused', (source, message) => {
  expect(() => extendedRegex(source)).toThrow(message)
})
