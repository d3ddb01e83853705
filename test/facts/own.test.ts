import { describe, expect, test } from 'vitest'
import { defineFacts, ownFacts } from '../../src/dsl/define-facts.ts'
import { factsView } from '../../src/facts/guard.ts'
import { factsJobs, parseFacts } from '../../src/facts/index.ts'
import { knowledgeOf } from '../../src/facts/knowledge.ts'
import { localHosts } from '../../src/testing/index.ts'
import { sh } from '../../src/util/sh.ts'

const shells = defineFacts({
  name: 'shells',
  fields: { paths: 'always', first: 'sometimes' },
  script: sh`while read -r line; do case $line in /*) printf '%s\n' "$line";; esac; done </etc/shells`,
  parse: (stdout): { readonly paths: readonly string[]; readonly first?: string | undefined } => {
    const paths = stdout.split('\n').filter((line) => line !== '')
    return { paths, first: paths[0] }
  },
})
const broken = defineFacts({
  name: 'broken',
  fields: { number: 'always' },
  script: sh`echo many`,
  parse: (stdout) => {
    const number = Number(stdout)
    if (Number.isNaN(number)) throw new Error(`'${stdout.trim()}' is no number`)
    return { number }
  },
})
const odd = defineFacts({ name: 'odd', fields: { when: 'always' }, script: sh`:`, parse: () => ({ when: new Date(0) }) })

describe.each(localHosts())('on $name', (host) => {
  test('own families ride in the job of the built-in ones', async () => {
    const names = ['os', shells.name]
    const [job] = factsJobs(names)
    const facts = parseFacts(names, [await host.run(job!)])
    expect(facts.os?.kernel).not.toBe('')
    expect(facts.shells).toMatchObject({ paths: expect.arrayContaining(['/bin/sh']) as unknown })
  })

  test('one that makes no sense harms nothing but itself', async () => {
    const names = [broken.name, odd.name, 'os']
    const problems: string[] = []
    const replies = [await host.run(factsJobs(names)[0]!)]
    const facts = parseFacts(names, replies, (family, error) => problems.push(`${family}: ${error.details.detail}`))
    expect(Object.keys(facts)).toEqual(['os'])
    expect(problems).toEqual([
      "broken: broken: 'many' is no number",
      'odd: odd: its parse gave more than plain data (text, numbers, booleans, lists and objects of those)',
    ])
    expect(() => parseFacts(names, replies)).toThrow('is no number')
  })
})

test('what is declared answers where nothing is known, and the rest fails by name', () => {
  const knowledge = knowledgeOf({ host: 'a', declared: { shells: { first: '/bin/sh' } }, reason: 'connect timed out', now: 0 })
  const facts = factsView(knowledge, [shells.name], { play: 'p' }) as unknown as { shells: { paths: unknown; first: unknown } }
  expect(facts.shells.first).toBe('/bin/sh')
  expect(() => facts.shells.paths).toThrow('shells.paths of a')
})

describe('a family is refused', () => {
  const define = (name: string, script: unknown = sh`:`) => defineFacts({ name, fields: {}, script: script as never, parse: () => ({}) })
  test.each([
    ['os', undefined, 'is taken'],
    ['shells', undefined, 'is taken'],
    ['my-facts', undefined, 'cannot be its name'],
    ['plain', 'echo', 'is no script'],
  ])('%s', (name, script, message) => {
    expect(() => define(name, script)).toThrow(message)
    expect([...ownFacts.keys()]).toEqual(['shells', 'broken', 'odd'])
  })
})
