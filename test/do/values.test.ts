import { describe, expect, test } from 'vitest'
import { type ValueSchema, valueOfJson, valueOfText } from '../../src/do-values.ts'
import { redact } from '../../src/util/redact.ts'
import { Secret } from '../../src/util/secret.ts'
import { Script } from '../../src/util/sh.ts'

const string: ValueSchema = { type: 'string' }
const integer: ValueSchema = { type: 'integer' }
const number: ValueSchema = { type: 'number' }
const boolean: ValueSchema = { type: 'boolean' }
const words: ValueSchema = { type: 'array', items: string }
const numbers: ValueSchema = { type: 'array', items: integer }
const nameOrNames: ValueSchema = { anyOf: [string, words] }
const flagOrWord: ValueSchema = { anyOf: [boolean, { type: 'string', enum: ['dist'] }] }
const record: ValueSchema = { type: 'object' }

describe('a value on a command line', () => {
  test.each<readonly [ValueSchema, text: string, value: unknown]>([
    [string, '0644', '0644'],
    [string, 'yes', 'yes'],
    [string, '1', '1'],
    [string, 'true', 'true'],
    [string, '', ''],
    [string, '["a"]', '["a"]'],
    [string, '{"a":1}', '{"a":1}'],
    [string, '"quoted"', '"quoted"'],
    [string, 'a=b', 'a=b'],
    [{ type: 'string', enum: ['started'] }, 'startd', 'startd'],
    [integer, '80', 80],
    [integer, '-1', -1],
    [number, '0.5', 0.5],
    [number, '1e3', 1000],
    [boolean, 'true', true],
    [boolean, 'false', false],
    [words, 'nginx', ['nginx']],
    [words, 'nginx,curl', ['nginx', 'curl']],
    [words, '["a b","c,d"]', ['a b', 'c,d']],
    [words, '[]', []],
    [numbers, '0,1', [0, 1]],
    [numbers, '[0,1]', [0, 1]],
    [nameOrNames, 'nginx', 'nginx'],
    [nameOrNames, 'nginx, curl', ['nginx', 'curl']],
    [nameOrNames, '["nginx"]', ['nginx']],
    [nameOrNames, 'one phrase, with a comma', 'one phrase, with a comma'],
    [flagOrWord, 'true', true],
    [flagOrWord, 'dist', 'dist'],
    [record, '{"A":"1"}', { A: '1' }],
    [{ type: ['string', 'integer'] }, '12', '12'],
    [{ anyOf: [integer, { type: 'string', enum: ['max'] }] }, '12', 12],
    [{ const: 3 }, '3', 3],
  ])('%j of %s', (schema, text, value) => expect(valueOfText(schema, text)).toEqual({ value }))

  test.each<readonly [ValueSchema, text: string, wrong: object]>([
    [integer, '080', { wrong: 'it must be a whole number' }],
    [integer, '1.5', { wrong: 'it must be a whole number' }],
    [integer, '0x10', { wrong: 'it must be a whole number' }],
    [integer, ' 1', { wrong: 'it must be a whole number' }],
    [integer, '99999999999999999999', { wrong: 'it must be a whole number' }],
    [number, 'Infinity', { wrong: 'it must be a number' }],
    [boolean, 'yes', { wrong: 'it must be true or false', instead: 'true' }],
    [boolean, 'Off', { wrong: 'it must be true or false', instead: 'false' }],
    [boolean, 'perhaps', { wrong: 'it must be true or false' }],
    [words, 'uptime -p', { wrong: 'it takes a list, and this can be read in more than one way', instead: '["uptime","-p"]' }],
    [words, 'a,,b', { wrong: 'it takes a list, and this can be read in more than one way', instead: '["a,,b"]' }],
    [words, '["a"', { wrong: expect.stringMatching(/^it takes a list, and this is no JSON/), instead: '["a"]' }],
    [words, '[ls, -l]', { instead: '["ls","-l"]' }],
    [numbers, '0,one', { wrong: 'it must be a whole number' }],
    [record, 'A=1', { wrong: 'it takes an object, as JSON' }],
  ])('%j is not %s', (schema, text, wrong) => expect(valueOfText(schema, text)).toMatchObject(wrong))

  test('a script is made of text', () => {
    const parsed = valueOfText({ instanceOf: 'Script' }, 'echo "$HOME"')
    expect(parsed).toEqual({ value: new Script('echo "$HOME"') })
  })
  test('where text comes first a word is no secret: it would be hidden wherever it stands', () => {
    const schema: ValueSchema = { anyOf: [string, { instanceOf: 'Secret' }] }
    expect([valueOfText(schema, 'kept as text'), valueOfJson(schema, 'kept as text')]).toEqual(Array(2).fill({ value: 'kept as text' }))
    expect(redact('it is kept as text')).toBe('it is kept as text')
  })
  test('what is a secret first is one, so that no step shows it', () => {
    const schema: ValueSchema = { anyOf: [{ instanceOf: 'Secret' }, string] }
    for (const parsed of [valueOfText(schema, 'hunter2'), valueOfJson(schema, 'hunter2')]) {
      const { value } = parsed as { value: Secret }
      expect(value).toBeInstanceOf(Secret)
      expect([String(value), value.reveal()]).toEqual(['[secret]', 'hunter2'])
    }
  })
})

describe('a value that came as JSON', () => {
  test.each<readonly [ValueSchema, value: unknown]>([
    [string, 'text'],
    [string, 1],
    [words, ['a', 'b']],
    [nameOrNames, 'a'],
    [record, { A: '1' }],
    [boolean, 'yes'],
  ])('%j of %j stays, for the validator to judge', (schema, value) => expect(valueOfJson(schema, value)).toEqual({ value }))
  test('text in the place of a script is one, in lists too', () => {
    const scripts: ValueSchema = { type: 'array', items: { instanceOf: 'Script' } }
    expect(valueOfJson(scripts, ['id'])).toEqual({ value: [new Script('id')] })
  })
  test('a function cannot come as JSON', () =>
    expect(valueOfJson({ instanceOf: 'Function' }, 'x')).toEqual({ wrong: 'it takes a function' }))
})
