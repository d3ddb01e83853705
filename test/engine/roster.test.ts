import { describe, expect, test } from 'vitest'
import { local, ssh } from '../../src/dsl/connection.ts'
import { Refusal } from '../../src/dsl/definition.ts'
import { intersection, newHosts, nth, union, without } from '../../src/dsl/hosts.ts'
import { defineInventory } from '../../src/dsl/inventory.ts'
import { definePlaybook } from '../../src/dsl/playbook.ts'
import { openGroups } from '../../src/engine/dynamic-groups.ts'
import { openRoster } from '../../src/engine/roster.ts'
import { select } from '../../src/engine/select.ts'
import { RollcallError } from '../../src/model/errors.ts'
import type { NewSet } from '../../src/model/host-set.ts'
import type { AskedHost } from '../../src/model/new-host.ts'
import { Secret, sealed } from '../../src/util/secret.ts'

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3V0Yt0v0iX9b3o8b0d5mI9k3Yl7oQyW3m3xw2l3mZr'
const inventory = defineInventory({
  groups: {
    all: { vars: { domain: 'example.test' } },
    web: { vars: { port: 80, tags: ['a'], token: new Secret('token-of-web'), limits: { cpu: 1 } }, connection: ssh({ user: 'admin' }) },
    here: { connection: local() },
    kept: { connection: ssh({ controlPersistSeconds: 60 }) },
    eu: { vars: { region: 'eu' } },
    loud: { vars: { port: 81 } },
  },
  hosts: {
    builder: { groups: [] },
    keeper: { groups: ['kept'] },
    plain: { groups: ['here', 'loud'], vars: { port: 1 } },
    web1: { groups: ['web'], privateIp: '10.0.0.1' },
    web2: { groups: ['web'], privateIp: '10.0.0.2' },
  },
})
const fresh = newHosts('fresh', inventory, { like: 'web' })
const setOf = (of: object) => of as unknown as NewSet
const here = newHosts('here-too', inventory, { like: 'here' })
const kept = newHosts('kept-too', inventory, { like: 'kept' })
const torn = newHosts('torn', inventory, { like: ['web', 'loud'] })
const plain: AskedHost = { set: setOf(fresh), name: 'web9', privateIp: '10.0.0.9', hostKeys: [], vars: {} }
const from = { by: 'builder', task: 'take it on', at: undefined }
const open = () => openRoster(inventory.model)

describe('a host that is added', () => {
  test('is one of its groups, with their vars and way', () => {
    const roster = open()
    const before = roster.inventory
    expect(roster.add({ ...plain, vars: { port: 99 }, address: '192.0.2.9', hostKeys: [key] }, from)).toBe(true)
    expect(roster.inventory.hosts.get('web9')).toMatchObject({
      groups: ['web'],
      vars: { domain: 'example.test', port: 99, tags: ['a'] },
      connection: { type: 'ssh', user: 'admin', address: '192.0.2.9', hostKey: [key] },
      privateIp: '10.0.0.9',
    })
    expect([roster.inventory.groups.get('web'), roster.inventory.groups.get('all')?.at(-1)]).toEqual([['web1', 'web2', 'web9'], 'web9'])
    expect([before.hosts.has('web9'), before.groups.get('web')]).toEqual([false, ['web1', 'web2']])
  })
  test('counts for groups above its own', () => {
    const roster = openRoster({
      ...inventory.model,
      children: new Map([
        ['eu', ['loud']],
        ['loud', ['web']],
      ]),
    })
    roster.add(plain, from)
    expect(roster.inventory.hosts.get('web9')!.groups).toEqual(['web', 'loud', 'eu'])
  })
  test('is added once where all is the same, secrets too', () => {
    const roster = open()
    const again = (text: string) => ({ ...plain, vars: { token: sealed`a-${text}` } })
    expect([roster.add(again('secret'), from), roster.add(again('secret'), from)]).toEqual([true, false])
    expect(() => roster.add(again('other'), from)).toThrow("Host 'web9' was added already, and otherwise: vars.token differs")
  })
  test('is only noted where it is not sure', () => {
    const roster = open()
    roster.add(plain, from, { confidence: 'assumed', because: 'create' })
    expect([roster.added.size, roster.unsure]).toMatchObject([0, [{ asked: { name: 'web9' }, because: 'create' }]])
  })
})

