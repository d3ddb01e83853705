import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { assert, command, debug, defineInventory, definePlaybook, fail, file, local, sh, shell } from '../../src/index.ts'
import { runLocally, scratchIn, temporaryFolder } from '../helpers/engine.ts'
import { note } from '../helpers/note.ts'

const scratch = scratchIn(temporaryFolder())
const { at } = scratch
const inventory = defineInventory({
  groups: { all: {}, web: {} },
  hosts: { one: { groups: ['web'], connection: local() }, two: { groups: ['web'], connection: local() } },
})
const content = (name: string) => readFileSync(at(name), 'utf8')
const home = () => ({ home: scratch.home })
/** Ends the session it runs in, as a link that is lost does. */
const loseLink = () => shell({ script: sh`kill -9 $PPID; sleep 5` })

describe('rescue and always', () => {
  const playbook = (failing: readonly string[]) =>
    definePlaybook('blocks', inventory, (play) => {
      play('blocks', { hosts: 'web' }, ({ task, block }) => {
        block(
          'upgrade',
          () => {
            task('before', ({ host }) => note({ path: at(`${host.name}-before`), text: 'x' }))
            task('risky', fail({ msg: 'no luck' }), { when: ({ host }) => failing.includes(host.name) })
            task('after', ({ host }) => note({ path: at(`${host.name}-after`), text: 'x' }))
          },
          {
            rescue: ({ task }) => {
              task('put right', ({ host, failure }) =>
                note({ path: at(`${host.name}-rescue`), text: `${failure.task}: ${failure.message}` }),
              )
            },
            always: ({ task }) => {
              task('tidy up', ({ host, failure }) =>
                note({ path: at(`${host.name}-always`), text: failure ? failure.task : 'nothing failed' }),
              )
            },
          },
        )
        task('behind', ({ host }) => note({ path: at(`${host.name}-behind`), text: 'x' }))
      })
    })

  test('only where the body fails is it put right, and the host goes on as one that has not failed', async () => {
    const run = await runLocally(playbook(['two']), home())
    expect(run.outcomes('one')).toEqual(['before: changed', 'risky: skipped', 'after: changed', 'tidy up: changed', 'behind: changed'])
    expect(run.outcomes('two')).toEqual(['before: changed', 'risky: failed', 'put right: changed', 'tidy up: changed', 'behind: changed'])
    expect(content('two-rescue')).toBe('risky: no luck\n')
    expect([content('one-always'), content('two-always')]).toEqual(['nothing failed\n', 'risky\n'])
    expect(run.events.filter(({ event }) => event === 'rescued')).toEqual([
      { event: 'rescued', host: 'two', play: 'blocks', block: 'upgrade', task: 'risky' },
    ])
    expect(run.counts('two')).toMatchObject({ failed: 0, rescued: 1, changed: 4 })
  })
  test('converged it costs one exchange', async () => {
    await runLocally(playbook([]), home())
    const again = await runLocally(playbook([]), home())
    expect(again.counts('one')).toMatchObject({ changed: 0, ok: 4 })
    expect(again.exchanges('one')).toBe(1)
  })
  test('check mode goes the same way', async () => {
    const run = await runLocally(playbook(['two']), { ...home(), check: true })
    expect(run.outcomes('two').map((outcome) => outcome.split(':')[0])).toEqual(['before', 'risky', 'put right', 'tidy up', 'behind'])
    expect(existsSync(at('two-rescue'))).toBe(false)
  })

  test('where the rescue fails too, always runs and the host has failed', async () => {
    const playbook = definePlaybook('twice', inventory, (play) => {
      play('twice', { hosts: 'one' }, ({ task, block }) => {
        block('b', () => task('first', fail({ msg: 'first' })), {
          rescue: ({ task }) => task('second', fail({ msg: 'second' })),
          always: ({ task }) => task('third', note({ path: at('third'), text: 'x' })),
        })
        task('behind', note({ path: at('behind'), text: 'x' }))
      })
    })
    const run = await runLocally(playbook, home())
    expect(run.outcomes('one')).toEqual(['first: failed', 'second: failed', 'third: changed'])
    expect(run.counts('one')).toMatchObject({ failed: 2, rescued: 0 })
  })
  test('a failure leaves inner blocks by their always and is put right by an outer one', async () => {
    const playbook = definePlaybook('nested', inventory, (play) => {
      play('nested', { hosts: 'one' }, ({ task, block }) => {
        block(
          'outer',
          () => {
            block(
              'inner',
              () => {
                task('bad', command({ argv: ['sh', '-c', 'echo said; exit 3'] }))
                task('left out', debug({ msg: 'never' }))
              },
              { always: ({ task }) => task('inner always', debug({ msg: 'x' })) },
            )
            task('left out too', debug({ msg: 'never' }))
          },
          {
            rescue: ({ task }) =>
              task('see', ({ failure }) =>
                assert({ that: failure.result.rc === 3 && failure.result.stdout === 'said' && !failure.unreachable }),
              ),
          },
        )
        task('behind', debug({ msg: 'x' }))
      })
    })
    const run = await runLocally(playbook, home())
    expect(run.outcomes('one')).toEqual(['bad: failed', 'inner always: ok', 'see: ok', 'behind: ok'])
  })
  test('a host that was lost is connected to once more', async () => {
    const playbook = definePlaybook('lost', inventory, (play) => {
      play('lost', { hosts: 'one' }, ({ task, block }) => {
        block('b', () => task('lose it', loseLink()), {
          rescue: ({ task }) => task('back', ({ failure }) => note({ path: at('back'), text: String(failure.unreachable) })),
          always: ({ task }) => task('always', note({ path: at('always'), text: 'x' })),
        })
        task('behind', note({ path: at('behind'), text: 'x' }))
      })
    })
    const run = await runLocally(playbook, { ...home(), away: 0 })
    expect(run.outcomes('one')).toEqual(['lose it: unreachable', 'back: changed', 'always: changed', 'behind: changed'])
    expect(content('back')).toBe('true\n')
    expect(run.counts('one')).toMatchObject({ unreachable: 0, rescued: 1 })
  })
  test('a host that is gone for good is told so, and stays unreachable', async () => {
    const playbook = definePlaybook('gone', inventory, (play) => {
      play('gone', { hosts: 'one' }, ({ task, block }) => {
        block('b', () => task('lose it', loseLink()), { always: ({ task }) => task('always', debug({ msg: 'x' })) })
      })
    })
    const run = await runLocally(playbook, { ...home(), away: 9 })
    expect(run.outcomes('one')).toEqual(['lose it: unreachable'])
    expect(run.events).toContainEqual(
      expect.objectContaining({ event: 'warning', host: 'one', message: expect.stringMatching(/still does not answer/) }),
    )
    expect(run.counts('one')).toMatchObject({ unreachable: 1 })
  })
  test('what a block of one host leaves, handlers included, runs at the end', async () => {
    const playbook = definePlaybook('handlers', inventory, (play) => {
      play('handlers', { hosts: 'one' }, ({ task, block, handler }) => {
        const told = handler('told', note({ path: at('told'), text: 'x' }))
        block(
          'b',
          () => {
            task('change', note({ path: at('change'), text: 'x' }), { notify: told })
            task('bad', fail({ msg: 'bad' }))
          },
          { rescue: ({ task }) => task('right', debug({ msg: 'x' })) },
        )
      })
    })
    const run = await runLocally(playbook, home())
    expect(run.outcomes('one')).toEqual(['change: changed', 'bad: failed', 'right: ok', 'told: changed'])
  })
})

