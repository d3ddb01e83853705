import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { assert, debug, defineInventory, definePlaybook, fail, local, meta, query, setFact, sh, shell } from '../../src/index.ts'
import { runLocally, scratchIn, temporaryFolder } from '../helpers/engine.ts'
import { note } from '../helpers/note.ts'

const scratch = scratchIn(temporaryFolder())
const { at } = scratch
const web = { groups: ['web'], connection: local() } as const
const inventory = defineInventory({
  groups: { all: {}, web: {} },
  hosts: { one: web, two: web, lb: { groups: [], connection: local() } },
})
const home = () => ({ home: scratch.home, ownHomes: true })
const owed = (host: string) => {
  const folder = `${scratch.home}-${host}/.local/state/rollcall/pending`
  return existsSync(folder) ? readdirSync(folder) : []
}

describe('a task that is delegated', () => {
  test('acts on the other host, and is the own host’s in all else: closures, result, handlers, outcome', async () => {
    const playbook = definePlaybook('delegate', inventory, (play) => {
      play('p', { hosts: 'web' }, ({ task, handler }) => {
        const told = handler('told', ({ host }) => note({ path: at(`told-${host.name}`), text: 'x' }))
        const drain = task('drain', ({ host }) => shell({ script: sh`echo ${host.name} "$HOME"` }), {
          delegateTo: ({ fleet }) => fleet.host('lb'),
          notify: told,
        })
        task('see', ({ result, host }) => assert({ that: result(drain).stdout === `${host.name} ${scratch.home}-lb` }))
      })
    })
    const run = await runLocally(playbook, home())
    for (const host of ['one', 'two']) expect(run.outcomes(host)).toEqual(['drain: changed', 'see: ok', 'told: changed'])
    expect(run.tasks.filter(({ task }) => task === 'drain').map(({ delegatedTo }) => delegatedTo)).toEqual(['lb', 'lb'])
    expect([...owed('one'), ...owed('two'), ...owed('lb')]).toEqual([])
  })
  test('what it owes is recorded on its own host, before the other one changes', async () => {
    const playbook = definePlaybook('owed', inventory, (play) => {
      play('p', { hosts: 'one' }, ({ task, handler }) => {
        const told = handler('told', debug({ msg: 'x' }))
        task('look', () => shell({ script: sh`ls ${`${scratch.home}-one`}/.local/state/rollcall/pending | wc -l; exit 1` }), {
          delegateTo: ({ fleet }) => fleet.host('lb'),
          notify: told,
        })
      })
    })
    const run = await runLocally(playbook, home())
    expect(run.tasks[0]).toMatchObject({ outcome: 'failed', result: { stdout: '1' } })
    expect([owed('one').length, owed('lb').length]).toEqual([1, 0])
  })
  test('converged it reads and changes nothing; check mode says what would change there', async () => {
    const playbook = definePlaybook('note', inventory, (play) => {
      play('p', { hosts: 'web' }, ({ task }) => {
        task('note', ({ host }) => note({ path: at(host.name), text: 'x' }), { delegateTo: ({ fleet }) => fleet.host('lb') })
      })
    })
    const check = await runLocally(playbook, { ...home(), check: true })
    expect([check.outcomes('one'), existsSync(at('one'))]).toEqual([['note: changed'], false])
    await runLocally(playbook, home())
    const again = await runLocally(playbook, home())
    expect(again.outcomes('one')).toEqual(['note: ok'])
  })
  test('several hosts act there one at a time, and what it has read there is forgotten after a change', async () => {
    const playbook = definePlaybook('turns', inventory, (play) => {
      play('p', { hosts: 'all' }, ({ task }) => {
        task('own', () => note({ path: at('shared'), text: 'lb' }), { when: ({ host }) => host.name === 'lb' })
        task('delegated', ({ host }) => note({ path: at('shared'), text: host.name }), {
          when: ({ host }) => host.name === 'one',
          delegateTo: ({ fleet }) => fleet.host('lb'),
        })
        task('again', () => note({ path: at('shared'), text: 'lb' }), { when: ({ host }) => host.name === 'lb' })
      })
    })
    const run = await runLocally(playbook, home())
    expect(run.outcomes('lb')).toEqual(['own: changed', 'delegated: skipped', 'again: changed'])
    expect(readFileSync(at('shared'), 'utf8')).toBe('lb\n')
  })
  test('a dead delegate fails the task and never makes the host unreachable', async () => {
    const playbook = definePlaybook('dead', inventory, (play) => {
      play('p', { hosts: 'one' }, ({ task }) => {
        task('drain', shell({ script: sh`true` }), { delegateTo: ({ fleet }) => fleet.host('lb'), ignoreErrors: true })
        task('behind', shell({ script: sh`true` }))
      })
    })
    const run = await runLocally(playbook, { ...home(), dead: ['lb'] })
    expect(run.outcomes('one')).toEqual(['drain: failed', 'behind: changed'])
    expect(run.tasks[0]!.error).toMatchObject({
      summary: 'The host that the task is delegated to cannot be reached: lb',
      detail: 'it is dead',
      host: 'one',
    })
  })
  test('a delegate that is lost half-way fails the task, and the next one finds it again', async () => {
    const playbook = definePlaybook('lost', inventory, (play) => {
      play('p', { hosts: 'one' }, ({ task }) => {
        task('lose', shell({ script: sh`kill -9 $PPID; sleep 5` }), { delegateTo: ({ fleet }) => fleet.host('lb'), ignoreErrors: true })
        task('again', shell({ script: sh`true` }), { delegateTo: ({ fleet }) => fleet.host('lb') })
      })
    })
    const run = await runLocally(playbook, { ...home(), away: 0 })
    expect(run.outcomes('one')).toEqual(['lose: failed', 'again: changed'])
    expect(run.counts('one').unreachable).toBe(0)
  })
  test("'localhost' is the machine itself, and nobody needs to declare it", async () => {
    const playbook = definePlaybook('local', inventory, (play) => {
      play('p', { hosts: 'web' }, ({ task }) => {
        task('here', ({ host }) => note({ path: at(`here-${host.name}`), text: 'x' }), { delegateTo: 'localhost' })
        task('once', shell({ script: sh`echo once >>${at('once')}` }), { delegateTo: 'localhost', runOnce: true })
      })
    })
    await runLocally(playbook, home())
    expect([existsSync(at('here-one')), existsSync(at('here-two'))]).toEqual([true, true])
    expect(readFileSync(at('once'), 'utf8')).toBe('once\n')
  })
  test('a host that the inventory does not have is refused before anything runs', async () => {
    const playbook = definePlaybook('unknown', inventory, (play) => {
      play('p', { hosts: 'one' }, ({ task }) => {
        task('first', note({ path: at('first'), text: 'x' }))
        task('drain', debug({ msg: 'x' }), { delegateTo: () => ({ name: 'nobody' }) })
      })
    })
    await expect(runLocally(playbook, home())).rejects.toThrow(/no host of the inventory: 'nobody'|'nobody'/)
    expect(existsSync(at('first'))).toBe(false)
  })
})

