import { isIPv6 as nodes } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isIPv6 } from '../../src/util/ip-address.ts'
import { chance } from '../helpers/chance.ts'

const known = [
  '',
  ':',
  '::',
  ':::',
  '::1',
  '1::',
  '1',
  ':1',
  '1:',
  '1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7::',
  '::2:3:4:5:6:7:8',
]
const more = [
  '1:2:3:4:5:6:7:8::',
  '1::2::3',
  '1:::2',
  '12345::',
  'g::',
  '::ffff:1.2.3.4',
  '1.2.3.4',
  '1.2.3.4::',
  '::1.2.3',
  '1:2:3:4:5:6:1.2.3.4',
]
const last = [
  '1:2:3:4:5:6:7:1.2.3.4',
  '::1.2.3.4:5',
  'FE80::AbCd',
  ' ::1',
  '::1\n',
  '::01.2.3.4',
  '::1.2.3.256',
  '1:2:3:4:5::1.2.3.4',
  '1:2:3:4:5:6::1.2.3.4',
]

test.each([...known, ...more, ...last])('%j is an address of version 6 or none, as Node says', (text) => {
  expect(isIPv6(text)).toBe(nodes(text))
})

test('texts of pieces of addresses', () => {
  const pieces = fc.array(fc.constantFrom('::', ':', ':', '1', 'ab', 'fe80', '12345', '1.2.3.4', 'g', '0', '.'), { maxLength: 16 })
  fc.assert(
    fc.property(pieces, (chosen) => {
      expect(isIPv6(chosen.join(''))).toBe(nodes(chosen.join('')))
    }),
    chance(5000),
  )
})

test('a zone is none of an address that others use', () => {
  expect([isIPv6('fe80::1%eth0'), isIPv6('fe80::1')]).toEqual([false, true])
})
