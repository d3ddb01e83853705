import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { factsView, MissingFact, missingReason } from '../../src/facts/guard.ts'
import { knowledgeOf } from '../../src/facts/knowledge.ts'
import { formatError, RollcallError } from '../../src/model/errors.ts'
import type { Facts, HardwareFacts } from '../../src/model/facts.ts'

const now = 1_700_000_000_000
const context = { play: 'cluster nodes' }
const hardware: HardwareFacts = { memoryMb: 2048, swapMb: 0, cpuCount: 2 }
const down = knowledgeOf({ host: 'crystal-panda', now, reason: 'connect timed out' })
const partly = knowledgeOf({ host: 'crystal-panda', now, reason: 'connect timed out', declared: { hardware: { memoryMb: 512 } } })
const known = knowledgeOf({ host: 'crystal-panda', now, live: { hardware } })

function failure(read: () => unknown): MissingFact {
  try {
    read()
  } catch (error) {
    if (error instanceof MissingFact) return error
    throw error
  }
  throw new Error('nothing was missing')
}

describe('facts that are known', () => {
  it('are plain data', () => {
    const facts = factsView(known, ['hardware'], context)
    expect(facts.hardware).toEqual(hardware)
    expect(JSON.stringify(facts)).toBe(JSON.stringify({ hardware }))
    expect({ ...facts }).toEqual({ hardware })
    expect(() => Object.assign(facts.hardware, { memoryMb: 1 })).toThrow(TypeError)
  })
})

describe('facts that are missing', () => {
  const view = (): Facts<'hardware'> => factsView(down, ['hardware'], context)
  it('harm nobody who does not read them', () => {
    expect(() => view().hardware).not.toThrow()
    expect(() => ({ ...view() })).not.toThrow()
    expect(inspect(view())).toContain('the host is down (connect timed out) and was never seen before')
  })
  it.each<[string, (facts: Facts<'hardware'>) => unknown, string]>([
    ['a field', (facts) => facts.hardware.memoryMb, 'hardware.memoryMb'],
    ['a field taken apart', ({ hardware: { cpuCount } }) => cpuCount, 'hardware.cpuCount'],
    ['in', (facts) => 'swapMb' in facts.hardware, 'hardware.swapMb'],
    ['hasOwn', (facts) => Object.hasOwn(facts.hardware, 'swapMb'), 'hardware.swapMb'],
    ['spread', (facts) => ({ ...facts.hardware }), 'hardware'],
    ['keys', (facts) => Object.keys(facts.hardware), 'hardware'],
    ['JSON of the family', (facts) => JSON.stringify(facts.hardware), 'hardware'],
    ['JSON of all facts', (facts) => JSON.stringify(facts), 'hardware'],
    ['JSON of a host', (facts) => JSON.stringify({ host: { facts } }), 'hardware'],
    ['text', (facts) => `${facts.hardware}`, 'hardware'],
    ['a structured copy of its fields', (facts) => Object.assign({}, facts.hardware), 'hardware'],
  ])('fail by name: %s', (_, read, fact) => {
    expect(failure(() => read(view()))).toMatchObject({
      host: 'crystal-panda',
      fact,
      reason: 'the host is down (connect timed out) and was never seen before',
    })
  })
  it('say what to do', () => {
    const error = failure(() => view().hardware.memoryMb)
    expect(error).toBeInstanceOf(RollcallError)
    expect(formatError(error.details)).toBe(
      [
        'A fact of a host is not known',
        '  hardware.memoryMb of crystal-panda: the host is down (connect timed out) and was never seen before',
        '  Start the host, or run once with it up so that its facts are remembered, or declare the fact in the inventory:',
        '  facts: { hardware: { memoryMb: … } }',
      ].join('\n'),
    )
  })
  it('are filled field by field by what is declared', () => {
    const facts = factsView(partly, ['hardware'], context)
    expect(facts.hardware.memoryMb).toBe(512)
    expect('memoryMb' in facts.hardware).toBe(true)
    expect(failure(() => facts.hardware.cpuCount).fact).toBe('hardware.cpuCount')
    expect(failure(() => JSON.stringify(facts.hardware)).fact).toBe('hardware')
    expect(inspect(facts)).toContain('declared: { memoryMb: 512 }')
  })
  it('do not look like a promise', async () => {
    const facts = view()
    expect((await Promise.resolve(facts)) === facts).toBe(true)
    await expect(Promise.resolve(facts.hardware).then(() => 'awaited')).resolves.toBe('awaited')
  })
  it('fail for a field that only some hosts have, since nobody knows', () => {
    expect(failure(() => factsView(down, ['network'], context).network.defaultIpv4).fact).toBe('network.defaultIpv4')
  })
})

describe('families that the play does not list', () => {
  it('are an error that says where to list them', () => {
    const facts = factsView(known, ['os'], context) as unknown as Facts
    expect(() => facts.hardware).toThrow(
      "A play reads facts that it does not list: hardware of crystal-panda: play 'cluster nodes' lists os",
    )
    try {
      void facts.hardware
    } catch (error) {
      expect((error as RollcallError).details.fix).toContain("facts: { families: ['os', 'hardware'] }")
      expect(error).not.toBeInstanceOf(MissingFact)
    }
  })
})

describe('missingReason', () => {
  const cached = { os: { value: { hostname: 'a' } as never, gatheredAt: now } }
  it.each([
    ['never seen', down, context, 'the host is down (connect timed out) and was never seen before'],
    [
      'seen, without this family',
      knowledgeOf({ host: 'a', now, cached, reason: 'no route' }),
      context,
      'the host is down (no route) and its hardware facts were never gathered',
    ],
    ['outside the scope', down, { ...context, inScope: false }, "the host stands outside the facts scope of play 'cluster nodes'"],
    ['answered', knowledgeOf({ host: 'a', now, live: {} }), context, 'the host answered, but its hardware facts could not be read'],
  ] as const)('tells: %s', (_, knowledge, of, expected) => expect(missingReason(knowledge, 'hardware', of)).toBe(expected))
})
