import { describe, expect, test } from 'vitest'
import type { DiffEntry, FactsEvent } from '../../src/model/event.ts'
import { formatAge, formatDuration } from '../../src/report/age.ts'
import { colours, wantsColour } from '../../src/report/colours.ts'
import { formatDiff } from '../../src/report/diff.ts'
import { describeError, parsePlace, shortPlace } from '../../src/report/format-error.ts'
import { factsSentence, notLiveLines } from '../../src/report/header.ts'
import { printable } from '../../src/report/printable.ts'
import { formatBytes } from '../../src/report/timing.ts'
import { count, listed } from '../../src/report/words.ts'

const plain = colours(false)

test.each([
  [0, '0 s'],
  [45, '45 s'],
  [59.9, '59 s'],
  [60, '1 min'],
  [3599, '59 min'],
  [3600, '1 h'],
  [3 * 3600 + 1200, '3 h'],
  [86_399, '23 h'],
  [2 * 86_400, '2 d'],
  [400 * 86_400, '400 d'],
  [-3, '0 s'],
])('an age of %d seconds is %s', (seconds, text) => expect(formatAge(seconds)).toBe(text))

test.each([
  [0, '0 ms'],
  [419.6, '420 ms'],
  [1000, '1.0 s'],
  [4230, '4.2 s'],
  [59_400, '59.4 s'],
  [59_950, '1 min 0 s'],
  [192_000, '3 min 12 s'],
])('a duration of %d ms is %s', (milliseconds, text) => expect(formatDuration(milliseconds)).toBe(text))

const many = Array.from({ length: 300 }, (_, line) => `line ${line}\n`)
const diffs: readonly (readonly [string, DiffEntry, readonly string[]])[] = [
  [
    'fields',
    { resource: 'file:/x', before: { fields: { mode: '0644' } }, after: { fields: { mode: '0600' } } },
    ['file:/x', 'mode: 0644 → 0600'],
  ],
  [
    'a field that one side lacks',
    { resource: 'package:x', before: { fields: {} }, after: { fields: { version: '1.0' } } },
    ['package:x', 'version: (none) → 1.0'],
  ],
  [
    'a new file',
    { resource: 'file:/x', before: { fields: { state: 'absent' } }, after: { fields: { state: 'file' }, text: 'a\nb\n' } },
    ['file:/x', 'state: absent → file', '--- file:/x (before)', '+++ file:/x (after)', '@@ -0,0 +1,2 @@', '+a', '+b'],
  ],
  [
    'a removed file',
    { resource: 'file:/x', before: { fields: {}, text: 'a\n' }, after: { fields: {} } },
    ['--- file:/x (before)', '+++ file:/x (after)', '@@ -1,1 +0,0 @@', '-a'],
  ],
  [
    'a missing newline at the end',
    { resource: 'file:/x', before: { fields: {}, text: 'a' }, after: { fields: {}, text: 'a\n' } },
    ['--- file:/x (before)', '+++ file:/x (after)', '@@ -1,1 +1,1 @@', '-a', '\\ No newline at end of file', '+a'],
  ],
  [
    'lines that look like headers',
    { resource: 'file:/x', before: { fields: {}, text: '-- y\nz\n' }, after: { fields: {}, text: '++ y\nz\n' } },
    ['--- file:/x (before)', '+++ file:/x (after)', '@@ -1,2 +1,2 @@', '--- y', '+++ y', ' z'],
  ],
  [
    'one line in a large file, with three lines around it',
    { resource: 'file:/x', before: { fields: {}, text: many.join('') }, after: { fields: {}, text: many.with(150, 'other\n').join('') } },
    [
      '--- file:/x (before)',
      '+++ file:/x (after)',
      '@@ -148,7 +148,7 @@',
      ' line 147',
      ' line 148',
      ' line 149',
      '-line 150',
      '+other',
      ' line 151',
      ' line 152',
      ' line 153',
    ],
  ],
  [
    'content that is not known yet is not a deletion',
    { resource: 'file:/x', before: { fields: { content: '12 bytes' }, text: 'a\n' }, after: { fields: { content: '(unknown)' } } },
    ['file:/x', 'content: 12 bytes → (unknown)'],
  ],
  [
    'texts that share nothing',
    {
      resource: 'file:/x',
      before: { fields: {}, text: Array.from({ length: 1500 }, (_, line) => `a${line}\n`).join('') },
      after: { fields: {}, text: Array.from({ length: 1600 }, (_, line) => `b${line}\n`).join('') },
    },
    ['file:/x: 1500 lines → 1600 lines, too different for a line diff'],
  ],
]
test.each(diffs)('diff of %s', (_, entry, lines) => expect(formatDiff(entry, plain)).toEqual(lines))

test.each([
  [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{}, true, true],
  [{}, false, false],
  [{ TERM: 'dumb' }, true, false],
])('with %j and a terminal: %s, colour: %s', (env, terminal, colour) => expect(wantsColour(env, terminal)).toBe(colour))

test.each([
  ['plain äöü ✓\n\tline', 'plain äöü ✓\n\tline'],
  ['\u001b]0;title\u0007', '\\x1b]0;title\\x07'],
  ['over\rwritten', 'over\\rwritten'],
  ['\u009b31m', '\\x9b31m'],
  ['a\u202eb', 'a\\u202eb'],
])('%j is shown as %j', (text, shown) => expect(printable(text)).toBe(shown))

