import { describe, expect, test } from 'vitest'
import { resolveInventory } from '../../src/dsl/resolve-inventory.ts'
import { limitHosts, matchPattern } from '../../src/engine/limit.ts'
import { select } from '../../src/engine/select.ts'
import { defineInventory, definePlaybook } from '../../src/index.ts'

const inventory = resolveInventory(
  { web: {}, db: {}, eu: {} },
  { 'web-1': { groups: ['web', 'eu'] }, 'web-2': { groups: ['web'] }, 'db-1': { groups: ['db', 'eu'] } },
)

describe('a pattern leaves hosts in its own order', () => {
  test.for([
    ['web-2', ['web-2']],
    ['all', ['web-1', 'web-2', 'db-1']],
    ['db,web-1', ['db-1', 'web-1']],
    ['db:web-1', ['db-1', 'web-1']],
    ['db web-1', ['db-1', 'web-1']],
    ['web:&eu', ['web-1']],
    ['all:!web', ['db-1']],
    ['!web', ['db-1']],
    ['web-*', ['web-1', 'web-2']],
    ['*-1:!db-?', ['web-1']],
    ['w*', ['web-1', 'web-2']],
    [' web-1 , web-2 ', ['web-1', 'web-2']],
    [':web,,db:', ['web-1', 'web-2', 'db-1']],
    ['web-1,web', ['web-1', 'web-2']],
    ['eu,&db,!web', ['db-1']],
    ['!web-1,all', ['web-2', 'db-1']],
    // Places, counted from 0; the last of a range is included.
    ['web[0]', ['web-1']],
    ['web[-1]', ['web-2']],
    ['web[-1],web[0]', ['web-2', 'web-1']],
    ['all[1:2]', ['web-2', 'db-1']],
    ['all[1:]', ['web-2', 'db-1']],
    ['all[2:9]', ['db-1']],
    ['all[3:9]', []],
    ['web:!web[0]', ['web-2']],
    ['all:&eu[1:1]', ['db-1']],
    ['*[-1]', ['db-1']],
    ['web-*[1]', ['web-2']],
    // Sets of letters in a glob.
    ['web-[!1]', ['web-2']],
    ['[a-e]*', ['db-1', 'web-1']],
    // Regular expressions begin where the name begins.
    ['~web', ['web-1', 'web-2']],
    ['~web-\\d$', ['web-1', 'web-2']],
    ['~(web|db)-1', ['web-1', 'db-1']],
    ['~(?:db|eu)$', ['db-1', 'web-1']],
    ['~\\w{2,3}-1,web-2', ['web-1', 'db-1', 'web-2']],
    ['all:!~web-[0-9]', ['db-1']],
    // No host is named with an a in front: all is no name that a glob means.
    ['*', ['web-1', 'web-2', 'db-1']],
    ['~.*', ['web-1', 'web-2', 'db-1']],
    ['ungrouped', []],
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
    ['a*', `'a*'`, 'The inventory has: web-1, web-2, db-1, all, web, db, eu.'],
    ['~nobody', `'~nobody'`, 'The inventory has: web-1, web-2, db-1, all, web, db, eu.'],
    ['web:!edge:db', `'edge'`, 'The inventory has: web-1, web-2, db-1, all, web, db, eu.'],
    ['wbe[0]', `'wbe'`, `Did you mean 'web'?`],
    ['web-[12]', `'web-' of 'web-[12]', in which [12] counts hosts`, `For names write a regular expression: '~web-[12]$'`],
  ] as const)('%s', ([pattern, detail, fix]) => {
    expect(() => matchPattern(pattern, inventory)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ detail, fix, exitCode: 1 }) }),
    )
  })
  test('an empty pattern too', () => {
    expect(() => matchPattern(' , ', inventory)).toThrow('--limit is empty')
  })
  test('of thousands of names a few are listed', () => {
    const names = Array.from({ length: 5000 }, (_, at) => [`h${at}`, { groups: [] }] as const)
    const big = resolveInventory({}, Object.fromEntries(names))
    expect(() => matchPattern('zzzz', big)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ fix: expect.stringMatching(/: h0, h1, .*, h29 and 4971 more\.$/) }) }),
    )
  })
})

