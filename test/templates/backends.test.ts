import { describe, expect, test } from 'vitest'
import type { Inventory } from '../../src/dsl/inventory.ts'
import { resolveInventory } from '../../src/dsl/resolve-inventory.ts'
import type { Fleet, FleetGroup } from '../../src/index.ts'
import type { InventoryModel } from '../../src/model/inventory.ts'
import { renderTemplate } from '../../src/render/index.ts'
import { scopeOn } from '../../src/testing/index.ts'
import { ownRoot } from '../../src/util/own-root.ts'
import { haproxyCfg, peersJson } from '../../templates/index.ts'
import { sampleFacts } from '../helpers/engine.ts'

/** `count` nodes of a cluster, and one host that is none of it. */
const inventoryOf = (count: number): InventoryModel =>
  resolveInventory(
    { all: {}, cluster: { vars: { appPort: 8080 } } },
    {
      ...Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`host-${index + 1}`, { groups: ['cluster'], privateIp: `10.108.0.${10 + index}` }]),
      ),
      other: { groups: [], privateIp: '10.108.0.9' },
    },
  )

/** The fleet that closures see in a run with this limit, down hosts included. */
function fleetOf(model: InventoryModel, limit: string, down: readonly string[] = []): Fleet {
  const up = [...model.hosts.keys()].filter((host) => !down.includes(host))
  const facts = Object.fromEntries(up.map((host) => [host, sampleFacts]))
  return scopeOn({ kind: 'inventory', model } as unknown as Inventory, [...model.hosts.keys()].at(-1)!, { limit, facts })
    .fleet as unknown as Fleet
}

const config = (fleet: Fleet, certificate?: string) =>
  Buffer.from(
    renderTemplate(haproxyCfg({ nodes: fleet.group('cluster') as unknown as FleetGroup<any>, certificate }), { root: ownRoot() }).bytes,
  ).toString()
const servers = (text: string) => text.split('\n').filter((line) => line.trim().startsWith('server '))

describe('every node of the cluster is a backend, in inventory order, whatever the limit', () => {
  test.for([
    [0, 'all'],
    [0, 'other'],
    [1, 'all'],
    [1, 'host-1'],
    [1, 'other'],
    [2, 'all'],
    [2, 'host-1'],
    [2, 'host-2'],
    [2, 'cluster'],
    [2, 'cluster:!host-1'],
    [2, 'other'],
    [7, 'all'],
    [7, 'host-7'],
    [7, 'host-3,host-5'],
    [7, 'cluster:&host-2'],
    [7, 'host-*:!host-4'],
  ] as const)('%i nodes, --limit %s', ([count, limit]) => {
    const expected = Array.from(
      { length: count },
      (_, index) => `    server node${index + 1} 10.108.0.${10 + index}:8080 check inter 5s fall 3 rise 2`,
    )
    expect(servers(config(fleetOf(inventoryOf(count), limit)))).toEqual(expected)
  })
  test('also nodes that are down and of which nothing is known', () => {
    expect(servers(config(fleetOf(inventoryOf(2), 'host-1', ['host-2'])))).toHaveLength(2)
  })
})

test('the whole configuration of the two nodes of the outage', () => {
  const inventory = resolveInventory(
    { cluster: { vars: { appPort: 8080 } } },
    { 'honor-viper': { groups: ['cluster'], privateIp: '10.108.0.4' }, 'crystal-panda': { groups: ['cluster'], privateIp: '10.108.0.3' } },
  )
  expect(config(fleetOf(inventory, 'honor-viper'))).toMatchInlineSnapshot(`
    "# Written by Rollcall: every node of the cluster balances over every node of the cluster.
    global
        log /dev/log local0
        user haproxy
        group haproxy
        maxconn 2000

    defaults
        log global
        mode http
        option httplog
        option dontlognull
        timeout connect 5s
        timeout client 30s
        timeout server 30s

    frontend cluster_http
        bind :80
        default_backend cluster_backends

    backend cluster_backends
        mode http
        balance roundrobin
        option httpchk GET /dynia-health
        http-check expect status 200
        server node1 10.108.0.4:8080 check inter 5s fall 3 rise 2
        server node2 10.108.0.3:8080 check inter 5s fall 3 rise 2
    "
  `)
  expect(config(fleetOf(inventory, 'honor-viper'), '/etc/haproxy/certs/site.pem')).toContain(
    '    bind :443 ssl crt /etc/haproxy/certs/site.pem',
  )
})

describe('peers.json', () => {
  const peers = (fleet: Fleet) =>
    JSON.parse(
      Buffer.from(
        renderTemplate(peersJson({ nodes: fleet.group('cluster') as unknown as FleetGroup<any> }), { root: ownRoot() }).bytes,
      ).toString(),
    ) as { name: string }[]
  test.for([0, 1, 2, 7])('is JSON that lists each of %i nodes', (count) => {
    expect(peers(fleetOf(inventoryOf(count), 'other')).map((peer) => peer.name)).toEqual(
      Array.from({ length: count }, (_, index) => `host-${index + 1}`),
    )
  })
  test('fails on a fact that is not known, naming host, fact and template line', () => {
    expect(() => peers(fleetOf(inventoryOf(2), 'host-1', ['host-2']))).toThrow(
      expect.objectContaining({
        host: 'host-2',
        fact: 'os.distribution',
        details: expect.objectContaining({ at: expect.objectContaining({ file: expect.stringContaining('peers.json.eta'), line: 6 }) }),
      }),
    )
  })
})
