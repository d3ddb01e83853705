import { newHosts } from '../../../src/dsl/hosts.ts'
import { defineInventory } from '../../../src/dsl/inventory.ts'
import { addHost } from '../../../src/modules/add-host.ts'
import type { LawCase } from '../../../src/testing/index.ts'

const inventory = defineInventory({ groups: {}, hosts: { builder: { groups: [] } } })
const fresh = newHosts('fresh', inventory)

export const cases: readonly LawCase[] = [
  {
    name: 'addHost with an address',
    call: () => addHost({ to: fresh, name: 'web9', address: '192.0.2.9', publicIp: '192.0.2.9' }),
    expect: 'nothing',
  },
]
