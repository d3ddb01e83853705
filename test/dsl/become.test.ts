import { describe, expect, test } from 'vitest'
import { asOf } from '../../src/engine/as.ts'
import { defineInventory, definePlaybook, local, sh, shell, ssh } from '../../src/index.ts'
import { type BecomeOption, becomeInside, becomingOf } from '../../src/model/become.ts'

const inside = (...options: readonly (BecomeOption | undefined)[]) => options.map(becomingOf).reduce(becomeInside)

describe('who acts', () => {
  test.each<[string, readonly (BecomeOption | undefined)[], string]>([
    ['nobody said anything', [undefined, undefined], 'login'],
    ['a play', [true, undefined], 'sudo root'],
    ['a task leaves it', [true, false], 'login'],
    ['a task names another user', [true, { user: 'postgres' }], 'sudo postgres'],
    ['a task names a user, nobody else says', [undefined, { user: 'postgres' }], 'sudo postgres'],
    ['true inside keeps the user', [{ user: 'postgres', method: 'su' }, true], 'su postgres'],
    ['key by key', [{ user: 'postgres' }, { method: 'doas' }], 'doas postgres'],
    ['through a block', [{ user: 'postgres' }, false, { method: 'doas' }], 'doas postgres'],
    ['the login user', [{ user: 'admin' }], 'login'],
  ])('%s', (_, options, as) => {
    expect(asOf(inside(...options), 'admin', {})).toBe(as)
  })

  test('a connection says what nobody else does', () => {
    const settings = { becomeMethod: 'su', becomeUser: 'deploy' } as const
    expect(asOf(inside(true), 'admin', settings)).toBe('su deploy')
    expect(asOf(inside({ user: 'root' }), 'admin', settings)).toBe('su root')
    expect(asOf(inside(undefined), 'admin', settings)).toBe('login')
    expect(asOf(inside(true), 'deploy', settings)).toBe('login')
  })
})

describe('a become that is wrong', () => {
  const inventory = defineInventory({ groups: { all: {} }, hosts: { one: { groups: [], connection: local() } } })
  const error = (work: () => unknown) => {
    try {
      work()
    } catch (thrown) {
      return thrown
    }
    return undefined
  }
  test.each<[any, RegExp, RegExp]>([
    [{ method: 'sud' }, /'sud' is no program/, /Did you mean 'sudo'/],
    [{ usr: 'x' }, /has no 'usr'/, /Did you mean 'user'/],
    [{ user: '-u root' }, /"-u root" cannot be the name/, /Name one/],
    [{ user: '' }, /cannot be the name/, /Name one/],
    ['root', /become: "root"/, /user: 'postgres'/],
  ])('%j is refused at load, in the playbook and in the inventory', (become, detail, fix) => {
    const load = () =>
      definePlaybook('p', inventory, (play) => {
        play('p', { hosts: 'all' }, ({ task }) => void task('one', shell({ script: sh`true` }), { become }))
      })
    const details = { detail: expect.stringMatching(detail), fix: expect.stringMatching(fix) }
    expect(error(load)).toMatchObject({
      details: { summary: 'A become is wrong', ...details, at: { file: expect.stringContaining('become.test.ts') } },
    })
    if (become.method || become.user !== undefined)
      expect(error(() => ssh({ becomeMethod: become.method, becomeUser: become.user }))).toMatchObject({
        details: { summary: 'The inventory is wrong', ...details },
      })
  })
})