describe('what is no pattern is refused, with what to write', () => {
  test.for([
    ['web[2]', '--limit counts past the end', `'web[2]', and there are 2 hosts`, 'The first is 0, the last 1 or -1.'],
    ['db[-2]', '--limit counts past the end', `'db[-2]', and there is 1 host`, 'The first is 0, the last 0 or -1.'],
    [
      'all[2:1]',
      '--limit has a range that is none',
      `'all[2:1]'`,
      'A range goes from one place to the same or a later one, counted from 0.',
    ],
    [
      'web[0-1]',
      '--limit has a range with a dash',
      `'web[0-1]'`,
      'For hosts 0 to 1 of web write web[0:1]; for names a regular expression, ~web[0-1]$',
    ],
    ['web:!', '--limit has an & or a ! with no name behind it', undefined, `Write it before a name, as in 'web:!edge'.`],
    ['~web(', '--limit is no pattern', `'~web(': Unterminated group`, undefined],
    [
      '~(?i)WEB',
      '--limit has a regular expression of Python, not of JavaScript',
      `'~(?i)WEB'`,
      'Write both cases of a letter, such as [Ww]eb.',
    ],
    [
      '~web\\Z',
      '--limit has a regular expression of Python, not of JavaScript',
      `'~web\\Z'`,
      'JavaScript has no \\A and \\Z: write ^ and $.',
    ],
    ['@hosts', '--limit cannot take hosts from a file', `'@hosts'`, 'Files are for the command line: --limit @file.'],
  ] as const)('%s', ([pattern, summary, detail, fix]) => {
    const details = { summary, exitCode: 1, ...(detail !== undefined && { detail }), ...(fix !== undefined && { fix }) }
    expect(() => matchPattern(pattern, inventory)).toThrow(expect.objectContaining({ details: expect.objectContaining(details) }))
  })
})

describe('hosts from a file', () => {
  const files: { readonly [path: string]: string } = {
    retry: 'web-2\n\n# a comment\ndb-1  # and another\r\n',
    patterns: '\uFEFFweb:eu\n!db\n',
    empty: '\n  \n# nobody\n',
    nested: 'web\n@retry\n',
    unknown: 'web-1\nwbe-2\n',
  }
  const match = (pattern: string) => matchPattern(pattern, inventory, '--limit', (path) => files[path]!)
  test.for([
    ['@retry', ['web-2', 'db-1']],
    ['@retry:!db', ['web-2']],
    ['web-1,@retry', ['web-1', 'web-2', 'db-1']],
    ['@patterns', ['web-1', 'web-2']],
    ['all:!@retry', ['web-1']],
    ['all:&@retry', ['web-2', 'db-1']],
    ['all:!@patterns', ['db-1']],
    // Ansible takes an empty file for no limit at all.
    ['@empty', []],
    ['web,@empty', ['web-1', 'web-2']],
  ] as const)('%s', ([pattern, hosts]) => {
    expect(match(pattern)).toEqual(hosts)
  })
  test('a file in a file, no file, and a wrong name in one are refused', () => {
    expect(() => match('@nested')).toThrow(`--limit names a file that names a file: '@retry' in nested`)
    expect(() => match('@')).toThrow('--limit has an @ without the name of a file')
    expect(() => match('@unknown')).toThrow(expect.objectContaining({ details: expect.objectContaining({ fix: `Did you mean 'web-2'?` }) }))
  })
})

describe('--exclude takes away', () => {
  const left = (limit: string | undefined, exclude: string) => limitHosts({ limit, exclude }, inventory)
  test.for([
    [undefined, 'web', ['db-1']],
    ['eu,web', 'web-1', ['db-1', 'web-2']],
    ['web', 'web:&eu', ['web-2']],
    ['web', 'all', []],
    [undefined, 'web[0],db', ['web-2']],
  ] as const)('%s without %s', ([limit, exclude, hosts]) => {
    expect(left(limit, exclude)).toEqual(hosts)
  })
  test('an unknown name is one of --exclude, and a pattern that only takes away is refused', () => {
    expect(() => left('web', 'edge')).toThrow("--exclude names a host or group that is not in the inventory: 'edge'")
    expect(() => left('all', '!web')).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({
          summary: '--exclude names nothing to take away',
          fix: expect.stringContaining('--exclude web'),
        }),
      }),
    )
  })
})

test('a playbook without a play says so', () => {
  const one = defineInventory({ groups: { all: {} }, hosts: { one: { groups: [] } } })
  const playbook = definePlaybook('site', one, () => {})
  expect(() => select(playbook, { tags: [], skipTags: [] })).toThrow(
    expect.objectContaining({ details: expect.objectContaining({ summary: 'The playbook has no play', detail: "'site'" }) }),
  )
})
