import { describe, expect, test } from 'vitest'
import type { HostDefinition } from '../../src/dsl/inventory-types.ts'
import { defineInventory, lab, local, ssh } from '../../src/index.ts'
import { inventoryWarnings } from '../../src/inventory-warnings.ts'
import { type AddressKind, addressKind } from '../../src/util/addresses.ts'

test.for<readonly [string, AddressKind]>([
  ['10.1.2.3', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.0', 'public'],
  ['192.168.0.1', 'private'],
  ['100.64.0.1', 'private'],
  ['fd00::1', 'private'],
  ['fe80::1', 'private'],
  ['203.0.113.4', 'documentation'],
  ['198.51.100.255', 'documentation'],
  ['192.0.2.0', 'documentation'],
  ['192.0.3.0', 'public'],
  ['2001:db8::1', 'documentation'],
  ['2001:db9::1', 'public'],
  ['127.0.0.53', 'loopback'],
  ['::1', 'loopback'],
  ['10.0.0', 'invalid'],
  ['10.0.0.1/24', 'invalid'],
  ['host.example', 'invalid'],
])('%s is %s', ([address, kind]) => expect(addressKind(address)).toBe(kind))

type Hosts = Readonly<Record<string, Omit<HostDefinition, 'groups'>>>
const good = { privateIp: '10.0.0.1', connection: local() }
describe('warned of is', () => {
  test.for<readonly [string, Hosts, readonly string[]]>([
    [
      'nothing in a good inventory',
      { a: good, b: { ...good, privateIp: '10.0.0.2' }, c: { connection: ssh({ address: 'c.example' }) } },
      [],
    ],
    ['one private address for two hosts', { a: good, b: good }, ['a and b have the same address: the privateIp 10.0.0.1']],
    [
      'one way for two hosts',
      { a: { connection: ssh({ address: 'x.example' }) }, b: { connection: ssh({ address: 'x.example', port: 22 }) } },
      ['a and b have the same address: SSH at x.example port 22'],
    ],
    [
      'not two ports of one address',
      { a: { connection: ssh({ address: 'x.example' }) }, b: { connection: ssh({ address: 'x.example', port: 2222 }) } },
      [],
    ],
    [
      'a host that only its name leads to',
      { a: { connection: ssh({}) } },
      ['a has no address: SSH will look for the name itself, in ~/.ssh/config and by DNS'],
    ],
    ['not one whose name is an address', { '10.0.0.9': { connection: ssh({}) } }, []],
    ['not a host of another connection without an address', { a: { connection: local() } }, []],
    [
      'a private address of no private range',
      { a: { ...good, privateIp: '9.9.9.9' } },
      ['the privateIp 9.9.9.9 of a is of no private range'],
    ],
    [
      'a public address of a private range',
      { a: { ...good, publicIp: '192.168.1.1' } },
      ['the publicIp 192.168.1.1 of a is of a private range'],
    ],
    ['loopback', { a: { ...good, privateIp: '127.0.0.1' } }, ["the privateIp 127.0.0.1 of a is each host's own"]],
    [
      'an address of documentation, once',
      { a: { publicIp: '203.0.113.4', connection: ssh({ address: '203.0.113.4' }) } },
      ['a has the publicIp 203.0.113.4, which stands in documentation only'],
    ],
    [
      'an address of documentation in the connection',
      { a: { privateIp: '10.0.0.1', connection: ssh({ address: '192.0.2.1' }) } },
      ['a has the address 192.0.2.1, which stands in documentation only'],
    ],
    [
      'lab hosts are judged by their addresses, too',
      { a: { privateIp: '8.8.8.8', connection: lab() } },
      ['the privateIp 8.8.8.8 of a is of no private range'],
    ],
  ])('%s', ([, hosts, messages]) => {
    const { model } = defineInventory({
      groups: { web: {} },
      hosts: Object.fromEntries(Object.entries(hosts).map(([name, host]) => [name, { groups: ['web' as const], ...host }])),
    })
    expect(inventoryWarnings(model).map(({ message }) => message)).toEqual(messages)
  })
  test('a group without hosts', () => {
    const { model } = defineInventory({ groups: { web: {}, db: {} }, hosts: { a: { groups: ['web'], ...good } } })
    expect(inventoryWarnings(model)).toEqual([
      { message: 'group db has no host', fix: 'Put hosts into it, or remove it.', keys: ['groups', 'db'] },
    ])
  })
})
