import { inspect } from 'node:util'
import { describe, expect, it, test } from 'vitest'
import { redact } from '../../src/util/redact.ts'
import { holdsSecret, revealCount, Secret, SecretAsText, sealed, whileRendering } from '../../src/util/secret.ts'
import { Script, sh, word } from '../../src/util/sh.ts'

const locked = () =>
  new Secret(() => {
    throw new Error('locked')
  })

test('what it holds is asked for once, when it is revealed, and is looked for from then on', () => {
  let asked = 0
  const secret = new Secret(() => `value ${++asked}`)
  expect(redact('value 1')).toBe('value 1')
  expect([secret.reveal(), secret.reveal()]).toEqual(['value 1', 'value 1'])
  expect(redact('value 1')).toBe('[secret]')
})

test.each([undefined, null, 7])('%s is no secret, and says what is', (nothing) => {
  expect(() => new Secret(nothing as never)).toThrow(/a Secret holds text.*secretFromEnv/)
})

test('nothing of it is a property', () => {
  const secret = new Secret('hush hush')
  for (const shown of [JSON.stringify({ ...secret }), inspect(secret, { showHidden: true }), JSON.stringify(Object.entries(secret))])
    expect(shown).not.toContain('hush')
})

describe('scripts', () => {
  it('may hold secrets that are still locked', () => {
    const script = sh`echo ${locked()} ${['a', locked()]} ${sh`in ${locked()}`}`
    expect([script.shown, script.sealed]).toEqual(['echo [secret] a [secret] in [secret]', true])
    expect(() => script.text).toThrow('locked')
  })
  it('show nothing of their text as data', () => {
    const script = sh`echo ${new Secret('hush hush')}`
    for (const shown of [JSON.stringify({ script }), JSON.stringify({ ...script }), `${script}`, inspect(script)])
      expect(shown).not.toContain('hush hush')
  })
  it('are one word of another, sealed as they are', () => {
    const inner = sh`printf %s ${new Secret("it's me")}`
    const outer = sh`eval ${word(inner)}`
    expect(outer.text).toBe(`eval 'printf %s '\\''it'\\''\\'\\'''\\''s me'\\'''`)
    expect(outer.shown).toBe(`eval 'printf %s [secret]'`)
    expect(word(sh`a b`).sealed).toBe(false)
  })
  it('without secrets are whole at once', () => {
    expect(() => sh`echo ${'a\0b'}`).toThrow('NUL')
    expect(() => new Script('\0')).toThrow('NUL')
    expect(() => sh`echo ${new Secret('a\0b')}`.text).toThrow('NUL')
  })
})

describe('sealed', () => {
  it('is put together when it is revealed', () => {
    const text = sealed`user=${'app'}\nport=${8080}\npassword=${new Secret('pass word')}\n`
    expect(`${text}`).toBe('[secret]')
    expect(text.reveal()).toBe('user=app\nport=8080\npassword=pass word\n')
    expect(() => sealed`${locked()}`.reveal()).toThrow('locked')
  })
  it('makes no secret of the text around', () => {
    sealed`some text around ${new Secret('pass word')}`.reveal()
    expect(redact('some text around pass word')).toBe('some text around [secret]')
  })
  it('refuses text in which a secret was lost', () => {
    expect(() => sealed`a ${`b ${new Secret('pass word')}`}`).toThrow('insert the Secret itself')
  })
  it('refuses what has no text', () => expect(() => sealed`${undefined as never}`).toThrow('sealed cannot insert undefined'))
})

test.each<[string, unknown, boolean]>([
  ['a secret', new Secret('x'), true],
  ['data with one', { a: [{ b: locked() }] }, true],
  ['a script with one', { script: sh`${locked()}` }, true],
  ['a script without', { script: sh`a` }, false],
  ['data without', { a: ['[secret]', 1, null, new Uint8Array(2)] }, false],
])('whether %s holds a secret', (_, value, holds) => expect(holdsSecret(value)).toBe(holds))

test('while a file is rendered, it does not become text by itself, and revealing is counted', () => {
  const secret = new Secret('hush hush')
  const before = revealCount()
  whileRendering(() => {
    for (const text of [() => `${secret}`, () => JSON.stringify([secret])]) expect(text).toThrow(SecretAsText)
    expect(inspect(secret)).toBe('[secret]')
    expect(revealCount()).toBe(before)
    secret.reveal()
  })
  expect(revealCount()).toBe(before + 1)
  expect(`${secret}`).toBe('[secret]')
})
