import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { batchesOf } from '../../src/dsl/serial.ts'
import { assert, debug, defineInventory, definePlaybook, fail, local, pause, sh, shell, topic } from '../../src/index.ts'
import { runLocally, scratchIn, temporaryFolder } from '../helpers/engine.ts'
import { note } from '../helpers/note.ts'

const scratch = scratchIn(temporaryFolder())
const { at } = scratch
const names = ['a', 'b', 'c', 'd', 'e'] as const
const host = { groups: ['web'], connection: local() } as const
const inventory = defineInventory({ groups: { all: {}, web: {}, none: {} }, hosts: { a: host, b: host, c: host, d: host, e: host } })
const home = () => ({ home: scratch.home, ownHomes: true })
/** `host task` of each task, in order. */
const order = (run: Awaited<ReturnType<typeof runLocally>>) => run.tasks.map(({ host, task }) => `${host} ${task}`)
const stopped = (run: Awaited<ReturnType<typeof runLocally>>) => run.events.filter(({ event }) => event === 'stopped')

describe('serial', () => {
  test.for([
    [[], [5]],
    [[2], [2, 2, 1]],
    [
      [1, 3],
      [1, 3, 1],
    ],
    [['30%'], [1, 1, 1, 1, 1]],
    [['40%'], [2, 2, 1]],
    [
      [1, '100%'],
      [1, 4],
    ],
    [
      ['1%', 9],
      [1, 4],
    ],
  ] as const)('%o gives batches of %o', ([portions, sizes]) => {
    const batches = batchesOf(names, portions)
    expect(batches.map(({ length }) => length)).toEqual(sizes)
    expect(batches.flat()).toEqual(names)
  })

  test('each batch goes through all tasks and handlers before the next begins', async () => {
    const playbook = definePlaybook('serial', inventory, (play) => {
      play('p', { hosts: 'web', serial: [1, 2] }, ({ task, handler }) => {
        const told = handler('told', ({ host, batch }) =>
          note({ path: at(`${host.name}-told`), text: batch.map(({ name }) => name).join() }),
        )
        task('one', ({ host }) => note({ path: at(host.name), text: 'x' }), { notify: told })
        task('two', debug({ msg: 'x' }))
      })
    })
    const run = await runLocally(playbook, home())
    // Within a task hosts come as they are done.
    const turns = (hosts: string[]) => ['one', 'two', 'told'].map((task) => hosts.map((host) => `${host} ${task}`))
    const turnsOf = [...turns(['a']), ...turns(['b', 'c']), ...turns(['d', 'e'])]
    const ran = [...order(run)]
    expect(turnsOf.map((turn) => ran.splice(0, turn.length).sort())).toEqual(turnsOf)
    expect(readFileSync(at('c-told'), 'utf8')).toBe('b,c\n')
    expect(run.events.filter(({ event }) => event === 'batch')).toMatchObject([{ number: 1, of: 3 }, { hosts: ['b', 'c'] }, { number: 3 }])
  })

  test('what is done once for all hosts of a task is done once a batch', async () => {
    const asked: string[] = []
    const playbook = definePlaybook('pause', inventory, (play) => {
      play('p', { hosts: 'web', serial: 3 }, ({ task }) => void task('wait', pause({ prompt: 'go on?' })))
    })
    const terminal = { say: () => {}, ask: async (question: string) => String(asked.push(question)) }
    await runLocally(playbook, { ...home(), terminal })
    expect(asked).toHaveLength(2)
  })

  test('where all of a batch fail the run ends, as also a later play of other hosts', async () => {
    const playbook = definePlaybook('fails', inventory, (play) => {
      play('p', { hosts: 'web', serial: 2 }, ({ task }) => {
        task('bad', fail({ msg: 'no' }), { when: ({ host }) => host.name === 'c' || host.name === 'd' })
        task('good', debug({ msg: 'x' }))
      })
      play('later', { hosts: 'a' }, ({ task }) => void task('never', debug({ msg: 'x' })))
    })
    const run = await runLocally(playbook, home())
    expect(order(run)).toEqual(['a bad', 'b bad', 'a good', 'b good', 'c bad', 'd bad'])
    expect(stopped(run)).toEqual([
      { event: 'stopped', play: 'p', reason: 'all 2 hosts have failed, so the last batch is left out', hosts: ['e'] },
    ])
  })

  test.for([
    [0, 'not a number of hosts'],
    ['0%', 'not between'],
    ['x', 'neither'],
    [[], 'empty'],
    [1.5, 'no number'],
  ] as const)('%o is refused at load', ([serial]) => {
    expect(() => definePlaybook('refused', inventory, (play) => play('p', { hosts: 'web', serial: serial as never }, () => {}))).toThrow(
      /serial names no number of hosts/,
    )
  })
})

