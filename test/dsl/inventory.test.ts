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

const recordOf = (host: object, groups: object) => one(host, groups).hosts.get('one')!

describe('connection settings are merged from all, groups and host, the nearest wins', () => {
  const local = { type: 'local' } as const
  const sshd = { type: 'lab', kind: 'sshd', user: 'x' } as const
  const ssh = (settings: object) => ({ type: 'ssh', ...settings })
  const lab = (settings: object) => ({ type: 'lab', ...settings })
  test.for<readonly [string, object, object, object]>([
    ['nothing said', { web: {} }, {}, ssh({})],
    ['all', { all: { connection: 'local' }, web: {} }, {}, local],
    ['a group of another type than all', { all: { connection: local }, web: { connection: sshd } }, {}, sshd],
    ['a host of another type than its group', { all: {}, web: { connection: sshd } }, { connection: local }, local],
    [
      'user of all, port of the group, address of the host',
      { all: { connection: ssh({ user: 'deploy', port: 22 }) }, web: { connection: ssh({ port: 2222 }) } },
      { connection: ssh({ address: '2001:db8::1' }) },
      ssh({ user: 'deploy', port: 2222, address: '2001:db8::1' }),
    ],
    [
      'what is said for another type is left out, and counts again below it',
      { all: { connection: ssh({ user: 'deploy', port: 2222 }) }, web: { connection: lab({ user: 'root' }) } },
      { connection: ssh({ address: 'a.example' }) },
      ssh({ user: 'deploy', port: 2222, address: 'a.example' }),
    ],
    [
      'defaults of a lab host are no settings',
      { all: {}, web: { connection: lab({ user: 'root' }) } },
      { connection: lab({}) },
      lab({ kind: 'systemd', user: 'root' }),
    ],
    [
      'a setting that is undefined is not given',
      { web: { connection: ssh({ user: 'a' }) } },
      { connection: ssh({ user: undefined }) },
      ssh({ user: 'a' }),
    ],
  ])('%s', ([, groups, host, connection]) => {
    expect(recordOf(host, groups).connection).toEqual(connection)
  })
  test('each setting knows who gives it', () => {
    const { connectionLevels } = recordOf(
      { connection: ssh({ port: 3 }) },
      { all: { connection: ssh({ port: 1 }) }, web: { connection: ssh({ port: 2, user: 'a' }) } },
    )
    expect(connectionLevels?.get('port')).toEqual([
      { level: 'all', value: 1 },
      { level: 'group', group: 'web', value: 2 },
      { level: 'host', value: 3 },
    ])
    expect(connectionLevels?.get('user')).toEqual([{ level: 'group', group: 'web', value: 'a' }])
  })
})

