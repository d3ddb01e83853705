import { expect, test } from 'vitest'
import { formatDocument, parseDocument } from '../../src/secrets/document.ts'

test.each<[string, [string, string][]]>([
  ['{}', []],
  [' { } \n', []],
  ['{"a":"b"}', [['a', 'b']]],
  [
    '{\n  "a_1": "b\\n\\"\\u00e9\\\\",\n  "B": ""\n}\n',
    [
      ['a_1', 'b\n"é\\'],
      ['B', ''],
    ],
  ],
])('%j holds its secrets', (text, values) => {
  const parsed = parseDocument(text)
  expect('values' in parsed && [...parsed.values]).toEqual(values)
  if ('values' in parsed) expect(parseDocument(formatDocument(parsed.values))).toEqual(parsed)
})

test.each<[string, number, number, RegExp]>([
  ['', 1, 1, /begin with {/],
  ['[]', 1, 1, /begin with {/],
  ['a: hushhush', 1, 1, /begin with {/],
  ['{"a": "hushhush",}', 1, 18, /a comma stands before }/],
  ["{'a': 'hushhush'}", 1, 2, /name in double quotes/],
  ['{\n  "a" "hushhush"}', 2, 7, /a colon must stand here/],
  ['{\n  "a": 5\n}', 2, 8, /'a' must be text in double quotes, a number too/],
  ['{"a": ["hushhush"]}', 1, 7, /'a' must be text/],
  ['{"a": "hushhush\nmore"}', 1, 7, /not closed on its line/],
  ['{"a": "hush\\hush"}', 1, 7, /wrong escape/],
  ['{"a": "hushhush" "b": ""}', 1, 18, /a comma or }/],
  ['{"a": "hushhush"', 1, 17, /a comma or }/],
  ['{"a": "hushhush"} x', 1, 19, /after the closing }/],
  ['{"a": "hushhush", "a": "other"}', 1, 22, /'a' is there twice/],
  ['{"a-b": "hushhush"}', 1, 7, /cannot be one: letters/],
  ['{"": "hushhush"}', 1, 4, /cannot be one: letters/],
  ['{"a": "b", "hushhush"}', 1, 22, /a colon must stand here/],
  ['{"a": "b", "hush hush"}', 1, 23, /cannot be one: letters/],
])('%j is wrong at %i:%i', (text, line, column, message) => {
  const parsed = parseDocument(text)
  expect(parsed).toEqual({ problem: { line, column, message: expect.stringMatching(message) } })
  expect(JSON.stringify(parsed)).not.toContain('hush')
})
