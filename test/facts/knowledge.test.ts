import { describe, expect, it } from 'vitest'
import { knowledgeOf, privateIpWarnings, summarise } from '../../src/facts/knowledge.ts'
import type { HardwareFacts, NetworkFacts } from '../../src/model/facts.ts'

const now = 1_700_000_000_000
const hardware = (memoryMb: number): HardwareFacts => ({ memoryMb, swapMb: 0, cpuCount: 2 })
const threeHoursAgo = now - 3 * 3600 * 1000
const cached = { hardware: { value: hardware(2), gatheredAt: threeHoursAgo } }

describe('knowledgeOf', () => {
  it.each([
    [
      'live before all',
      { live: { hardware: hardware(1) }, cached, declared: { hardware: hardware(3) } },
      { value: hardware(1), origin: 'live', ageSeconds: 0 },
    ],
    [
      'cached before declared',
      { cached, declared: { hardware: hardware(3) } },
      { value: hardware(2), origin: 'cached', ageSeconds: 10800 },
    ],
    [
      'declared where there is nothing else',
      { declared: { hardware: hardware(3) } },
      { value: hardware(3), origin: 'declared', ageSeconds: 0 },
    ],
    ['cached where this run read other families', { live: {}, cached }, { value: hardware(2), origin: 'cached', ageSeconds: 10800 }],
    ['no family of which a part is declared', { declared: { hardware: { memoryMb: 3 } } }, undefined],
    [
      'an age that is never negative',
      { cached: { hardware: { value: hardware(2), gatheredAt: now + 5000 } } },
      { value: hardware(2), origin: 'cached', ageSeconds: 0 },
    ],
  ] as const)('takes %s', (_, sources, expected) => {
    expect(knowledgeOf({ host: 'crystal-panda', now, ...sources }).families.hardware).toEqual(expected)
  })
  it('counts a declared network without default route as whole', () => {
    const declared = { network: { interfaces: [], addresses: ['10.108.0.3'] } }
    expect(knowledgeOf({ host: 'a', now, declared }).families.network?.origin).toBe('declared')
  })
  it('says whether the host answered, and why not', () => {
    expect(knowledgeOf({ host: 'a', now, live: {} })).toEqual({ host: 'a', contact: 'answered', families: {} })
    expect(knowledgeOf({ host: 'a', now, reason: 'connect timed out' })).toEqual({
      host: 'a',
      contact: 'failed',
      families: {},
      reason: 'connect timed out',
    })
  })
  it('cannot be changed by who reads it', () => {
    const { families } = knowledgeOf({ host: 'a', now, live: { network: { interfaces: [], addresses: ['10.0.0.1'] } } })
    expect(() => (families.network!.value.addresses as string[]).push('x')).toThrow(TypeError)
  })
})

describe('summarise', () => {
  const os = { hostname: 'a' } as never
  it.each([
    ['all live', { live: { os, hardware: hardware(1) } }, { origin: 'live', ageSeconds: 0, missing: [] }],
    ['one cached', { live: { os }, cached }, { origin: 'cached', ageSeconds: 10800, missing: [] }],
    ['one missing', { live: { os } }, { origin: 'none', ageSeconds: 0, missing: ['hardware'] }],
    ['nothing', { reason: 'connect timed out' }, { origin: 'none', ageSeconds: 0, missing: ['os', 'hardware'] }],
    ['declared and live', { live: { os }, declared: { hardware: hardware(1) } }, { origin: 'declared', ageSeconds: 0, missing: [] }],
  ] as const)('says how the families are known: %s', (_, sources, expected) => {
    expect(summarise(knowledgeOf({ host: 'a', now, ...sources }), ['os', 'hardware'])).toEqual(expected)
  })
})

describe('privateIpWarnings', () => {
  const network: NetworkFacts = {
    interfaces: [
      { name: 'lo', mac: '', addresses: [{ family: 'inet', address: '10.99.0.1', prefix: 32 }] },
      {
        name: 'eth0',
        mac: '',
        addresses: [
          { family: 'inet', address: '10.108.0.9', prefix: 24 },
          { family: 'inet6', address: 'fd00::2', prefix: 64 },
        ],
      },
    ],
    addresses: ['10.108.0.9', 'fd00::2'],
  }
  const live = knowledgeOf({ host: 'crystal-panda', now, live: { network } })
  it.each([
    ['an address of an interface', live, '10.108.0.9', 0],
    ['an address on loopback, as anycast services have', live, '10.99.0.1', 0],
    ['IPv6 written another way', live, 'FD00:0:0::0002', 0],
    ['no declared address', live, undefined, 0],
    ['remembered facts', knowledgeOf({ host: 'a', now, cached: { network: { value: network, gatheredAt: now } } }), '10.108.0.3', 0],
    ['an address of no interface', live, '10.108.0.3', 1],
  ] as const)('of %s', (_, knowledge, privateIp, count) => {
    expect(privateIpWarnings(knowledge, privateIp === undefined ? {} : { privateIp })).toHaveLength(count)
  })
  it('names what the host has', () => {
    expect(privateIpWarnings(live, { privateIp: '10.108.0.3' })).toEqual([
      'The inventory gives crystal-panda the private address 10.108.0.3, but no interface of the host has it: it has 10.108.0.9 on eth0, fd00::2 on eth0',
    ])
  })
})
