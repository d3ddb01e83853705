import { expect, test } from 'vitest'
import { resolveInventory } from '../../src/dsl/resolve-inventory.ts'
import { defineInventory, local, ssh } from '../../src/index.ts'

const model = (hosts: Parameters<typeof resolveInventory>[1]) => resolveInventory({}, hosts)
const over = (proxyJump: string) => ({ groups: [], connection: ssh({ proxyJump }) })

test('hosts know those of the inventory that they are jumped over, and these theirs', () => {
  const { hosts } = model({ far: over('me@inner:24,elsewhere'), inner: over('gate'), gate: { groups: [] } })
  expect([...hosts.get('far')!.jumpHosts!.keys()]).toEqual(['inner'])
  expect(hosts.get('far')!.jumpHosts!.get('inner')).toBe(hosts.get('inner'))
  expect([...hosts.get('inner')!.jumpHosts!.keys()]).toEqual(['gate'])
  expect(hosts.get('gate')!.jumpHosts).toBeUndefined()
})

test.each([
  { name: 'itself', hosts: { far: over('far') }, says: /far → far/ },
  {
    name: 'a host that is reached over it',
    hosts: { far: over('gate'), gate: over('inner'), inner: over('far') },
    says: /far → gate → inner → far/,
  },
  {
    name: 'this machine',
    hosts: { far: over('here'), here: { groups: [], connection: local() } },
    says: /jumps over 'here', which is this machine/,
  },
])('a host that jumps over $name is a mistake', ({ hosts, says }) => {
  expect(() => model(hosts)).toThrow(says)
})

test('what cannot be meant is refused where it is written', () => {
  expect(() => ssh({ proxyJump: 'two words' })).toThrow(/names no host to jump over/)
  expect(() => ssh({ connectRetries: -1 })).toThrow(/no whole number from 0/)
  expect(defineInventory({ groups: {}, hosts: { far: over('none') } })).toBeDefined()
})
