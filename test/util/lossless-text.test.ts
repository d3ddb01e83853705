import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOfText, textOfBytes } from '../../src/util/lossless-text.ts'
import { chance } from '../helpers/chance.ts'

test('any bytes come back as they were', () => {
  const sequences = fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.constantFrom('ü', '→', '😀', '\ufeff', '\0').map((text) => new TextEncoder().encode(text)),
  )
  fc.assert(
    fc.property(fc.array(sequences), (parts) => {
      const bytes = Uint8Array.from(parts.flatMap((part) => [...part]))
      expect(bytesOfText(textOfBytes(bytes))).toEqual(bytes)
    }),
    chance(100),
  )
})

test.each<[readonly number[], string]>([
  [[0xc3, 0xbc], 'ü'],
  [[0xff, 0xc3, 0xbc, 0x80], '\udcffü\udc80'],
  [[0xed, 0xa0, 0x80], '\udced\udca0\udc80'], // A surrogate is no character.
  [[0xc0, 0x80], '\udcc0\udc80'], // Nor is what is longer than it need be.
  [[0xf0, 0x9f, 0x98, 0x80, 0x80], '😀\udc80'],
  [[0xf0, 0x9f, 0x98], '\udcf0\udc9f\udc98'],
])('%j is %j', (bytes, text) => {
  expect(textOfBytes(Uint8Array.from(bytes))).toBe(text)
  expect(bytesOfText(text)).toEqual(Uint8Array.from(bytes))
})