describe('what a block hands to its tasks', () => {
  test('tags add up, conditions must all hold, and what the body gives the block gives', async () => {
    const playbook = definePlaybook('inherit', inventory, (play) => {
      play('inherit', { hosts: 'web' }, ({ task, block }) => {
        const inner = block('outer', () => block('inner', () => task('a', debug({ msg: 'a' }), { tags: ['t'] }), { tags: ['i'] }), {
          tags: ['o'],
          when: ({ host }) => host.name === 'one',
        })
        task('b', ({ result }) => debug({ msg: String(result(inner).skipped) }), { tags: ['i'] })
        task('c', debug({ msg: 'c' }))
      })
    })
    for (const tag of ['o', 'i', 't']) {
      const run = await runLocally(playbook, { ...home(), tags: [tag] })
      expect([tag, run.outcomes('one')[0], run.outcomes('two')[0]]).toEqual([tag, 'a: ok', 'a: skipped'])
    }
    expect((await runLocally(playbook, { ...home(), skipTags: ['o'] })).outcomes('one')).toEqual(['b: ok', 'c: ok'])
  })
  test('ignoreErrors of the block is of each task, and a task may say otherwise', async () => {
    const playbook = definePlaybook('ignore', inventory, (play) => {
      play('ignore', { hosts: 'one' }, ({ task, block }) => {
        block(
          'b',
          () => {
            task('ignored', fail({ msg: 'x' }))
            task('not ignored', fail({ msg: 'x' }), { ignoreErrors: false })
            task('never', debug({ msg: 'x' }))
          },
          { ignoreErrors: true },
        )
      })
    })
    const run = await runLocally(playbook, home())
    expect(run.outcomes('one')).toEqual(['ignored: failed', 'not ignored: failed'])
    expect(run.counts('one')).toMatchObject({ ignored: 1, failed: 1, ok: 1 })
  })
})

