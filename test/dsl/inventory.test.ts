import { describe, expect, test } from 'vitest'
import { resolveInventory } from '../../src/dsl/resolve-inventory.ts'

const one = (host: object, groups: object = { web: {} }) =>
  resolveInventory(groups as never, { one: { groups: ['web'], ...host } as never })

describe('vars have three levels, the nearest wins', () => {
  test.for([
    [{ all: { vars: { a: 1 } }, web: {} }, {}, { a: 1 }],
    [{ all: { vars: { a: 1 } }, web: { vars: { a: 2 } } }, {}, { a: 2 }],
    [{ all: { vars: { a: 1 } }, web: { vars: { a: 2 } } }, { vars: { a: 3 } }, { a: 3 }],
    [{ all: { vars: { a: 1, b: [1] } }, web: { vars: { c: {} } } }, {}, { a: 1, b: [1], c: {} }],
  ] as const)('%j with %j', ([groups, host, vars]) => {
    expect(one(host, groups).hosts.get('one')?.vars).toEqual(vars)
  })
})

describe('connection settings come from host, group, all, in this order', () => {
  const local = { type: 'local' } as const
  const lab = { type: 'lab', kind: 'sshd', user: 'x' } as const
  test.for([
    [{ web: {} }, {}, { type: 'ssh' }],
    [{ all: { connection: local }, web: {} }, {}, local],
    [{ all: { connection: local }, web: { connection: lab } }, {}, lab],
    [{ all: {}, web: { connection: lab } }, { connection: local }, local],
  ] as const)('%j with %j', ([groups, host, connection]) => {
    expect(one(host, groups).hosts.get('one')?.connection).toEqual(connection)
  })
})

describe('what is wrong is an error at load', () => {
  test.for([
    ['an unknown group', () => one({ groups: ['wbe'] }), `host 'one' is in group 'wbe', which is not declared`, `Did you mean 'web'?`],
    [
      'two groups that differ',
      () => one({ groups: ['web', 'eu'] }, { web: { vars: { a: 1 } }, eu: { vars: { a: 2 } } }),
      `groups 'web' and 'eu' set 'a' of host 'one' differently`,
      `Set it on the host itself: 'one': { vars: { a: … } }.`,
    ],
    [
      'a misspelt setting of a host',
      () => one({ groups: [], privatIp: '10.0.0.1' } as never),
      `host 'one' has 'privatIp', which is no setting`,
      `Did you mean 'privateIp'?`,
    ],
    [
      'a misspelt setting of a group',
      () => one({ groups: ['web'] }, { web: { var: { a: 1 } } } as never),
      `group 'web' has 'var', which is no setting`,
      `Did you mean 'vars'?`,
    ],
    ['no host', () => resolveInventory({ web: {} }, {}), 'it has no host', 'Declare at least one under hosts: { … }.'],
    [
      'a host named like a group',
      () => resolveInventory({ web: {} }, { web: { groups: [] } }),
      `'web' is the name of a host and of a group`,
      'Rename one: patterns could not tell them apart.',
    ],
    [
      'a name no host can have',
      () => resolveInventory({}, { 'a b': { groups: [] } }),
      `'a b' cannot be a host name`,
      'Use letters, digits, dots, dashes and underscores, or an IP address.',
    ],
  ] as const)('%s', ([, make, detail, fix]) => {
    expect(make).toThrow(expect.objectContaining({ details: expect.objectContaining({ detail, fix }) }))
  })
  test('two groups may agree, and the host may decide', () => {
    expect(one({ groups: ['web', 'eu'] }, { web: { vars: { a: 1 } }, eu: { vars: { a: 1 } } }).hosts.get('one')?.vars).toEqual({ a: 1 })
    expect(
      one({ groups: ['web', 'eu'], vars: { a: 3 } }, { web: { vars: { a: 1 } }, eu: { vars: { a: 2 } } }).hosts.get('one')?.vars,
    ).toEqual({ a: 3 })
  })
})
