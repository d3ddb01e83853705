import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Secret } from '../../src/util/secret.ts'
import { inLines, sh } from '../../src/util/sh.ts'

test('a secret in a script is for the host alone', () => {
  const inner = sh`printf %s ${new Secret(`it's`)}`
  const script = sh`set -- ${['a b', new Secret('c d')]}; ${inner}`
  expect(script.text).toBe(`set -- 'a b' 'c d'; printf %s 'it'\\''s'`)
  expect(script.shown).toBe(`set -- 'a b' [secret]; printf %s [secret]`)
  expect(`${script}`).toBe(script.shown)
})

test('scripts in lines are as they were, and what is secret in one stays so', () => {
  expect(inLines([sh`a`, sh`b ${'c d'}`]).text).toBe(`a\nb 'c d'`)
  const sealed = inLines([sh`a`, sh`b ${new Secret('c d')}`])
  expect([sealed.sealed, sealed.text, sealed.shown]).toEqual([true, `a\nb 'c d'`, 'a\nb [secret]'])
})

test('a secret is not printed', () => {
  const secret = new Secret('hush')
  expect([`${secret}`, JSON.stringify({ secret }), inspect({ secret })].join()).not.toContain('hush')
})

test('what is no word, secret or script is refused', () => {
  expect(() => sh`echo ${{} as never}`).toThrow('a secret')
})