describe('how many may fail', () => {
  const playbook = (maxFailPercentage: number, failing: readonly string[]) =>
    definePlaybook('max', inventory, (play) => {
      play('p', { hosts: 'web', maxFailPercentage }, ({ task, handler }) => {
        const told = handler('told', debug({ msg: 'x' }))
        task('change', ({ host }) => note({ path: at(host.name), text: 'x' }), { notify: told })
        task('bad', fail({ msg: 'no' }), { when: ({ host }) => failing.includes(host.name) })
        task('good', debug({ msg: 'x' }))
      })
    })
  test('as many as allowed is not too many', async () => {
    const run = await runLocally(playbook(20, ['a']), home())
    expect(run.outcomes('b')).toEqual(['change: changed', 'bad: skipped', 'good: ok', 'told: ok'])
    expect(stopped(run)).toEqual([])
  })
  test('one more ends the run after the task, and handlers stay owed', async () => {
    const run = await runLocally(playbook(20, ['a', 'b']), home())
    expect(run.outcomes('c')).toEqual(['change: changed', 'bad: skipped'])
    expect(stopped(run)).toMatchObject([
      { reason: '2 of 5 hosts have failed, more than maxFailPercentage 20 allows', hosts: ['c', 'd', 'e'] },
    ])
    const again = await runLocally(playbook(100, []), home())
    expect(again.outcomes('c').at(-1)).toBe('told: ok')
  })
  test('a host that cannot be reached counts', async () => {
    const playbook = definePlaybook('lost', inventory, (play) => {
      play('p', { hosts: 'web', maxFailPercentage: 0 }, ({ task }) => {
        task('lose', shell({ script: sh`kill -9 $PPID; sleep 5` }), { when: ({ host }) => host.name === 'b' })
        task('good', debug({ msg: 'x' }))
      })
    })
    const run = await runLocally(playbook, home())
    expect(run.outcomes('a')).toEqual(['lose: skipped'])
    expect(stopped(run)).toMatchObject([{ hosts: ['a', 'c', 'd', 'e'] }])
  })
  test('what a rescue puts right does not count', async () => {
    const playbook = definePlaybook('rescued', inventory, (play) => {
      play('p', { hosts: 'web', maxFailPercentage: 0 }, ({ task, block }) => {
        block('b', () => task('bad', fail({ msg: 'no' })), { rescue: ({ task }) => task('right', debug({ msg: 'x' })) })
        task('good', debug({ msg: 'x' }))
      })
    })
    const run = await runLocally(playbook, home())
    expect(names.map((name) => run.outcomes(name).at(-1))).toEqual(names.map(() => 'good: ok'))
  })
  test('nor while it is being put right, where hosts go at their own pace', async () => {
    const playbook = definePlaybook('free', inventory, (play) => {
      play('p', { hosts: 'web', maxFailPercentage: 0, strategy: 'free' }, ({ task, block }) => {
        block('b', () => task('bad', fail({ msg: 'no' }), { when: ({ host }) => host.name === 'a' }), {
          rescue: ({ task }) => task('slow', shell({ script: sh`sleep 0.3` })),
        })
        for (let index = 0; index < 5; index++) task(`good ${index}`, shell({ script: sh`sleep 0.05` }))
      })
    })
    const run = await runLocally(playbook, home())
    expect(stopped(run)).toEqual([])
    expect(run.outcomes('b').at(-1)).toBe('good 4: changed')
  })
  test.for(['linear', 'free', 'hostPinned'] as const)('anyErrorsFatal: one is enough (%s)', async (strategy) => {
    const playbook = definePlaybook('fatal', inventory, (play) => {
      play('p', { hosts: 'web', anyErrorsFatal: true, strategy }, ({ task }) => {
        task('bad', fail({ msg: 'no' }), { when: ({ host }) => host.name === 'b' })
        task('slow', shell({ script: sh`sleep 0.3` }))
        task('never', debug({ msg: 'x' }))
      })
      play('later', { hosts: 'a' }, ({ task }) => void task('never', debug({ msg: 'x' })))
    })
    const run = await runLocally(playbook, home())
    expect(order(run).filter((line) => line.endsWith('never'))).toEqual([])
    expect(stopped(run)).toMatchObject([{ reason: "task 'bad' failed on b, which counts for all hosts" }])
    expect(names.map((name) => run.counts(name).failed)).toEqual([0, 1, 0, 0, 0])
  })
  test('anyErrorsFatal in a block: all hosts are rescued', async () => {
    const playbook = definePlaybook('fatal', inventory, (play) => {
      play('p', { hosts: 'web' }, ({ task, block }) => {
        block(
          'b',
          () => {
            task('bad', fail({ msg: 'no' }), { when: ({ host }) => host.name === 'b' })
            task('never', debug({ msg: 'x' }))
          },
          { anyErrorsFatal: true, rescue: ({ task }) => task('right', ({ failure }) => debug({ msg: failure.task })) },
        )
        task('behind', debug({ msg: 'x' }))
      })
    })
    const run = await runLocally(playbook, home())
    expect(names.map((name) => run.outcomes(name).slice(-2))).toEqual(names.map(() => ['right: ok', 'behind: ok']))
    expect(names.map((name) => run.counts(name).rescued)).toEqual([0, 1, 0, 0, 0])
  })
})

