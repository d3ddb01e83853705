import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { command, defineInventory, definePlaybook, local, pause, query, sh, shell } from '../../src/index.ts'
import { runLocally, scratchIn, temporaryFolder } from '../helpers/engine.ts'
import { note } from '../helpers/note.ts'

const scratch = scratchIn(temporaryFolder())
const { at } = scratch
const inventory = defineInventory({ groups: { all: {}, web: {} }, hosts: { one: { groups: ['web'], connection: local() } } })
const home = () => ({ home: scratch.home })
const lives = (pid: string) => existsSync(`/proc/${pid.trim()}`) && !/\) Z/.test(readFileSync(`/proc/${pid.trim()}/stat`, 'latin1'))

describe('a task that takes longer than its timeout', () => {
  test('is ended on the host, fails, and says which step that was', async () => {
    const playbook = definePlaybook('slow', inventory, (play) => {
      play('slow', { hosts: 'web' }, ({ task }) => {
        task('hang', shell({ script: sh`echo so far; echo $$ >${at('pid')}; sleep 60; : >${at('late')}` }), { timeout: 0.5 })
        task('behind', note({ path: at('behind'), text: 'x' }))
      })
    })
    const run = await runLocally(playbook, home())
    expect(run.outcomes('one')).toEqual(['hang: failed'])
    const [hang] = run.tasks
    expect(hang!.error!.summary).toBe('The task took longer than its timeout of 0.5 s')
    expect(hang!.error!.detail).toMatch(/^its processes on the host were ended\n[\s\S]*exit code 143\n[\s\S]*so far$/)
    expect(hang!.error!.at!.file).toMatch(/in-time\.test\.ts$/)
    expect(hang!.result).toMatchObject({ rc: 143, stdout: 'so far', changed: true, failed: true })
    expect(lives(readFileSync(at('pid'), 'utf8'))).toBe(false)
    expect([existsSync(at('late')), existsSync(at('behind'))]).toEqual([false, false])
  })
  test('is tried again with time of its own, may be ignored, and the host can be worked on', async () => {
    const playbook = definePlaybook('slow', inventory, (play) => {
      play('slow', { hosts: 'web', timeout: 60 }, ({ task, block }) => {
        task('third', shell({ script: sh`echo x >>${at('tries')}; test "$(wc -l <${at('tries')})" -ge 3 || sleep 60` }), {
          timeout: 1,
          retries: 3,
          delay: 0,
        })
        block(
          'timed',
          ({ task }) => {
            task('hang', command({ argv: ['sleep', '60'] }))
          },
          {
            timeout: 0.5,
            rescue: ({ task }) => task('put right', ({ failure }) => note({ path: at('rescue'), text: failure.message.split('\n')[0]! })),
          },
        )
        task('ask', query({ script: sh`sleep 60` }), { timeout: 0.5, ignoreErrors: true })
        task('wait', pause({ seconds: 60 }), { timeout: 0.2, ignoreErrors: true })
        task('behind', note({ path: at('behind'), text: 'x' }))
      })
    })
    const run = await runLocally(playbook, home())
    expect(run.outcomes('one')).toEqual([
      'third: changed',
      'hang: failed',
      'put right: changed',
      'ask: failed',
      'wait: failed',
      'behind: changed',
    ])
    expect(run.tasks[0]!.result).toMatchObject({ attempts: 3 })
    expect(readFileSync(at('rescue'), 'utf8')).toMatch(/longer than its timeout of 0.5 s/)
  })
  test('does not take along those behind it, and costs nothing where nothing is to do', async () => {
    const playbook = definePlaybook('slow', inventory, (play) => {
      play('slow', { hosts: 'web' }, ({ task }) => {
        for (const name of ['a', 'b', 'c']) task(name, note({ path: at(name), text: 'x' }), { timeout: 30 })
      })
    })
    expect((await runLocally(playbook, home())).outcomes('one')).toEqual(['a: changed', 'b: changed', 'c: changed'])
    const again = await runLocally(playbook, home())
    expect([again.counts('one').ok, again.exchanges('one')]).toEqual([3, 1])
  })
  test.each([0, -1, Number.NaN, 3e6, '5' as never])('%s is no timeout', (timeout) => {
    const define = (options: { readonly task?: { timeout: number }; readonly play?: { timeout: number } }) =>
      definePlaybook('bad', inventory, (play) => {
        play('bad', { hosts: 'web', ...options.play }, ({ task }) => {
          task('x', command({ argv: ['true'] }), options.task)
        })
      })
    expect(() => define({ task: { timeout } })).toThrow(/timeout must be a number of seconds above 0: task 'x'/)
    expect(() => define({ play: { timeout } })).toThrow(/timeout must be a number of seconds above 0: play 'bad'/)
  })
})
