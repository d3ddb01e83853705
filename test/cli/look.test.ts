import { describe, expect, test } from 'vitest'
import type { ShownFacts } from '../../src/show-facts.ts'
import type { ShownInventory } from '../../src/show-inventory.ts'
import { sampleFacts } from '../helpers/engine.ts'
import { rollcall } from './harness.ts'

const { hardware } = sampleFacts
const known: readonly ShownFacts[] = [
  {
    host: 'honor-viper',
    origin: 'live',
    ageSeconds: 0,
    contact: 'answered',
    families: { hardware: { value: hardware, origin: 'live', ageSeconds: 0 } },
  },
  { host: 'crystal-panda', origin: 'none', ageSeconds: 0, contact: 'failed', reason: 'connect timed out', families: {} },
]

describe('facts', () => {
  test('shows where facts come from, then the facts', async () => {
    const { code, out, asked } = await rollcall('facts web:!edge --forks 5', { engine: { showFacts: async () => known } })
    expect(asked).toEqual([
      [
        'showFacts',
        { root: '/site', pattern: 'web:!edge', from: 'auto', forks: 5, progress: expect.any(Function), warn: expect.any(Function) },
      ],
    ])
    expect(code).toBe(0)
    expect(out).toBe(`facts from 1 of 2 (1 live, 1 unknown)
crystal-panda  unknown: connect timed out

honor-viper
  hardware  live
    memoryMb: 2048
    swapMb: 0
    cpuCount: 2

crystal-panda
  nothing is known
`)
  })
  test('json is what is known', async () =>
    expect(JSON.parse((await rollcall('facts --cached --format json', { engine: { showFacts: async () => known } })).out)).toEqual(known))
  test('--refresh asks everybody, and a host that does not answer is exit code 4', async () => {
    const { code, asked } = await rollcall('facts --refresh', { engine: { showFacts: async () => known } })
    expect([code, asked[0]?.[1]]).toMatchObject([4, { from: 'refresh' }])
  })
  test('--refresh and --cached exclude each other', async () => {
    const { code, err, asked } = await rollcall('facts --refresh --cached')
    expect({ code, err, asked }).toEqual({
      code: 1,
      err: '--refresh and --cached exclude each other\n  Give one of them, or none.\n',
      asked: [],
    })
  })
})

describe('inventory', () => {
  const shown: ShownInventory = {
    inventory: 'inventory/lab.ts',
    groups: { all: ['honor-viper'], cluster: ['honor-viper'], empty: [] },
    children: {},
    hosts: [
      {
        host: 'honor-viper',
        groups: ['cluster'],
        privateIp: '10.108.0.4',
        connection: { type: 'lab', becomePassword: '[secret]' },
        vars: { port: 80, names: ['a'] },
      },
    ],
  }
  const engine = { showInventory: async () => shown }
  test('list names groups and hosts', async () => {
    const { out, asked } = await rollcall('inventory list -i lab', { engine })
    expect(asked).toEqual([['showInventory', { root: '/site', inventory: 'lab' }]])
    expect(out).toBe(`inventory inventory/lab.ts · hosts 1 · groups 3
  all: honor-viper
  cluster: honor-viper
  empty: no host
`)
  })
  test('host shows all that is declared, secrets hidden', async () => {
    const { out, asked } = await rollcall('inventory host honor-viper', { engine })
    expect(asked).toEqual([['showInventory', { root: '/site', pattern: 'honor-viper' }]])
    expect(out).toBe(`honor-viper
  groups: cluster
  private address: 10.108.0.4
  connection:
    type: lab
    becomePassword: [secret]
  vars:
    port: 80
    names: ["a"]
`)
  })
  test.for([
    ['inventory list --format json', shown],
    ['inventory host honor-viper --format json', shown.hosts[0]],
  ] as const)('%s', async ([line, expected]) => expect(JSON.parse((await rollcall(line, { engine })).out)).toEqual(expected))
})