describe('retries', () => {
  /** Fails until it has run so often. */
  const nth = (name: string, times: number) =>
    shell({ script: sh`echo x >>${at(name)}; n=$(wc -l <${at(name)}); echo "run $((n))"; [ "$n" -ge ${String(times)} ]` })

  test('a task that fails is tried again, and says how often', async () => {
    const playbook = definePlaybook('retries', inventory, (play) => {
      play('retries', { hosts: 'one' }, ({ task }) => {
        const third = task('third', nth('third', 3), { retries: 5, delay: 0 })
        task('see', ({ result }) => assert({ that: result(third).attempts === 3 && result(third).stdout === 'run 3' }))
      })
    })
    const run = await runLocally(playbook, home())
    expect(run.outcomes('one')).toEqual(['third: changed', 'see: ok'])
    expect(run.events.filter(({ event }) => event === 'retry')).toMatchObject([
      { host: 'one', task: 'third', attempt: 1, retries: 5, delay: 0 },
      { attempt: 2 },
    ])
  })
  test('until decides, whether the call fails or not', async () => {
    const playbook = definePlaybook('until', inventory, (play) => {
      play('until', { hosts: 'one' }, ({ task }) => {
        task('until', nth('until', 1), { until: ({ result }) => result.stdout === 'run 4', retries: 5, delay: 0 })
        task('never', nth('never', 1), { until: () => false, retries: 2, delay: 0 })
        task('behind', debug({ msg: 'x' }))
      })
    })
    const run = await runLocally(playbook, home())
    expect(run.outcomes('one')).toEqual(['until: changed', 'never: failed'])
    expect(run.tasks.at(-1)).toMatchObject({
      error: { summary: expect.stringMatching(/tried 3 times and its until does not hold/), detail: 'run 3' },
      result: { attempts: 3, rc: 0 },
    })
    expect(content('until').split('\n')).toHaveLength(5)
  })
  test('check mode waits for nothing', async () => {
    const playbook = definePlaybook('check', inventory, (play) => {
      play('check', { hosts: 'one' }, ({ task }) => {
        task('until', nth('check', 1), { until: ({ result }) => 'stdout' in result, delay: 100 })
      })
    })
    const run = await runLocally(playbook, { ...home(), check: true })
    expect(run.outcomes('one')).toEqual(['until: changed (unknown)'])
  })
  test('a block is begun again on the hosts where it failed, with fresh results', async () => {
    const playbook = definePlaybook('again', inventory, (play) => {
      play('again', { hosts: 'web' }, ({ task, block }) => {
        block(
          'b',
          () => {
            const first = task('count', ({ host }) => shell({ script: sh`echo x >>${at(host.name)}; wc -l <${at(host.name)}` }))
            task('enough', ({ result, host }) => assert({ that: host.name === 'one' || result(first).stdout.trim() === '3' }))
          },
          { retries: 2, delay: 0, rescue: ({ task }) => task('never', debug({ msg: 'x' })) },
        )
        task('behind', debug({ msg: 'x' }))
      })
    })
    const run = await runLocally(playbook, home())
    expect(run.outcomes('one')).toEqual(['count: changed', 'enough: ok', 'behind: ok'])
    expect(run.outcomes('two').filter((outcome) => outcome.startsWith('enough'))).toEqual([
      'enough: failed',
      'enough: failed',
      'enough: ok',
    ])
    expect(run.outcomes('two').at(-1)).toBe('behind: ok')
    expect(run.counts('two')).toMatchObject({ failed: 0, rescued: 0 })
  })
})

