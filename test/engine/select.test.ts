import { describe, expect, test } from 'vitest'
import { type SelectOptions, select } from '../../src/engine/select.ts'
import { debug, defineInventory, definePlaybook, defineServiceModule, type PlayTools } from '../../src/index.ts'

const inventory = defineInventory({
  groups: { web: {}, db: {}, spare: {} },
  hosts: { 'web-1': { groups: ['web'] }, 'web-2': { groups: ['web'] }, 'db-1': { groups: ['db'] } },
})
const call = debug({ msg: 'x' })
const haproxy = defineServiceModule('haproxy', ({ task }: PlayTools<any>, _: object) => {
  task('install', call)
  task('configure', call)
})

const site = definePlaybook('site', inventory, (play) => {
  play('web', { hosts: 'web' }, (tools) => {
    tools.task('first', call)
    haproxy(tools, {})
    tools.handler('reload', call)
    tools.task('last', call)
  })
  play('db', { hosts: 'db' }, ({ task }) => {
    task('first', call, { tags: ['slow'] })
    task('dump', call)
  })
})

/** `play: task` of what runs. */
const left = (options: Partial<SelectOptions>, playbook = site) =>
  select(playbook, { tags: [], skipTags: [], ...options }).plays.flatMap(({ play, hosts, tasks }) =>
    hosts.length === 0 ? [] : tasks.map((task) => `${play.name}: ${task.name}`),
  )

describe('--start-at-task leaves the task and all behind it', () => {
  const fromConfigure = ['web: haproxy : configure', 'web: last', 'db: first', 'db: dump']
  test.for([
    ['haproxy : configure', fromConfigure],
    ['configure', fromConfigure],
    ['web / haproxy / configure', fromConfigure],
    ['*configure', fromConfigure],
    ['haproxy : [bcd]*', fromConfigure],
    ['dump', ['db: dump']],
    // Two tasks have the name: the first is meant, unless the play is named.
    ['first', ['web: first', 'web: haproxy : install', ...fromConfigure]],
    ['db / first', ['db: first', 'db: dump']],
  ] as const)('%s', ([name, tasks]) => {
    expect(left({ startAt: name })).toEqual(tasks)
  })
  test('plays before it run on nothing, so their hosts are no targets', () => {
    const { targets, contacted } = select(site, { tags: [], skipTags: [], startAt: 'dump' })
    expect([targets, contacted]).toEqual([['db-1'], ['db-1']])
  })
  test('where hosts are limited, only tasks that are reached count', () => {
    expect(left({ startAt: 'first', limit: 'db' })).toEqual(['db: first', 'db: dump'])
  })
  test('tags count for what is left', () => {
    expect(left({ startAt: 'last', tags: ['slow'] })).toEqual(['db: first'])
  })
  test.for([
    ['haproxy: configure', `'haproxy: configure' in playbook 'site'`, `Did you mean 'haproxy : configure'?`, undefined],
    ['nothing', `'nothing' in playbook 'site'`, 'See which tasks there are:\nrollcall run site --list-tasks', undefined],
    ['no*', `'no*' in playbook 'site'`, 'See which tasks there are:\nrollcall run site --list-tasks', undefined],
    [
      'reload',
      `'reload' is a handler: it runs where a change notifies it`,
      'See which tasks there are:\nrollcall run site --list-tasks',
      undefined,
    ],
    [
      'dump',
      `'dump' is in play 'db', which has no target in this run`,
      'See which hosts there are:\nrollcall run site --list-hosts',
      'web',
    ],
  ] as const)('%s is no task to start at', ([startAt, detail, fix, limit]) => {
    expect(() => left({ startAt, limit })).toThrow(
      expect.objectContaining({
        details: { summary: 'There is no such task to start at', detail, fix, exitCode: 1 },
      }),
    )
  })
})

describe('tags, as Ansible takes them', () => {
  const tagged = definePlaybook('tagged', inventory, (play) =>
    play('p', { hosts: 'web' }, ({ task, flushHandlers }) => {
      task('plain', call)
      task('a', call, { tags: ['a'] })
      task('ab', call, { tags: ['a', 'b'] })
      task('always', call, { tags: ['always'] })
      flushHandlers()
      task('always a', call, { tags: ['always', 'a'] })
      task('never', call, { tags: ['never'] })
      task('never a', call, { tags: ['never', 'a'] })
      task('both', call, { tags: ['always', 'never'] })
    }),
  )
  // As ansible-playbook --list-tasks lists them.
  test.for([
    [[], [], 'plain, a, ab, always, always a, both'],
    [['all'], [], 'plain, a, ab, always, always a, both'],
    [['a'], [], 'a, ab, always, always a, never a, both'],
    [['b'], [], 'ab, always, always a, both'],
    [['tagged'], [], 'a, ab, always, always a, both'],
    [['untagged'], [], 'plain, always, always a, both'],
    [['never'], [], 'always, always a, never, never a, both'],
    [['always'], [], 'always, always a, both'],
    [['all'], ['a'], 'plain, always, both'],
    [[], ['a'], 'plain, always, both'],
    [[], ['always'], 'plain, a, ab'],
    [[], ['tagged'], 'plain'],
    [[], ['untagged'], 'a, ab, always, always a, both'],
    [[], ['all'], 'always, always a, both'],
    [[], ['all', 'a'], 'always, always a, both'],
    [['a'], ['b'], 'a, always, always a, never a, both'],
    [['a'], ['never'], 'a, ab, always, always a'],
    [['untagged', 'b'], ['always'], 'plain, ab'],
  ] as const)('--tags %j --skip-tags %j', ([tags, skipTags, wanted]) => {
    const names = left({ tags, skipTags }, tagged).map((task) => task.replace('p: ', ''))
    expect(names.filter((name) => !name.startsWith('flush')).join(', ')).toBe(wanted)
    // Handlers are flushed where the play says so, whatever tags are asked for.
    expect(names.some((name) => name.startsWith('flush'))).toBe(true)
  })
})

describe('nothing left is an error, unless that is allowed', () => {
  test.for([
    [{ limit: 'db,&web' }, 'No host is left to run on', `--limit 'db,&web' leaves no host of web, db`],
    [{ limit: 'web', exclude: 'web-*' }, 'No host is left to run on', `--limit 'web' with --exclude 'web-*' leaves no host of web, db`],
    [{ exclude: 'all' }, 'No host is left to run on', `--exclude 'all' leaves no host of web, db`],
    [{ limit: 'spare' }, 'No host is left to run on', `--limit 'spare' leaves no host of web, db`],
    [{ tags: ['slow'], skipTags: ['slow'] }, 'No task is left to run', `--tags slow --skip-tags slow leaves none of playbook 'site'`],
    [{ tags: ['slow'], limit: 'web' }, 'No task is left to run', `--tags slow leaves none of playbook 'site'`],
    [{ startAt: 'dump', tags: ['slow'] }, 'No task is left to run', `--tags slow --start-at-task 'dump' leaves none of playbook 'site'`],
  ] as const)('%j', ([options, summary, detail]) => {
    expect(() => left(options)).toThrow(expect.objectContaining({ details: expect.objectContaining({ summary, detail, exitCode: 1 }) }))
    expect(left({ ...options, allowEmpty: true })).toEqual([])
  })
  test('what is allowed to be empty may still not be misspelt', () => {
    expect(() => left({ limit: 'wbe', allowEmpty: true })).toThrow('not in the inventory')
    expect(() => left({ tags: ['slo'], allowEmpty: true })).toThrow('No task has this tag')
    expect(() => left({ startAt: 'frist', allowEmpty: true })).toThrow('There is no such task to start at')
  })
})
