import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defineInventory, definePlaybook, local, pause } from '../../src/index.ts'
import { runLocally, temporaryFolder } from '../helpers/engine.ts'
import { happen } from '../helpers/note.ts'

const home = temporaryFolder()
const inventory = defineInventory({
  groups: { all: {} },
  hosts: { one: { groups: [], connection: local() }, two: { groups: [], connection: local() } },
})

/** A person who answers with the number of the question. */
function person() {
  const questions: string[] = []
  const said: string[] = []
  return {
    questions,
    said,
    ask: (question: string, { echo }: { readonly echo: boolean }) => {
      questions.push(`${question}${echo ? '' : ' (hidden)'}`)
      return Promise.resolve(`answer ${questions.length}`)
    },
    say: (line: string) => void said.push(line),
  }
}

/** Both hosts keep their records in one home. */
const onOne = ({ host }: { readonly host: { readonly name: string } }) => host.name === 'one'

const playbook = definePlaybook('asks', inventory, (play) => {
  play('all', { hosts: 'all' }, ({ task, handler, flushHandlers }) => {
    const again = handler('ask again', pause({ prompt: 'Handled?' }))
    const first = task('ask', pause({ prompt: 'Go on?', echo: false }))
    task('ask by a closure', ({ host }) => [pause({ prompt: `On ${host.name}?` }), pause({ prompt: 'And?' })])
    task('wait', pause({ seconds: 0.02, prompt: 'A moment' }))
    task('use', ({ host, result }) => happen({ log: join(home, host.name), word: result(first).userInput }))
    task('notify', ({ host }) => happen({ log: join(home, host.name), word: 'x' }), { notify: again, when: onOne })
    flushHandlers()
    task('notify again', ({ host }) => happen({ log: join(home, host.name), word: 'x' }), { notify: again, when: onOne })
  })
})

test('a pause asks once for all hosts, and each time it is run', async () => {
  const terminal = person()
  const { outcomes } = await runLocally(playbook, { home, terminal })
  expect(outcomes('two').filter((outcome) => !/: (ok|changed|skipped)$/.test(outcome))).toEqual([])
  expect(terminal.questions).toEqual(['Go on? (hidden)', 'On one?', 'And?', 'Handled?', 'Handled?'])
  expect(terminal.said).toEqual(['A moment'])
  expect(readFileSync(join(home, 'one'), 'utf8')).toBe('answer 1\nx\nx\n')
  expect(readFileSync(join(home, 'two'), 'utf8')).toBe('answer 1\n')
})

test('check mode neither asks nor waits', async () => {
  const terminal = person()
  const { tasks } = await runLocally(playbook, { home, terminal, check: true })
  expect([terminal.questions, terminal.said]).toEqual([[], []])
  expect(tasks.find(({ task }) => task === 'wait')).toMatchObject({ outcome: 'ok', result: { delta: 0, userInput: '' } })
})

test('without a terminal a question is an error that says what to do', async () => {
  const { tasks } = await runLocally(playbook, { home })
  expect(tasks[0]).toMatchObject({
    outcome: 'failed',
    error: { summary: 'pause waits for a person, and there is no terminal', fix: expect.stringContaining('give seconds or minutes') },
  })
})