describe('groups below groups', () => {
  const tree = {
    world: { children: ['eu', 'us'], vars: { a: 1, b: 1, c: 1 } },
    eu: { children: ['web'], vars: { b: 2, c: 2 } },
    us: {},
    web: { vars: { c: 3 } },
  }
  test('a host is in each group above its own, and the lowest group wins', () => {
    const model = one({}, tree)
    expect(model.hosts.get('one')).toMatchObject({ groups: ['web', 'eu', 'world'], vars: { a: 1, b: 2, c: 3 } })
    expect(
      model.hosts
        .get('one')
        ?.varLevels?.get('c')
        ?.map(({ group }) => group),
    ).toEqual(['world', 'eu', 'web'])
    expect(Object.fromEntries(model.groups)).toEqual({ all: ['one'], world: ['one'], eu: ['one'], us: [], web: ['one'] })
    expect(Object.fromEntries(model.children!)).toEqual({ world: ['eu', 'us'], eu: ['web'] })
  })
  test('a host may name a group and one above it', () => {
    expect(one({ groups: ['eu', 'web'] }, tree).hosts.get('one')).toMatchObject({
      groups: ['eu', 'web', 'world'],
      vars: { a: 1, b: 2, c: 3 },
    })
  })
  test('a host may name every group there is, the lower ones first', () => {
    expect(one({ groups: ['web', 'eu', 'world'] }, tree).hosts.get('one')).toMatchObject({ vars: { a: 1, b: 2, c: 3 } })
  })
  test('a group that is below two counts once, and decides where these differ', () => {
    const groups = { x: { children: ['web'], vars: { v: 1 } }, y: { children: ['web'], vars: { v: 2 } }, web: { vars: { v: 3 } } }
    expect(recordOf({}, groups)).toMatchObject({ groups: ['web', 'x', 'y'], vars: { v: 3 } })
  })
  test('a longer way up is further away, whatever the order of names', () => {
    const groups = { top: { children: ['mid', 'web'], vars: { v: 1 } }, mid: { children: ['web'], vars: { v: 2 } }, web: {} }
    expect(recordOf({}, groups).vars).toEqual({ v: 2 })
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
    [
      'two groups above one that differ',
      () => one({}, { x: { children: ['web'], vars: { v: 1 } }, y: { children: ['web'], vars: { v: 2 } }, web: {} }),
      `groups 'x' and 'y' set 'v' of host 'one' differently`,
      `Set it on the host itself: 'one': { vars: { v: … } }.`,
    ],
    [
      'two groups that say differently how it is reached',
      () => one({ groups: ['web', 'eu'] }, { web: { connection: { type: 'ssh', port: 1 } }, eu: { connection: { type: 'ssh', port: 2 } } }),
      `groups 'web' and 'eu' say differently how host 'one' is reached: port`,
      `Say it on the host itself: 'one': { connection: … }.`,
    ],
    [
      'two groups that reach it in two ways',
      () => one({ groups: ['web', 'eu'] }, { web: { connection: { type: 'ssh' } }, eu: { connection: 'local' } }),
      `groups 'web' and 'eu' say differently how host 'one' is reached: type`,
      `Say it on the host itself: 'one': { connection: … }.`,
    ],
    [
      'a child that is not declared',
      () => one({}, { eu: { children: ['wbe'] }, web: {} }),
      `group 'eu' has the child 'wbe', which is not declared`,
      `Did you mean 'web'?`,
    ],
    [
      'a group below itself, with the way',
      () => one({}, { top: { children: ['a'] }, a: { children: ['b'] }, b: { children: ['c'] }, c: { children: ['a'] }, web: {} }),
      'a group is below itself: a → b → c → a',
      'Take one of them out of the children of the group before it.',
    ],
    [
      'a group below itself at once',
      () => one({}, { web: { children: ['web'] } }),
      'a group is below itself: web → web',
      'Take one of them out of the children of the group before it.',
    ],
    ['all below a group', () => one({}, { web: { children: ['all'] } }), `group 'web' has the child 'all'`, 'Every group is below all.'],
    [
      'a name as privateIp',
      () => one({ privateIp: 'db.example' }),
      `the privateIp 'db.example' of host 'one' is no IP address`,
      'Give it one, or leave it out. A name to connect to is address of ssh(…).',
    ],
    [
      'a network as privateIp',
      () => one({ privateIp: '10.0.0.1/24' }),
      `the privateIp '10.0.0.1/24' of host 'one' is no IP address`,
      `Write the address alone: privateIp: '10.0.0.1'`,
    ],
    [
      'brackets around publicIp',
      () => one({ publicIp: '[2001:db8::1]' }),
      `the publicIp '[2001:db8::1]' of host 'one' is no IP address`,
      `Write the address alone: publicIp: '2001:db8::1'`,
    ],
    [
      'a port within an address',
      () => one({ connection: { type: 'ssh', address: '[2001:db8::1]:2222' } }),
      `the address '[2001:db8::1]:2222' of host 'one' is neither an IP address nor the name of a host`,
      `The port has a setting of its own: address: '2001:db8::1', and in ssh(…) port: 2222`,
    ],
    [
      'a user within an address',
      () => one({ connection: { type: 'ssh', address: 'root@a.example' } }),
      `the address 'root@a.example' of host 'one' is neither an IP address nor the name of a host`,
      `The user has a setting of its own: address: 'a.example', and in ssh(…) user: 'root'`,
    ],
    [
      'a port that is none',
      () => one({}, { web: { connection: { type: 'ssh', port: 70000 } } }),
      `the port 70000 of group 'web' is none`,
      'A port is a whole number from 1 to 65535.',
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
  test('names with dots and addresses of both versions are fine', () => {
    const hosts = { 'a.b.example': { groups: [], privateIp: '2001:db8::1', publicIp: '203.0.113.1' }, '2001:db8::5': { groups: [] } }
    expect([...resolveInventory({}, hosts).hosts.keys()]).toEqual(['a.b.example', '2001:db8::5'])
  })
  test('two groups may agree, and the host may decide', () => {
    expect(one({ groups: ['web', 'eu'] }, { web: { vars: { a: 1 } }, eu: { vars: { a: 1 } } }).hosts.get('one')?.vars).toEqual({ a: 1 })
    expect(
      one({ groups: ['web', 'eu'], vars: { a: 3 } }, { web: { vars: { a: 1 } }, eu: { vars: { a: 2 } } }).hosts.get('one')?.vars,
    ).toEqual({ a: 3 })
  })
})