describe('meta', () => {
  const steered = (action: Parameters<typeof meta>[0]['action'], serial?: number) =>
    definePlaybook('meta', inventory, (play) => {
      play('p', { hosts: 'web', ...(serial && { serial }) }, ({ task, handler }) => {
        const told = handler('told', debug({ msg: 'x' }))
        task('change', ({ host }) => note({ path: at(host.name), text: 'x' }), { notify: told })
        task('steer', meta({ action }), { when: ({ host }) => host.name === 'one' })
        task('behind', debug({ msg: 'x' }))
      })
      play('later', { hosts: 'web' }, ({ task }) => void task('later', debug({ msg: 'x' })))
    })
  test('endHost ends the play on that host alone; what it owes is done', async () => {
    const run = await runLocally(steered('endHost'), home())
    expect(run.outcomes('one')).toEqual(['change: changed', 'steer: ok', 'told: ok', 'later: ok'])
    expect(run.outcomes('two')).toEqual(['change: changed', 'steer: skipped', 'behind: ok', 'told: ok', 'later: ok'])
  })
  test('endPlay ends it on all', async () => {
    const run = await runLocally(steered('endPlay'), home())
    expect(run.outcomes('two')).toEqual(['change: changed', 'steer: skipped', 'told: ok', 'later: ok'])
    const serial = await runLocally(steered('endPlay', 1), home())
    expect(serial.outcomes('two')).toEqual(['later: ok'])
  })
  test('endBatch goes on with the next batch', async () => {
    const run = await runLocally(steered('endBatch', 1), home())
    expect(run.outcomes('one')).toEqual(['change: changed', 'steer: ok', 'told: ok', 'later: ok'])
    expect(run.outcomes('two')).toContain('behind: ok')
  })
  test('clearHostErrors lets hosts go on that had failed, and they count as failed all the same', async () => {
    const playbook = definePlaybook('clear', inventory, (play) => {
      play('p', { hosts: 'web' }, ({ task }) => {
        task('bad', fail({ msg: 'no' }), { when: ({ host }) => host.name === 'two' })
        task('clear', meta({ action: 'clearHostErrors' }))
        task('behind', shell({ script: sh`true` }))
      })
    })
    const run = await runLocally(playbook, home())
    expect(run.outcomes('two')).toEqual(['bad: failed', 'behind: changed'])
    expect(run.counts('two').failed).toBe(1)
  })
})

test('setFact: later tasks read what was worked out, with its type', async () => {
  const playbook = definePlaybook('facts', inventory, (play) => {
    play('p', { hosts: 'one' }, ({ task }) => {
      const asked = task('ask', query({ script: sh`echo 41` }))
      const build = task('build', ({ result }) => setFact({ number: Number(result(asked).stdout) + 1, name: 'b' }))
      task('see', ({ result }) => assert({ that: result(build).number === 42 && result(build).name.length === 1 }))
    })
  })
  expect((await runLocally(playbook, home())).outcomes('one')).toEqual(['ask: ok', 'build: ok', 'see: ok'])
  expect((await runLocally(playbook, { ...home(), check: true })).outcomes('one')).toEqual(['ask: ok', 'build: ok', 'see: ok'])
})
