import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { redact, redactDeep, registerDigest, registerSecret } from '../../src/util/redact.ts'
import { chance } from '../helpers/chance.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const value = `p'a$s"w&o/r+d <ü> 10%`
registerSecret(value)

describe('a registered value is found in every form in which a program gives it back', () => {
  it.each<[string, string]>([
    ['itself', value],
    ['JSON', JSON.stringify(value).slice(1, -1)],
    ['a word of a shell', value.replaceAll("'", "'\\''")],
    ['a word of a shell in double quotes', `p'a\\$s\\"w&o/r+d <ü> 10%`],
    ['what bash prints with %q', `p\\'a\\$s\\"w\\&o/r+d\\ \\<ü\\>\\ 10%`],
    ['hexadecimal digits', Buffer.from(value).toString('hex')],
    ['hexadecimal digits in capitals', Buffer.from(value).toString('hex').toUpperCase()],
    ['a URL', encodeURIComponent(value)],
    ['a URL, strictly', encodeURIComponent(value).replaceAll("'", '%27')],
    ['a URL, in lower case', encodeURIComponent(value).replace(/%../g, (code) => code.toLowerCase())],
    ['a form', encodeURIComponent(value).replaceAll('%20', '+')],
    ['HTML', `p'a$s&quot;w&amp;o/r+d &lt;ü&gt; 10%`],
    ['base64', base64(value)],
    ['base64 for URLs', Buffer.from(value).toString('base64url')],
    ['its hash', sha256(value)],
    ['the hash of it as a line', sha256(`${value}\n`)],
  ])('%s', (_, form) => expect(redact(`before ${form} after ${form}`)).toBe('before [secret] after [secret]'))

  it.each(['', 'u', 'us', 'user:', 'x'.repeat(9)])('base64 of it behind %j', (before) => {
    const [start, end] = [redact(base64(before + value)), redact(base64(`${before}${value}, and more`))]
    expect([start, end].join(' ')).toContain('[secret]')
    for (const text of [start, end]) expect(Buffer.from(text.replace('[secret]', ''), 'base64').toString('latin1')).not.toContain('w&o/r')
  })
})

test('lines of a value, where a report indents them; what all keys begin with stays', () => {
  registerSecret('-----BEGIN KEY-----\nZm9vYmFyYmF6\nq+/8\nbGluZSB0d28=\n-----END KEY-----\n')
  expect(redact('  -----BEGIN KEY-----\n  Zm9vYmFyYmF6\n  bGluZSB0d28=\n')).toBe('  -----BEGIN KEY-----\n  [secret]\n  [secret]\n')
})

test('base64 that a program breaks into lines', () => {
  const long = Array.from({ length: 40 }, (_, index) => `part ${index}`).join(',')
  registerSecret(long)
  const lines = base64(long).match(/.{1,76}/g)!
  expect(redact(lines.join('\n'))).toBe(lines.map(() => '[secret]').join('\n'))
})

test('a value that is part of the mask, or of another value, takes nothing apart', () => {
  registerSecret('secret')
  registerSecret('secretary')
  expect(redact('a secretary, a secret and [secret]')).toBe('a [secret], a [secret] and [secret]')
})

test('a value of fewer than four characters is not looked for, its hash is', () => {
  registerSecret('abc')
  expect(redact(`abc ${sha256('abc')}`)).toBe('abc [secret]')
})

test('an empty value, or one of white space, is nothing', () => {
  for (const nothing of ['', ' ', '\n']) registerSecret(nothing)
  expect(redact(`a b ${sha256('')}`)).toBe(`a b ${sha256('')}`)
})

test('a hash that was made known', () => {
  registerDigest('0123456789abcdef')
  expect(redact('sha256 0123456789abcdef')).toBe('sha256 [secret]')
})

test('deep inside plain data, names included; other values stay', () => {
  const bytes = new Uint8Array([1])
  expect(redactDeep({ [value]: [value, { a: value, n: 1, no: null, t: true }], bytes, left: undefined })).toEqual({
    '[secret]': ['[secret]', { a: '[secret]', n: 1, no: null, t: true }],
    bytes,
    left: undefined,
  })
})

test('whatever stands around it', () => {
  const secret = fc
    .string({ minLength: 5, maxLength: 30, unit: 'grapheme' })
    .filter((text) => text.trim().length >= 4 && text === text.trim())
  fc.assert(
    fc.property(secret, fc.string(), fc.string(), (hidden, before, after) => {
      registerSecret(hidden)
      const text = redact(`${before}${hidden}${after}${hidden}`)
      expect(text.replaceAll('[secret]', '\0')).not.toContain(hidden)
      expect(redact(text)).toBe(text)
    }),
    chance(200),
  )
})

test('megabytes and hundreds of secrets are no matter', () => {
  for (let index = 0; index < 500; index++) registerSecret(`secret value number ${index} of many`)
  const line = 'a line of output with nothing in it\n'
  const text = line.repeat(100_000)
  expect(redact(`${text}secret value number 77 of many\n${text}`)).toBe(`${text}[secret]\n${text}`)
})
