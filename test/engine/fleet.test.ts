import { describe, expect, test } from 'vitest'
import { type KnowledgeScope, openFleet } from '../../src/engine/fleet.ts'
import { type ChoosableGroup, defineInventory, type FleetGroup, local } from '../../src/index.ts'
import { groupSeen, isFleetGroup } from '../../src/model/host-groups.ts'

const { model } = defineInventory({
  groups: { all: { vars: { domain: 'example.test' } }, web: { vars: { port: 80 } }, db: {} },
  hosts: {
    'web-1': { groups: ['web'], connection: local() },
    'web-2': { groups: ['web'], vars: { port: 8080 }, connection: local() },
    'db-1': { groups: ['db'], connection: local() },
  },
})
const scope: KnowledgeScope = { play: 'p', families: ['os'], hosts: new Set(model.hosts.keys()), of: 'all', knowledge: new Map() }
const fleet = openFleet(model, scope)
const web = fleet.group('web') as ChoosableGroup<any>
const seen = (group: object) => {
  const { of, hosts, fleetSize } = groupSeen(group as FleetGroup, 'nodes')
  return { of, hosts, fleetSize }
}

describe('where', () => {
  test.for<readonly [string, object, { of: string; hosts: readonly string[] }]>([
    ['of the fleet', fleet.where((host) => host.name !== 'web-1'), { of: 'hosts chosen by fleet.where', hosts: ['web-2', 'db-1'] }],
    [
      'of a group sees its vars',
      web.where((host) => host.vars.port === 8080),
      { of: 'hosts of group web chosen by where', hosts: ['web-2'] },
    ],
    [
      'of what was chosen before',
      web.where(() => true).where((host) => host.name === 'web-1'),
      { of: 'hosts of group web chosen by where', hosts: ['web-1'] },
    ],
    ['that leaves none', fleet.group('db').where(() => false), { of: 'hosts of group db chosen by where', hosts: [] }],
  ])('%s makes a group that templates accept', ([, group, expected]) => {
    expect(isFleetGroup(group)).toBe(true)
    expect(seen(group)).toEqual({ ...expected, fleetSize: 3 })
  })
  test('sees declared values only, whatever is known', () => {
    const keys: string[][] = []
    fleet.group('web').where((host) => keys.push(Object.keys(host)) > 0)
    expect(keys).toEqual(Array(2).fill(['name', 'groups', 'vars', 'privateIp', 'publicIp']))
  })
})
