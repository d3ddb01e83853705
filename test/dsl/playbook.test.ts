import { describe, expect, test } from 'vitest'
import { debug, defineInventory, definePlaybook, defineServiceModule, local, type PlayTools } from '../../src/index.ts'

const inventory = defineInventory({ groups: { web: {} }, hosts: { one: { groups: ['web'], connection: local() } } })
const call = debug({ msg: 'x' })
const module = defineServiceModule('service', ({ task }: PlayTools<any>, _: object) => task('a', call))

test('a body runs once, at load, and collects tasks with names, places and tags', () => {
  let runs = 0
  const playbook = definePlaybook('p', inventory, (play) => {
    play('one', { hosts: 'web', tags: ['t'] }, (tools) => {
      runs += 1
      tools.task('first', call, { tags: ['x'] })
      module(tools, {})
      module(tools, {}, { as: 'again' })
    })
  })
  expect(runs).toBe(1)
  expect(playbook.plays[0]?.tasks.map(({ name, id, tags }) => ({ name, id, tags }))).toEqual([
    { name: 'first', id: 'one / first', tags: ['x'] },
    { name: 'service : a', id: 'one / service / a', tags: [] },
    { name: 'again : a', id: 'one / again / a', tags: [] },
  ])
  expect(playbook.plays[0]?.tasks[0]?.at).toMatchObject({ file: expect.stringMatching(/test\/dsl\/playbook\.test\.ts$/), line: 13 })
})

describe('what is wrong is an error at load, with its line', () => {
  const make =
    (body: (tools: PlayTools<any>) => void, hosts = 'web') =>
    () =>
      definePlaybook('p', inventory, (play) => play('one', { hosts: hosts as 'web' }, body))
  test.for([
    ['an unknown host', make(() => {}, 'wbe'), 'A play names a host or group that the inventory does not have', `Did you mean 'web'?`],
    [
      'two tasks of one name',
      make(({ task }) => [task('a', call), task('a', call)]),
      'Two tasks have one name',
      'Rename one: names identify tasks in reports and results.',
    ],
    [
      'one service module twice',
      make((tools) => [module(tools, {}), module(tools, {})]),
      'A service module is used twice under one name',
      `Give one use a name of its own: service(tools, options, { as: '…' }).`,
    ],
    [
      'a handler that is none',
      make(({ task }) => task('a', call, { notify: { kind: 'handler', name: 'x' } as never })),
      'A task notifies a handler of another play',
      `Define the handler in play 'one' with handler(…).`,
    ],
  ] as const)('%s', ([, load, summary, fix]) => {
    expect(load).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({
          summary,
          fix,
          at: expect.objectContaining({ file: expect.stringMatching(/playbook\.test\.ts$/) }),
        }),
      }),
    )
  })
  test('a handler of another play', () => {
    const load = () =>
      definePlaybook('p', inventory, (play) => {
        let other: any
        play('one', { hosts: 'web' }, ({ handler }) => {
          other = handler('h', call)
        })
        play('two', { hosts: 'web' }, ({ task }) => void task('a', call, { notify: other }))
      })
    expect(load).toThrow('A task notifies a handler of another play')
  })
})
