import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { copy, defineInventory, definePlaybook, local } from '../../src/index.ts'
import { runLocally, scratchIn, temporaryFolder } from '../helpers/engine.ts'
import { happen, note } from '../helpers/note.ts'

const scratch = scratchIn(temporaryFolder())
const { at } = scratch
const inventory = defineInventory({
  groups: { all: {} },
  hosts: { one: { groups: [], connection: local() }, two: { groups: [], connection: local() } },
})

/** A person with answers ready; what they were asked and told. */
function person(...answers: readonly string[]) {
  const questions: string[] = []
  const said: string[] = []
  return {
    questions,
    said,
    ask: async (question: string) => {
      questions.push(question)
      return answers[questions.length - 1] ?? 'no answer is left'
    },
    say: (line: string) => void said.push(line),
  }
}

const three = (strategy: 'linear' | 'free' = 'linear') =>
  definePlaybook('three', inventory, (play) => {
    play('all', { hosts: 'all', strategy }, ({ task }) => {
      const a = task('a', ({ host }) => note({ path: at(`a-${host.name}`), text: 'a' }))
      task('b', ({ host }) => note({ path: at(`b-${host.name}`), text: 'b' }))
      task('c', ({ host, result }) => note({ path: at(`c-${host.name}`), text: String(result(a).skipped) }))
    })
  })
const choice = '? (y)es, (N)o, (c)ontinue'

test('each task is asked for once, whatever the number of hosts; no leaves it out, and later tasks know', async () => {
  const terminal = person('no', 'y', 'YES ')
  const run = await runLocally(three(), { home: scratch.home, terminal, step: true })
  expect(terminal.questions).toEqual([`Task 'a' on one, two${choice}`, `Task 'b' on one, two${choice}`, `Task 'c' on one, two${choice}`])
  expect(run.outcomes('one')).toEqual(['a: skipped', 'b: changed', 'c: changed'])
  expect(run.outcomes('two')).toEqual(run.outcomes('one'))
  expect(run.tasks[0]).toMatchObject({
    task: 'a',
    outcome: 'skipped',
    reason: 'answered no to --step',
    at: expect.stringContaining('step.test.ts'),
  })
  expect([existsSync(at('a-one')), readFileSync(at('c-two'), 'utf8')]).toEqual([false, 'true\n'])
})

test('continue asks no more; what is no answer is asked again; an empty line is no', async () => {
  const terminal = person('', 'maybe', 'c')
  const run = await runLocally(three(), { home: scratch.home, terminal, step: true })
  expect(terminal.questions).toHaveLength(3)
  expect(terminal.said).toEqual([`'maybe' is none of: y to run it, n to leave it out, c to run it and all others`])
  expect(run.outcomes('one')).toEqual(['a: skipped', 'b: changed', 'c: changed'])
})

test('nothing changes on a host before the answer, also where changes of one host would go together', async () => {
  const playbook = definePlaybook('files', inventory, (play) => {
    play('one', { hosts: 'one' }, ({ task }) => {
      for (const name of ['a', 'b', 'c']) task(name, copy({ dest: at(name), content: name, mode: '0600' }))
    })
  })
  const there: boolean[][] = []
  const terminal = {
    ...person(),
    ask: async () => {
      there.push(['a', 'b', 'c'].map((name) => existsSync(at(name))))
      return there.length === 1 ? 'y' : 'n'
    },
  }
  await runLocally(playbook, { home: scratch.home, terminal, step: true })
  expect(there).toEqual([
    [false, false, false],
    [true, false, false],
    [true, false, false],
  ])
  expect(existsSync(at('c'))).toBe(false)
})

test('a free play goes task by task while it is asked for', async () => {
  const terminal = person('y', 'y', 'n')
  const run = await runLocally(three('free'), { home: scratch.home, terminal, step: true })
  expect(terminal.questions).toHaveLength(3)
  expect(run.outcomes('two')).toEqual(['a: changed', 'b: changed', 'c: skipped'])
})

test('a handler is asked for as well; one that is left out stays recorded for the next run', async () => {
  const playbook = definePlaybook('handles', inventory, (play) => {
    play('all', { hosts: 'one' }, ({ task, handler }) => {
      const again = handler('say it', happen({ log: at('log'), word: 'handled' }))
      task('a', note({ path: at('a'), text: 'a' }), { notify: again })
    })
  })
  const terminal = person('y', 'n')
  await runLocally(playbook, { home: scratch.home, terminal, step: true })
  expect(terminal.questions).toEqual([`Task 'a' on one${choice}`, `Handler 'say it' on one${choice}`])
  expect(existsSync(at('log'))).toBe(false)
  const next = await runLocally(playbook, { home: scratch.home })
  expect(next.outcomes('one')).toEqual(['a: ok', 'say it: changed'])
})

test('where nobody can be asked it is refused', async () => {
  await expect(runLocally(three(), { home: scratch.home, step: true })).rejects.toThrow(
    '--step asks before each task, and there is no terminal',
  )
})

test('tasks before the one to start at are as skipped, and handlers of the play run', async () => {
  const playbook = definePlaybook('starts', inventory, (play) => {
    play('all', { hosts: 'one' }, ({ task, handler }) => {
      const again = handler('say it', happen({ log: at('log'), word: 'handled' }))
      const a = task('a', note({ path: at('a'), text: 'a' }))
      task('b', ({ result }) => note({ path: at('b'), text: String(result(a).skipped) }), { notify: again })
    })
  })
  const run = await runLocally(playbook, { home: scratch.home, startAt: 'b' })
  expect(run.outcomes('one')).toEqual(['b: changed', 'say it: changed'])
  expect([existsSync(at('a')), readFileSync(at('b'), 'utf8')]).toEqual([false, 'true\n'])
})