describe('words', () => {
  test('count', () => expect([count(0, 'host'), count(1, 'host'), count(7, 'host')]).toEqual(['0 hosts', '1 host', '7 hosts']))
  test('a list never hides a single name', () =>
    expect([listed(['a', 'b', 'c'], 2), listed(['a', 'b', 'c', 'd'], 2)]).toEqual(['a, b, c', 'a, b and 2 more']))
})

const host = (origin: 'live' | 'cached' | 'declared' | 'none', ageSeconds = 0) => ({
  host: 'x',
  origin,
  ageSeconds,
  contact: origin === 'live' ? ('answered' as const) : ('failed' as const),
})
test.each([
  [[], 'facts from 0'],
  [[host('live')], 'facts from 1 (1 live)'],
  [[...Array.from({ length: 6 }, () => host('live')), host('cached', 11_000)], 'facts from 7 (6 live, 1 cached 3 h)'],
  [[host('cached', 60), host('cached', 7300)], 'facts from 2 (2 cached up to 2 h)'],
  [[host('live'), host('declared'), host('none')], 'facts from 2 of 3 (1 live, 1 declared, 1 unknown)'],
])('%j: %s', (hosts, sentence) => expect(factsSentence(hosts)).toBe(sentence))

describe('hosts whose facts are not live', () => {
  const down = (index: number, ageSeconds = 0) => ({
    host: `web${index}`,
    origin: ageSeconds > 0 ? ('cached' as const) : ('none' as const),
    ageSeconds,
    contact: 'failed' as const,
    reason: `192.0.2.${index} port 22: no answer`,
  })
  const spared = (index: number) => ({
    ...down(index),
    contact: 'spared' as const,
    reason: `not asked again: ${index} s ago it did not answer (no answer)`,
  })
  const young = (index: number) => ({
    ...down(index, 60 * index),
    contact: 'notAsked' as const,
    reason: 'its cached facts are young enough',
  })
  const several = (make: (index: number) => FactsEvent['hosts'][number], count: number) =>
    Array.from({ length: count }, (_, index) => make(index + 1))
  test.each<[string, FactsEvent['hosts'], string[]]>([
    [
      'a few, each with its own reason',
      several(down, 2),
      ['web1  unknown: 192.0.2.1 port 22: no answer', 'web2  unknown: 192.0.2.2 port 22: no answer'],
    ],
    ['many, without what differs', several(down, 12), ['web1, web2, web3 and 9 more  unknown: no answer']],
    [
      'many with their ages',
      several((index) => down(index, 3600 * index), 5),
      ['web1, web2, web3 and 2 more  cached up to 5 h: no answer'],
    ],
    ['many of one age', several((index) => down(index, 3600), 5), ['web1, web2, web3 and 2 more  cached 1 h: no answer']],
    ['a few that were not asked again', several(spared, 1), ['web1  unknown: not asked again: 1 s ago it did not answer (no answer)']],
    [
      'many that were not asked again',
      several(spared, 5),
      ['web1, web2, web3 and 2 more  unknown: not asked again: less than a minute ago they did not answer'],
    ],
    [
      'what is alike stands together',
      [...several(down, 4), ...several(young, 4), ...several((index) => ({ ...host('live'), host: `live${index}` }), 3)],
      ['web1, web2, web3, web4  unknown: no answer', 'web1, web2, web3, web4  cached up to 4 min: its cached facts are young enough'],
    ],
  ])('%s', (_, hosts, lines) => expect(notLiveLines(hosts, 3)).toEqual(lines))
})

describe('errors', () => {
  test('places are told from where the user stands', () => {
    expect(shortPlace('/home/me/site/playbooks/prepare.ts:12:5', '/home/me/site')).toBe('playbooks/prepare.ts:12:5')
    expect(shortPlace('/elsewhere/a.ts:1:2', '/home/me/site')).toBe('/elsewhere/a.ts:1:2')
    expect(shortPlace('not a place', '/')).toBe('not a place')
  })
  test('a place is taken apart', () => {
    expect(parsePlace('a b.ts:3:4')).toEqual({ file: 'a b.ts', line: 3, column: 4 })
    expect(parsePlace('templates/x.eta:7')).toEqual({ file: 'templates/x.eta', line: 7 })
    expect(parsePlace('nothing')).toBeUndefined()
  })
  test('the fix is the last thing, host, task and place before it', () => {
    const details = {
      summary: 'It failed',
      detail: 'one\ntwo',
      host: 'a',
      task: 't',
      at: { file: '/site/p.ts', line: 3 },
      fix: 'Do this:\nrollcall x',
    }
    expect(describeError(details, plain, '/site')).toEqual([
      'It failed',
      '  one',
      '  two',
      "  at host a, task 't', p.ts:3",
      '  Do this:',
      '  rollcall x',
    ])
  })
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [12_399, '12.3 kB'],
  [999_999, '999.9 kB'],
  [67_108_864, '67.1 MB'],
  [3_200_000_000, '3.2 GB'],
])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))
