import { describe, expect, test } from 'vitest'
import { resolveInventory } from '../../src/dsl/resolve-inventory.ts'
import { matchPattern } from '../../src/engine/limit.ts'
import { select } from '../../src/engine/select.ts'
import { defineInventory, definePlaybook } from '../../src/index.ts'

const inventory = resolveInventory(
  { web: {}, db: {}, eu: {} },
  { 'web-1': { groups: ['web', 'eu'] }, 'web-2': { groups: ['web'] }, 'db-1': { groups: ['db', 'eu'] } },
)

describe('a pattern leaves hosts in inventory order', () => {
  test.for([
    ['web-2', ['web-2']],
    ['all', ['web-1', 'web-2', 'db-1']],
    ['db,web-1', ['web-1', 'db-1']],
    ['db:web-1', ['web-1', 'db-1']],
    ['web:&eu', ['web-1']],
    ['all:!web', ['db-1']],
    ['!web', ['db-1']],
    ['web-*', ['web-1', 'web-2']],
    ['*-1:!db-?', ['web-1']],
    ['w*', ['web-1', 'web-2']],
    [' web-1 , web-2 ', ['web-1', 'web-2']],
  ] as const)('%s', ([pattern, hosts]) => {
    expect(matchPattern(pattern, inventory)).toEqual(hosts)
  })
})

describe('a name that the inventory does not have is an error', () => {
  test.for([
    ['web-3', `'web-3'`, `Did you mean 'web-1'?`],
    ['wbe', `'wbe'`, `Did you mean 'web'?`],
    ['all:!dbb', `'dbb'`, `Did you mean 'db'?`],
    ['zzzzzz', `'zzzzzz'`, 'The inventory has: web-1, web-2, db-1, all, web, db, eu.'],
    ['zz*', `'zz*'`, 'The inventory has: web-1, web-2, db-1, all, web, db, eu.'],
  ] as const)('%s', ([pattern, detail, fix]) => {
    expect(() => matchPattern(pattern, inventory)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ detail, fix, exitCode: 1 }) }),
    )
  })
  test('an empty pattern too', () => {
    expect(() => matchPattern(' , ', inventory)).toThrow('--limit is empty')
  })
})

test('a playbook without a play says so', () => {
  const one = defineInventory({ groups: { all: {} }, hosts: { one: { groups: [] } } })
  const playbook = definePlaybook('site', one, () => {})
  expect(() => select(playbook, { tags: [], skipTags: [] })).toThrow(
    expect.objectContaining({ details: expect.objectContaining({ summary: 'The playbook has no play', detail: "'site'" }) }),
  )
})
