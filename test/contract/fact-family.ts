import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { FactFamily } from '../../src/facts/family.ts'
import { factsView, MissingFact } from '../../src/facts/guard.ts'
import { knowledgeOf } from '../../src/facts/knowledge.ts'
import type { BuiltInFamily, FactFamilies } from '../../src/model/facts.ts'
import { testFolder } from '../helpers/folder.ts'

/** What the suite must know of a family. */
export interface FamilyCase<K extends BuiltInFamily> {
  readonly family: FactFamily<K>
  /** What the script printed on a real host, and what it says. */
  readonly real: { readonly output: readonly string[]; readonly facts: FactFamilies[K] }
  /** Outputs that no host gives, or only one that means harm: each is refused, or what it gives is sane. */
  readonly hostile: { readonly [what: string]: readonly string[] }
  /** Outputs that are refused for certain, with a word of the sentence. */
  readonly refused: { readonly [what: string]: { readonly output: readonly string[]; readonly says: string } }
  /** Whether values are of the kind that the field promises, beyond their types. */
  readonly sane: (facts: FactFamilies[K]) => boolean
  /** True where two readings in a row give the same. */
  readonly steady: boolean
}

const shells: readonly (readonly string[])[] = [['dash'], ['bash'], ['bash', '--posix'], ['busybox', 'sh']]
const bytes = (lines: readonly string[]): Uint8Array => Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1')

/** A small generator of numbers, the same in each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** The real output with something wrong in it: cut off, lines lost, twice or out of order, bytes that nobody printed. */
function* damaged(lines: readonly string[], count: number): Generator<readonly string[]> {
  const below = numbers(count)
  const garbage = [
    '',
    ' ',
    '-1',
    '0x7f',
    '1e999',
    'NaN',
    '999999999999999999999',
    '\u00ff\u00fe',
    '../..',
    '$(id)',
    '%s%n',
    '\u001b[2J',
    '::::',
    '0/0',
  ]
  for (let round = 0; round < count; round++) {
    const changed = [...lines]
    for (let change = 0; change <= below(3); change++) {
      const at = below(changed.length)
      const line = changed[at] ?? ''
      const words = line.split(' ')
      const what = below(6)
      if (what === 0) changed.splice(at, 1)
      else if (what === 1) changed.splice(below(changed.length + 1), 0, line)
      else if (what === 2) changed[at] = line.slice(0, below(line.length + 1))
      else if (what === 3) changed.splice(at)
      else {
        words[below(words.length)] = garbage[below(garbage.length)] ?? ''
        changed[at] = words.join(' ')
      }
    }
    yield changed
  }
}

/** What every family of facts keeps to. */
export function factFamilyContract<K extends BuiltInFamily>({ family, real, hostile, refused, sane, steady }: FamilyCase<K>): void {
  const name = family.name

  /** Facts that may be handed to a template: only declared fields, all that every host has, nothing that is no value. */
  function expectSane(facts: FactFamilies[K], from: string): void {
    const fields = family.fields as Readonly<Record<string, 'always' | 'sometimes'>>
    const given = Object.keys(facts)
    for (const field of given) expect(Object.keys(fields), from).toContain(field)
    for (const [field, presence] of Object.entries(fields)) if (presence === 'always') expect(given, from).toContain(field)
    // JSON has no NaN, no infinity and no undefined: what they leave is seen in the comparison.
    expect(JSON.parse(JSON.stringify(facts)), from).toEqual(facts)
    expect(sane(facts), `${from}\n${JSON.stringify(facts)}`).toBe(true)
  }
  /** Refused with a sentence, or sane. */
  function expectRefusedOrSane(output: readonly string[]): void {
    const from = output.join('\n')
    let facts: FactFamilies[K]
    try {
      facts = family.parse(bytes(output))
    } catch (error) {
      expect((error as Error).constructor, `${from}\n${(error as Error).stack}`).toBe(Error)
      expect((error as Error).message).toMatch(/^the host .*[^.\n]$/)
      return
    }
    expectSane(facts, from)
  }

  describe(`family of facts: ${name}`, () => {
    test.each(shells.map((shell) => [shell.join(' '), shell] as const))(
      'its script works on %s, says nothing else, and changes nothing',
      (_, shell) => {
        const [command = '', ...argv] = shell
        const folder = testFolder()
        const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, XDG_CACHE_HOME: folder }
        const read = () =>
          spawnSync(`/bin/${command}`, [...argv, '-c', family.script.text], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
        const found = read()
        expect([found.status, found.stderr.toString()]).toEqual([0, ''])
        expectSane(family.parse(found.stdout), found.stdout.toString())
        if (steady) expect(family.parse(read().stdout)).toEqual(family.parse(found.stdout))
        expect(readdirSync(folder)).toEqual([])
      },
    )

    test('its script writes to no file', () => {
      const targets = [...family.script.text.matchAll(/>+\s*([^\s;|&)]*)(&\d)?/g)].map(([all]) => all.replace(/\s/g, ''))
      expect(targets.filter((target) => !['>/dev/null', '>&1', '>&2', '>'].includes(target))).toEqual([])
    })

    test('what a real host printed is read', () => {
      const facts = family.parse(bytes(real.output))
      expect(facts).toEqual(real.facts)
      expectSane(facts, 'real')
    })

    test.each(Object.entries(refused))('%s is refused', (_, { output, says }) => {
      expect(() => family.parse(bytes(output))).toThrow(says)
      expectRefusedOrSane(output)
    })
    test.each(Object.entries(hostile))('%s gives no nonsense', (_, output) => expectRefusedOrSane(output))
    test('nothing at all is refused', () => {
      for (const output of [[], [''], ['\u0000'], [' '.repeat(10_000)]]) expect(() => family.parse(bytes(output))).toThrow(/^the host/)
    })
    test('damaged output gives no nonsense', () => {
      for (const whole of [real.output, ...Object.values(hostile)]) for (const output of damaged(whole, 500)) expectRefusedOrSane(output)
    })

    test('fields that are only declared can be read, the others fail by name', () => {
      for (const field of Object.keys(real.facts) as (keyof FactFamilies[K])[]) {
        const declared = { [name]: { [field]: real.facts[field] } }
        const knowledge = knowledgeOf({ host: 'crystal-panda', now: 0, declared, reason: 'connect timed out' })
        const view: object = factsView(knowledge, [name], { play: 'nodes' })
        const facts = (view as { readonly [N in K]: FactFamilies[K] })[name]
        expect(facts[field]).toEqual(real.facts[field])
        for (const other of Object.keys(family.fields) as (keyof FactFamilies[K])[]) {
          const alone = Object.keys(family.fields).length === 1
          if (other !== field && !alone) expect(() => facts[other], String(other)).toThrow(MissingFact)
        }
      }
    })
  })
}
