import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Secret } from '../../src/util/secret.ts'
import { sh } from '../../src/util/sh.ts'

test('a secret in a script is for the host alone', () => {
  const inner = sh`printf %s ${new Secret(`it's`)}`
  const script = sh`set -- ${['a b', new Secret('c d')]}; ${inner}`
  expect(script.text).toBe(`set -- 'a b' 'c d'; printf %s 'it'\\''s'`)
  expect(script.shown).toBe(`set -- 'a b' [secret]; printf %s [secret]`)
  expect(`${script}`).toBe(script.shown)
})

test('a secret is not printed', () => {
  const secret = new Secret('hush')
  expect([`${secret}`, JSON.stringify({ secret }), inspect({ secret })].join()).not.toContain('hush')
})

test('what is no word, secret or script is refused', () => {
  expect(() => sh`echo ${{} as never}`).toThrow('a secret')
})
