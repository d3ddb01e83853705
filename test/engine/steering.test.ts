import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { defineInventory, definePlaybook, fail, local, sh, shell } from '../../src/index.ts'
import { openSteering } from '../../src/util/steering.ts'
import { runLocally, scratchIn, temporaryFolder } from '../helpers/engine.ts'
import { note } from '../helpers/note.ts'

const scratch = scratchIn(temporaryFolder())
const { at } = scratch
const inventory = defineInventory({
  groups: { all: {}, web: {} },
  hosts: { one: { groups: ['web'], connection: local() }, two: { groups: ['web'], connection: local() } },
})
const home = () => ({ home: scratch.home, ownHomes: true })
const arrives = (name: string) => expect.poll(() => existsSync(at(name)), { timeout: 20_000 }).toBe(true)
const untilGo = (name: string) =>
  shell({ script: sh`: >${at(name)}; until [ -e ${at('go')} ]; do sleep 0.1; done; : >${at(`${name}-ended`)}` })
// Where sessions have their folders.
process.env.TMPDIR = temporaryFolder()
const halted = (hosts: number) =>
  expect
    .poll(
      () =>
        readdirSync(process.env.TMPDIR!).filter((folder) =>
          readdirSync(join(process.env.TMPDIR!, folder)).some((name) => name.startsWith('0next')),
        ).length,
      { timeout: 20_000 },
    )
    .toBe(hosts)
const go = () => writeFileSync(at('go'), '')

describe.each(['linear', 'free'] as const)('a run that is stopped (%s)', (strategy) => {
  test('finishes what runs, begins nothing more but what is tidied up in any case, and leaves handlers recorded', async () => {
    const playbook = definePlaybook('stopped', inventory, (play) => {
      play('first', { hosts: 'web', strategy }, ({ task, block, handler }) => {
        const told = handler('told', ({ host }) => note({ path: at(`${host.name}-told`), text: 'x' }))
        task('change', ({ host }) => note({ path: at(`${host.name}-change`), text: 'x' }), { notify: told })
        block(
          'within',
          ({ task }) => {
            task('slow', ({ host }) => untilGo(host.name))
            task('behind', ({ host }) => note({ path: at(`${host.name}-behind`), text: 'x' }))
          },
          {
            rescue: ({ task }) => task('rescue', ({ host }) => note({ path: at(`${host.name}-rescue`), text: 'x' })),
            always: ({ task }) => {
              task('tidy up', ({ host, failure }) => note({ path: at(`${host.name}-tidy`), text: failure ? 'failed' : 'well' }))
              task('and more', ({ host }) => note({ path: at(`${host.name}-more`), text: 'x' }))
            },
          },
        )
        block('never', ({ task }) => task('body', ({ host }) => note({ path: at(`${host.name}-body`), text: 'x' })), {
          always: ({ task }) => task('not its always', ({ host }) => note({ path: at(`${host.name}-no`), text: 'x' })),
        })
      })
      play('second', { hosts: 'web' }, ({ task }) => task('other', note({ path: at('other'), text: 'x' })))
    })
    const steering = openSteering()
    const running = runLocally(playbook, { ...home(), steering })
    await Promise.all([arrives('one'), arrives('two')])
    expect(steering.running.size).toBe(2)
    steering.stop('Ctrl-C', 130)
    if (strategy === 'free') await halted(2) // What is behind in the same exchange does not begin.
    go()
    const run = await running
    for (const host of ['one', 'two']) {
      expect(run.outcomes(host)).toEqual(['change: changed', 'slow: changed', 'tidy up: changed', 'and more: changed'])
      expect(run.counts(host)).toMatchObject({ failed: 0, rescued: 0, changed: 4 })
    }
    expect(run.events.filter(({ event }) => event === 'stopped')).toMatchObject([{ play: 'first', reason: 'Ctrl-C' }])
    const again = await runLocally(playbook, home())
    expect(again.outcomes('one')).toEqual(expect.arrayContaining(['told: changed', 'other: changed']))
  })
  test('a host that had failed is not rescued, and has failed', async () => {
    const playbook = definePlaybook('stopped', inventory, (play) => {
      play('first', { hosts: 'web', strategy }, ({ block }) => {
        block(
          'within',
          ({ task }) => {
            task('slow', ({ host }) => untilGo(host.name))
            task('bad', fail({ msg: 'no' }))
          },
          { rescue: ({ task }) => task('rescue', note({ path: at('rescue'), text: 'x' })), retries: 3, delay: 0 },
        )
      })
    })
    const steering = openSteering()
    const running = runLocally(playbook, { ...home(), steering })
    await Promise.all([arrives('one'), arrives('two')])
    steering.stop('Ctrl-C', 130)
    go()
    const run = await running
    expect(run.outcomes('one')).toEqual(['slow: changed'])
    expect(run.counts('one')).toMatchObject({ failed: 0, rescued: 0 })
    expect(existsSync(at('rescue'))).toBe(false)
  })
})

test('a run that is ended ends what runs on its hosts, and tries nothing again', async () => {
  const playbook = definePlaybook('ended', inventory, (play) => {
    play('first', { hosts: 'web' }, ({ task, block }) => {
      block('within', ({ task }) => task('slow', ({ host }) => untilGo(host.name), { retries: 5, delay: 60 }), {
        always: ({ task }) => task('tidy up', note({ path: at('tidy'), text: 'x' })),
      })
      task('behind', note({ path: at('behind'), text: 'x' }))
    })
  })
  const steering = openSteering()
  const running = runLocally(playbook, { ...home(), steering })
  await Promise.all([arrives('one'), arrives('two')])
  steering.end('it took longer than --timeout 1', 2)
  const run = await running
  expect(run.outcomes('one')).toEqual(['slow: failed'])
  expect(run.tasks[0]!.error).toMatchObject({
    summary: 'The task was ended: it took longer than --timeout 1',
    detail: expect.stringMatching(/^its processes on the host were ended\n[\s\S]*exit code 143/),
  })
  expect([existsSync(at('one-ended')), existsSync(at('tidy')), existsSync(at('behind'))]).toEqual([false, false, false])
})
test('a delay between two attempts is not waited for when the run is stopped', async () => {
  const playbook = definePlaybook('delayed', inventory, (play) => {
    play('first', { hosts: 'one' }, ({ task }) => {
      task('again', shell({ script: sh`: >${at('tried')}; exit 3` }), { retries: 5, delay: 3600 })
    })
  })
  const steering = openSteering()
  const running = runLocally(playbook, { ...home(), steering })
  await arrives('tried')
  steering.stop('Ctrl-C', 130)
  expect((await running).outcomes('one')).toEqual(['again: failed'])
})
