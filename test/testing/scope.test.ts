import { expect, expectTypeOf, test } from 'vitest'
import { inventory } from '../../inventory/lab.ts'
import { factsOn, localHosts, renderText, scopeOn } from '../../src/testing/index.ts'
import { peersJson } from '../../templates/index.ts'
import { sampleFacts } from '../helpers/engine.ts'

test('a template sees the whole fleet, whatever the limit', () => {
  const { fleet, targets, host } = scopeOn(inventory, 'honor-viper', {
    limit: 'honor-viper',
    facts: { 'honor-viper': sampleFacts, 'crystal-panda': sampleFacts },
  })
  expectTypeOf(host.name).toEqualTypeOf<'honor-viper' | 'crystal-panda'>()
  expect(targets.names).toEqual(['honor-viper'])
  expect(renderText(peersJson({ nodes: fleet.group('cluster') }))).toContain('crystal-panda')
})

test('a host without facts fails by name', () => {
  const { fleet } = scopeOn(inventory, 'honor-viper', { facts: { 'honor-viper': sampleFacts } })
  expect(() => renderText(peersJson({ nodes: fleet.group('cluster') }))).toThrow('of crystal-panda')
})

test('an unknown host or limit is said', () => {
  expect(() => scopeOn(inventory, 'honor-vipr' as 'honor-viper')).toThrow("'honor-vipr'")
  expect(() => scopeOn(inventory, 'honor-viper', { limit: 'clutser' })).toThrow("'clutser'")
})

test('facts of a shell of this machine', async () => {
  const facts = await factsOn('hardware', localHosts()[0]!)
  expectTypeOf(facts.memoryMb).toEqualTypeOf<number>()
  expect(facts.cpuCount).toBeGreaterThan(0)
})
