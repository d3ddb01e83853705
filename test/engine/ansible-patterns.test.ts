import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { matchPattern } from '../../src/engine/limit.ts'
import type { HostRecord } from '../../src/model/inventory.ts'

/** What Ansible made of a pattern: hosts in order, names it ignored with a warning, or an error. */
interface Asked {
  readonly pattern: string
  readonly hosts?: readonly string[]
  readonly unknown?: readonly string[]
  readonly error?: string
}
interface Case {
  readonly hosts: { readonly [name: string]: readonly string[] }
  readonly groups: { readonly [name: string]: readonly string[] }
  readonly asked: readonly Asked[]
}
/** Made by scripts/record-ansible-patterns.py. */
const cases = JSON.parse(readFileSync(new URL('ansible-patterns.json', import.meta.url), 'utf8')) as readonly Case[]

test('recorded patterns leave the hosts that Ansible leaves, in its order; what it ignores is refused', () => {
  const differ: unknown[] = []
  let refused = 0
  for (const { hosts, groups, asked } of cases) {
    const record = (name: string): HostRecord => ({ name, groups: hosts[name]!, vars: {}, connection: { type: 'ssh' } })
    const model = {
      hosts: new Map(Object.keys(hosts).map((name) => [name, record(name)])),
      groups: new Map(Object.entries(groups)),
    }
    for (const { pattern, hosts: wanted } of asked) {
      let found: readonly string[] | string
      try {
        found = matchPattern(pattern, model)
      } catch (error) {
        found = (error as Error).message
        refused += 1
      }
      const same = wanted === undefined ? typeof found === 'string' : JSON.stringify(found) === JSON.stringify(wanted)
      if (!same) differ.push({ pattern, found, ansible: wanted ?? 'ignores a name, or refuses', groups: JSON.stringify(groups) })
    }
  }
  expect(differ).toEqual([])
  expect(refused).toBeGreaterThan(100)
})