describe('runOnce', () => {
  test.for(['linear', 'free', 'hostPinned'] as const)(
    'once a play, also under serial, and its result is that of all (%s)',
    async (strategy) => {
      const playbook = definePlaybook('once', inventory, (play) => {
        play('p', { hosts: 'web', strategy, ...(strategy === 'linear' && { serial: 2 }) }, ({ task }) => {
          const once = task('once', ({ host }) => shell({ script: sh`echo ${host.name} >>${at('once')}; echo said` }), { runOnce: true })
          task('see', ({ result }) => assert({ that: result(once).stdout === 'said' && result(once).changed }))
        })
      })
      const run = await runLocally(playbook, home())
      expect(readFileSync(at('once'), 'utf8').trim().split('\n')).toHaveLength(1)
      expect(names.map((name) => run.outcomes(name).at(-1))).toEqual(names.map(() => 'see: ok'))
    },
  )
  test('where it fails no host goes on', async () => {
    const playbook = definePlaybook('once', inventory, (play) => {
      play('p', { hosts: 'web' }, ({ task }) => {
        task('once', fail({ msg: 'no' }), { runOnce: true })
        task('never', debug({ msg: 'x' }))
      })
    })
    const run = await runLocally(playbook, home())
    expect(order(run)).toEqual(['a once'])
  })
})

describe('throttle', () => {
  const busy = (host: string) =>
    shell({ script: sh`d=${at('busy')}; mkdir -p "$d"; : >"$d"/${host}; ls "$d" | wc -l; sleep 0.1; rm "$d"/${host}` })
  test.for(['linear', 'free'] as const)('bounds how many hosts run a task at once (%s)', async (strategy) => {
    const playbook = definePlaybook('throttle', inventory, (play) => {
      play('p', { hosts: 'web', strategy }, ({ task }) => {
        task('bounded', ({ host }) => busy(host.name), { throttle: 2 })
      })
    })
    const run = await runLocally(playbook, home())
    const seen = run.tasks.map(({ result }) => Number((result as { stdout: string }).stdout))
    expect(seen).toHaveLength(5)
    expect(Math.max(...seen)).toBeLessThanOrEqual(2)
  })
  test('of a block bounds how many hosts are in it, from its first task to its last', async () => {
    const playbook = definePlaybook('throttle', inventory, (play) => {
      play('p', { hosts: 'web' }, ({ task, block }) => {
        block(
          'b',
          () => {
            task('enter', ({ host }) => shell({ script: sh`mkdir -p ${at('in')}; : >${at('in')}/${host.name}; ls ${at('in')} | wc -l` }))
            task('leave', ({ host }) => shell({ script: sh`sleep 0.05; rm ${at('in')}/${host.name}` }))
          },
          { throttle: 1 },
        )
      })
    })
    const run = await runLocally(playbook, home())
    const seen = run.tasks.filter(({ task }) => task === 'enter').map(({ result }) => (result as { stdout: string }).stdout.trim())
    expect(seen).toEqual(['1', '1', '1', '1', '1'])
  })
})

describe('topics', () => {
  test('all handlers that listen run, in the order they are declared, once', async () => {
    const changed = topic('web changed')
    const playbook = definePlaybook('topics', inventory, (play) => {
      play('p', { hosts: 'a' }, ({ task, handler }) => {
        task('one', note({ path: at('one'), text: 'x' }), { notify: changed })
        const first = handler('first', debug({ msg: 'x' }), { listen: changed })
        handler('second', debug({ msg: 'x' }), { listen: [changed] })
        handler('other', debug({ msg: 'x' }))
        task('two', note({ path: at('two'), text: 'x' }), { notify: [changed, first] })
      })
    })
    const run = await runLocally(playbook, home())
    expect(run.outcomes('a')).toEqual(['one: changed', 'two: changed', 'first: ok', 'second: ok'])
    expect(run.tasks[0]).toMatchObject({ notified: ['first', 'second'] })
  })
  test('a topic that nobody listens to is refused, with the line of the task', () => {
    const make = () =>
      definePlaybook('topics', inventory, (play) => {
        play('p', { hosts: 'a' }, ({ task }) => void task('one', debug({ msg: 'x' }), { notify: topic('nobody') }))
      })
    expect(make).toThrow(/topic that no handler listens to/)
  })
})