test.each<[string, Partial<AskedHost>, string]>([
  ['a name of the inventory', { name: 'web1' }, "The inventory has a host 'web1' already"],
  ['a name of a group', { name: 'eu' }, "'eu' is the name of a group"],
  ['the name of the new hosts', { name: 'fresh' }, "'fresh' is the name of these new hosts"],
  ['a name that is none', { name: 'web/9' }, "'web/9' cannot be a host name"],
  ['groups that differ', { set: setOf(torn) }, "groups 'web' and 'loud' set 'port' of host 'web9' differently"],
  ['a var that is not declared', { vars: { prot: 1 } }, "No var 'prot' is declared by the groups of the new host"],
  ['a var of another type', { vars: { port: '1' } }, 'port is text, not a number'],
  ['nothing where a value is due', { vars: { port: null } }, 'port is null, not a number'],
  ['a list of another type', { vars: { tags: ['b', 1] } }, 'tags[1] is a number, not text'],
  ['an object that lacks a field', { vars: { limits: {} } }, 'limits.cpu is undefined, not a number'],
  ['plain text in the place of a secret', { vars: { token: 'plain' } }, 'token is text, not a secret'],
  ['a secret that was turned into text', { vars: { domain: `${new Secret('hidden-word')}` } }, 'pass the Secret itself'],
  ['a key that is none', { hostKeys: ['SHA256:abc'] }, "hostKey: 'SHA256:abc' is no public key"],
  ['a key of another type than it says', { hostKeys: [key.replace('ssh-ed25519', 'ssh-rsa')] }, 'is no public key'],
  ['a key that another program would check', { set: setOf(kept), hostKeys: [key] }, 'hostKey cannot be checked with controlPersistSeconds'],
  ['an address of the controller', { set: setOf(here), address: '192.0.2.1' }, "address of 'web9' is for hosts reached by ssh()"],
  [
    'a lab host without private address',
    { set: setOf(here), connection: { type: 'lab', kind: 'sshd', user: 'x' } },
    'has no private address',
  ],
])('refuses %s', (_, more, message) => {
  const roster = open()
  const { privateIp, ...rest } = { ...plain, ...more }
  const asked = setOf(here) === rest.set && rest.connection ? rest : { privateIp: privateIp!, ...rest }
  expect(() => roster.add(asked, from)).toThrow(Refusal)
  expect(() => roster.add(asked, from)).toThrow(message)
  expect(roster.added.size).toBe(0)
})
test('refuses a host without private address where all others of its group have one', () => {
  const { privateIp: _, ...asked } = plain
  expect(() => open().add(asked, from)).toThrow("Host 'web9' has no private address, and each host of 'web' has one")
})

const site = definePlaybook('site', inventory, (play) => {
  play('make', { hosts: 'builder' }, () => {})
  play('new', { hosts: fresh }, () => {})
  play('any', { hosts: union('web', fresh) }, () => {})
  play('both', { hosts: intersection(union('web', fresh), 'web'), order: 'reverseSorted' }, () => {})
  play('web', { hosts: 'web' }, () => {})
})
const settle = (limit: string | undefined) => {
  const selection = select(site, { ...(limit !== undefined && { limit }), tags: [], skipTags: [] })
  const roster = open()
  const groups = openGroups(roster, selection.leaves)
  roster.add(plain, from)
  return selection.plays.map((play) => groups.settle(play).hosts.join())
}

test('plays run on added hosts where they name them, and only there', () => {
  expect(settle(undefined)).toEqual(['builder', 'web9', 'web1,web2,web9', 'web9,web2,web1', 'web1,web2'])
})
test.each([
  ['builder', false],
  ['builder,web', true],
  ['builder,fresh', true],
  ['builder,fr*', true],
  ['builder,web*', true],
  ['builder,web1', false],
  ['all', true],
  ['all,!fresh', false],
  ['builder,web[-1]', false],
  ['builder,web[0:5]', true],
])('--limit %s: %s', (limit, runs) => {
  expect(settle(limit)[1]).toBe(runs ? 'web9' : '')
})
test('the limit names no host that is not there yet', () => {
  expect(() => settle('builder,web9')).toThrow(RollcallError)
})

describe('refused at load', () => {
  const other = defineInventory({ groups: { web: {} }, hosts: { one: { groups: ['web'] } } })
  test.each([
    ['places of them', () => nth(fresh, 0), 'takes places of new hosts, or leaves them out'],
    ['all but them', () => without('web', fresh), 'takes places of new hosts, or leaves them out'],
    ['a name that the inventory has', () => newHosts('web', inventory), "'web': the inventory has that name"],
    ['a name that is none', () => newHosts('my hosts', inventory), "'my hosts': it cannot be a name"],
    ['a group that there is not', () => newHosts('x', inventory, { like: 'wbe' as 'web' }), "'x': 'wbe' is no group"],
    ['two of one name', () => union(fresh, newHosts('fresh', inventory)), 'Two newHosts have one name'],
    ['those of another inventory', () => newHosts('x', other, { like: 'web' }), 'A play names new hosts of another inventory'],
  ] as const)('%s', (_, hosts, message) => {
    expect(() => definePlaybook('x', inventory, (play) => play('x', { hosts: hosts() }, () => {}))).toThrow(message)
  })
})