test('a block that is begun again inside of another one knows nothing of what failed in it before', async () => {
  const playbook = definePlaybook('stale', inventory, (play) => {
    play('stale', { hosts: 'one' }, ({ task, block }) => {
      block(
        'outer',
        () => {
          block('inner', () => task('count', shell({ script: sh`echo x >>${at('stale')}; test "$(wc -l <${at('stale')})" -ge 2` })), {
            always: ({ task }) => task('always', ({ failure }) => note({ path: at('seen'), text: failure ? failure.task : 'nothing' })),
          })
        },
        { retries: 1, delay: 0 },
      )
    })
  })
  const run = await runLocally(playbook, home())
  expect(run.outcomes('one')).toEqual(['count: failed', 'always: changed', 'count: changed', 'always: changed'])
  expect(content('seen')).toBe('nothing\n')
})

test('a link that is lost may be ignored: the next task connects anew', async () => {
  const playbook = definePlaybook('ignored', inventory, (play) => {
    play('ignored', { hosts: 'one', ignoreUnreachable: true }, ({ task }) => {
      const lost = task('lose it', loseLink())
      task('see', ({ result }) => assert({ that: result(lost).failed }))
      task('behind', file({ path: at('behind'), state: 'directory' }))
    })
  })
  const run = await runLocally(playbook, { ...home(), away: 0 })
  expect(run.outcomes('one')).toEqual(['lose it: unreachable', 'see: ok', 'behind: changed'])
  expect(run.counts('one')).toMatchObject({ unreachable: 0, ignored: 1 })
})

test.for([
  [{ retries: -1 }, /retries must be a whole number/],
  [{ delay: -1 }, /delay must be a number of seconds/],
  [{ throttle: 0 }, /throttle must be a whole number from 1/],
] as const)('%o is refused when the playbook is loaded, with its line', ([options, message]) => {
  const make = () =>
    definePlaybook('refused', inventory, (play) => {
      play('p', { hosts: 'one' }, ({ block, task }) => block('b', () => task('t', debug({ msg: 'x' })), options))
    })
  expect(make).toThrow(message)
  expect(make).toThrow(expect.objectContaining({ details: expect.objectContaining({ at: expect.anything() }) }))
})

describe('a body of a block', () => {
  test('that is async is refused', () => {
    const make = () =>
      definePlaybook('refused', inventory, (play) => {
        play('p', { hosts: 'one' }, ({ block }) => void block('b', async () => {}))
      })
    expect(make).toThrow(/A body that collects is async: the body of block 'b'/)
  })
  test('adds nothing once it has ended', () => {
    let late = () => {}
    definePlaybook('late', inventory, (play) => {
      play('p', { hosts: 'one' }, ({ block }) => {
        block('b', ({ task }) => {
          late = () => void task('late', debug({ msg: 'x' }))
        })
      })
    })
    expect(late).toThrow(/added to what is closed already/)
  })
})
