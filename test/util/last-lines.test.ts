import { beforeAll, describe, expect, test } from 'vitest'
import { lastLines, tailBytes } from '../../src/util/last-lines.ts'
import { registerSecret, settledLength } from '../../src/util/redact.ts'

const bytes = (text: string) => Buffer.from(text, 'utf8')

describe('the last lines of what is being written', () => {
  test.each<readonly [name: string, text: string, whole: boolean, expected: readonly string[]]>([
    ['whole', 'one\ntwo\n', true, ['one', 'two']],
    ['the last of many', 'one\ntwo\nthree\nfour\n', true, ['two', 'three', 'four']],
    ['a line that is not ended', 'one\ntwo', true, ['one', 'two']],
    ['a line that was cut', 'ne\ntwo\n', false, ['two']],
    ['nothing but a line that was cut', 'ne of many', false, []],
    ['empty lines', 'one\n\n  \n\ntwo\n\n', true, ['one', 'two']],
    ['a bar that is written over', 'get\n10 %\r20 %\r30 %', true, ['get', '30 %']],
    ['a bar that ends in a return', '10 %\r20 %\r', true, ['20 %']],
    ['a bar that was cut', '0 %\r20 %\r30 %', false, ['30 %']],
    ['lines of Windows', 'one\r\ntwo\r\n', true, ['one', 'two']],
    ['colours', '\u001b[1;31mred\u001b[0m\n\u001b]0;title\u0007plain', true, ['red', 'plain']],
    ['half a colour', 'red\u001b[3', true, ['red']],
    ['bytes for programs', 'a\0b\n', true, []],
    ['nothing', '', true, []],
  ])('%s', (_, text, whole, expected) => {
    expect(lastLines(bytes(text), whole, 3)).toEqual(expected)
  })
  test('half a character waits', () => {
    expect(lastLines(bytes('grün').subarray(0, 3), true, 3)).toEqual(['gr'])
  })
})

describe('secrets in it', () => {
  const secret = 'hunter2-is-über-long'
  const key = '-----BEGIN KEY-----\nab\ncd\nef\n-----END KEY-----\n'
  beforeAll(() => {
    registerSecret(secret)
    registerSecret(key)
  })
  const parts = (of: string, least: number) =>
    Array.from({ length: of.length - least }, (_, at) => [of.slice(0, at + least), of.slice(at)] as const)
  const shown = (text: string | Uint8Array, whole: boolean) => lastLines(Buffer.from(text), whole, 1000).join('\n')

  test('do not show', () => {
    expect(shown(`password ${secret} set\n${key}`, true)).toBe('password [secret] set\n[secret]')
  })
  test('nor however the beginning of the tail cuts them', () => {
    const before = 'before\n'.repeat(20)
    const whole = bytes(`${before}a ${secret} b\n${key}${secret}${key}${'after\n'.repeat(200)}`)
    for (let from = 0; from < whole.indexOf('after'); from++) {
      const text = shown(whole.subarray(from), false)
      expect(text).not.toMatch(/hunt|unte|nter|ter2|long|über|BEGIN|END|^(ab|cd|ef)$/m)
      expect(text).toMatch(/after/)
    }
    // Where enough stands before it, the lines around it are there.
    expect(shown(bytes(`${before.repeat(20)}a ${secret} b`), false)).toMatch(/before\na \[secret\] b$/)
  })
  test('nor while they are written in part', () => {
    for (const [begun] of [...parts(secret, 1), ...parts(key.trimEnd(), 1)])
      for (const before of ['', 'value: ', 'line\n', 'hunhun: ']) expect(shown(before + begun, true)).toBe(before.trim())
    expect(shown(bytes(`x ${secret}`).subarray(0, 14), true)).toBe('x') // In the midst of a character.
  })
  test('nor broken by colours', () => {
    expect(shown(`a hun\u001b[1mter2-is\u001b[0m-über-long b`, true)).toBe('a [secret] b')
    expect(shown(`a hun\u001b[1mter2-is\u001b[0m`, true)).toBe('a')
  })
  test('and what only looks like one is shown', () => {
    expect(shown('hunter3 and hunting', true)).toBe('hunter3 and hunting')
    expect(settledLength('hunter3!')).toBe(8)
  })
  test('of an output with very long secrets nothing is shown', () => {
    registerSecret('x'.repeat(40_000))
    expect(tailBytes()).toBeUndefined()
  })
})
