import { describe, expect, test } from 'vitest'
import { select } from '../../src/engine/select.ts'
import {
  debug,
  defineInventory,
  definePlaybook,
  defineServiceModule,
  intersection,
  nth,
  type PlayTools,
  pattern,
  union,
  without,
} from '../../src/index.ts'

const inventory = defineInventory({
  groups: { web: {}, db: {}, eu: {} },
  hosts: {
    delta: { groups: ['web', 'eu'] },
    alpha: { groups: ['web'] },
    bravo: { groups: ['db', 'eu'] },
    charlie: { groups: [] },
  },
})
const none = { tags: [], skipTags: [] }
const hostsOf = (options: object, limit?: string) => {
  const playbook = definePlaybook('p', inventory, (play) =>
    play('one', options as { hosts: 'all' }, ({ task }) => task('a', debug({ msg: 'a' }))),
  )
  return select(playbook, { ...none, ...(limit !== undefined && { limit }) }).plays[0]!.hosts
}

describe('hosts of a play, in the order that its choice gives', () => {
  test.for([
    [union('db', 'web'), ['bravo', 'delta', 'alpha']],
    [union('eu', 'web', 'charlie'), ['delta', 'bravo', 'alpha', 'charlie']],
    [intersection('web', 'eu'), ['delta']],
    [intersection('all', 'eu', 'db'), ['bravo']],
    [without('all', 'eu'), ['alpha', 'charlie']],
    [without('all', 'web', 'charlie'), ['bravo']],
    [nth('web', 0), ['delta']],
    [nth('all', -1), ['charlie']],
    [nth('all', { from: 1, to: 2 }), ['alpha', 'bravo']],
    [nth('all', { from: 2 }), ['bravo', 'charlie']],
    [union(nth('web', -1), without('eu', 'web')), ['alpha', 'bravo']],
    [without(union('db', 'web'), nth('web', 0)), ['bravo', 'alpha']],
    [pattern('eu:!web,charlie'), ['bravo', 'charlie']],
    [pattern('ungrouped'), ['charlie']],
    ['web', ['delta', 'alpha']],
  ] as const)('%j', ([hosts, wanted]) => {
    expect(hostsOf({ hosts })).toEqual(wanted)
  })
  test('the limit takes away, and leaves the order', () => {
    expect(hostsOf({ hosts: union('db', 'web') }, 'alpha,bravo')).toEqual(['bravo', 'alpha'])
  })
})

describe('order', () => {
  test.for([
    ['inventory', ['bravo', 'delta', 'alpha']],
    ['reverseInventory', ['alpha', 'delta', 'bravo']],
    ['sorted', ['alpha', 'bravo', 'delta']],
    ['reverseSorted', ['delta', 'bravo', 'alpha']],
  ] as const)('%s', ([order, wanted]) => {
    expect(hostsOf({ hosts: union('db', 'web'), order })).toEqual(wanted)
  })
  test('shuffle is another order each time, of the same hosts', () => {
    const orders = Array.from({ length: 60 }, () => hostsOf({ hosts: 'all', order: 'shuffle' }))
    expect(new Set(orders.map((order) => [...order].sort().join())).size).toBe(1)
    // All 24 but for luck; that sixty runs agree has odds of 1 to 24 ** 59.
    expect(new Set(orders.map((order) => order.join())).size).toBeGreaterThan(1)
  })
})

describe('what is wrong is an error at load', () => {
  test.for([
    [
      { hosts: 'web:db' },
      'A play names a host or group that the inventory does not have',
      `play 'one': 'web:db'`,
      `Several are named by pattern('web:db').`,
    ],
    [
      { hosts: pattern('web:!edge') },
      'A play names a host or group that is not in the inventory',
      `play 'one': 'edge'`,
      'The inventory has: delta, alpha, bravo, charlie, all, web, db, eu.',
    ],
    [{ hosts: pattern('web:!bd') }, 'A play names a host or group that is not in the inventory', `play 'one': 'bd'`, `Did you mean 'db'?`],
    [
      { hosts: union('web', 'wbe' as 'web') },
      'A play names a host or group that is not in the inventory',
      `play 'one': 'wbe'`,
      `Did you mean 'web'?`,
    ],
    [
      { hosts: nth('web', 7) },
      'A play counts past the end',
      `play 'one': 'nth(…, 7)', and there are 2 hosts`,
      'The first is 0, the last 1 or -1.',
    ],
    [
      { hosts: nth('web', { from: 2, to: 1 }) },
      'A play has a range that is none',
      `play 'one': 'nth(…, {"from":2,"to":1})'`,
      'A range goes from one place to the same or a later one, counted from 0.',
    ],
    [
      { hosts: pattern('@web') },
      'A play cannot take hosts from a file',
      `play 'one': '@web'`,
      'Files are for the command line: --limit @file.',
    ],
    [
      { hosts: 'web', order: 'reverse_sorted' },
      'A play has an order of hosts that there is not',
      `play 'one': 'reverse_sorted'`,
      `Did you mean 'reverseSorted'?`,
    ],
    [
      { hosts: 'web', tags: ['all'] },
      'A tag has a name that --tags could not ask for',
      `play 'one': 'all'`,
      'Call it otherwise: to --tags, all, tagged, untagged mean tasks with and without tags.',
    ],
    [
      { hosts: 'web', tags: ['a,b'] },
      'A tag has a name that --tags could not ask for',
      `play 'one': 'a,b'`,
      `Tags are words without commas, one each: tags: ['one', 'other'].`,
    ],
  ] as const)('%j', ([options, summary, detail, fix]) => {
    expect(() => hostsOf(options)).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({
          summary,
          detail,
          fix,
          at: expect.objectContaining({ file: expect.stringMatching(/hosts\.test\.ts$/) }),
        }),
      }),
    )
  })
})

test('tags of a service module are added to those of its tasks, through modules within modules', () => {
  const call = debug({ msg: 'x' })
  const inner = defineServiceModule('inner', ({ task }: PlayTools<any>, _: object) => task('c', call, { tags: ['c', 'outer'] }))
  const outer = defineServiceModule('outer', (tools: PlayTools<any>, _: object) => {
    tools.task('b', call)
    inner(tools, {}, { tags: ['inner'] })
  })
  const playbook = definePlaybook('p', inventory, (play) =>
    play('one', { hosts: 'web', tags: ['play'] }, (tools) => {
      outer(tools, {}, { tags: ['outer'] })
      tools.task('a', call)
    }),
  )
  expect(playbook.plays[0]!.tasks.map(({ name, tags }) => [name, tags])).toEqual([
    ['outer : b', ['outer']],
    ['outer : inner : c', ['outer', 'inner', 'c']],
    ['a', []],
  ])
  const named = (tags: string[]) => select(playbook, { tags, skipTags: [] }).plays[0]!.tasks.map(({ name }) => name)
  expect([named(['inner']), named(['outer']), named(['play'])]).toEqual([
    ['outer : inner : c'],
    ['outer : b', 'outer : inner : c'],
    ['outer : b', 'outer : inner : c', 'a'],
  ])
})
