import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { command, defineInventory, definePlaybook, local, sh } from '../../src/index.ts'
import { runLocally, scratchIn, temporaryFolder } from '../helpers/engine.ts'
import { ask, happen, note } from '../helpers/note.ts'

const root = temporaryFolder()
const scratch = scratchIn(root)
const { at } = scratch
const inventory = defineInventory({
  groups: { all: {}, web: {} },
  hosts: {
    one: { groups: ['web'], connection: local() },
    two: { groups: ['web'], connection: local() },
    three: { groups: [], connection: local() },
  },
})
const content = (name: string) => readFileSync(at(name), 'utf8')

/** A play of ten notes on each host. */
const ten = () =>
  definePlaybook('ten', inventory, (play) => {
    play('notes', { hosts: 'web' }, ({ task }) => {
      for (let index = 0; index < 10; index++)
        task(`note ${index}`, ({ host }) => note({ path: at(`${host.name}-${index}`), text: `text ${index}` }))
    })
  })

describe('reading ahead', () => {
  test('a converged play costs one exchange a host', async () => {
    await runLocally(ten(), { home: scratch.home })
    const again = await runLocally(ten(), { home: scratch.home })
    expect(again.outcomes('one')).toEqual(Array.from({ length: 10 }, (_, index) => `note ${index}: ok`))
    expect([again.exchanges('one'), again.exchanges('two')]).toEqual([1, 1])
  })
  test('a changing task costs one exchange: steps, and what they changed read again, ride together', async () => {
    const first = await runLocally(ten(), { home: scratch.home })
    expect(first.outcomes('two').every((outcome) => outcome.endsWith('changed'))).toBe(true)
    expect(first.exchanges('one')).toBe(1 + 10)
  })
  test('after a change the window is one task, then doubles', async () => {
    await runLocally(ten(), { home: scratch.home })
    writeFileSync(at('one-0'), 'spoilt\n')
    const run = await runLocally(ten(), { home: scratch.home })
    expect(run.outcomes('one').filter((outcome) => outcome.endsWith('changed'))).toEqual(['note 0: changed'])
    // All ahead; the change with the next task; then windows of 2, 4 and 8 tasks.
    expect(run.exchanges('one')).toBe(2 + 3)
  })
  test('where no other host waits four tasks are read with a change, then twice as many', async () => {
    await runLocally(ten(), { home: scratch.home })
    writeFileSync(at('one-0'), 'spoilt\n')
    const run = await runLocally(ten(), { home: scratch.home, limit: 'one' })
    expect(run.exchanges('one')).toBe(2 + 1)
  })
  test('a chain of results costs one exchange a link, and a condition that waits does not hold back its reads', async () => {
    const playbook = definePlaybook('chain', inventory, (play) => {
      play('chain', { hosts: 'one' }, ({ task }) => {
        const a = task('a', note({ path: at('a'), text: 'a' }))
        task('b', ({ result }) => note({ path: at('b'), text: `b${result(a).after.note.text}` }))
        task('c', note({ path: at('c'), text: 'c' }), { when: ({ result }) => result(a).changed || true })
      })
    })
    await runLocally(playbook, { home: scratch.home })
    expect(content('b')).toBe('ba\n')
    const again = await runLocally(playbook, { home: scratch.home })
    expect(again.outcomes('one')).toEqual(['a: ok', 'b: ok', 'c: ok'])
    expect(again.exchanges('one')).toBe(2)
  })
  test('a closure that throws ahead of its turn is heard only at its turn, and never when it is not reached', async () => {
    const playbook = definePlaybook('throws', inventory, (play) => {
      play('throws', { hosts: 'one' }, ({ task }) => {
        task('a', note({ path: at('a'), text: 'a' }))
        task('broken', () => {
          throw new Error('broken by the user')
        })
        task('never', note({ path: at('never'), text: 'x' }))
      })
    })
    const run = await runLocally(playbook, { home: scratch.home })
    expect(run.outcomes('one')).toEqual(['a: changed', 'broken: failed'])
    expect(run.tasks[1]?.error).toMatchObject({ detail: 'broken by the user', host: 'one', task: 'broken' })
    expect(run.tasks[1]?.error?.at?.file).toMatch(/run-play\.test\.ts$/)
    expect(existsSync(at('never'))).toBe(false)
  })
  test('result() of a task that has not run makes the evaluation wait even when user code catches it', async () => {
    const playbook = definePlaybook('catches', inventory, (play) => {
      play('catches', { hosts: 'one' }, ({ task }) => {
        const a = task('a', note({ path: at('a'), text: 'right' }))
        task('b', ({ result }) => {
          let text = 'wrong'
          try {
            text = result(a).after.note.text ?? 'none'
          } catch {}
          return note({ path: at('b'), text })
        })
      })
    })
    await runLocally(playbook, { home: scratch.home })
    expect(content('b')).toBe('right\n')
  })
  test('a live read happens at its turn', async () => {
    const playbook = definePlaybook('live', inventory, (play) => {
      play('live', { hosts: 'one' }, ({ task }) => {
        task('write', note({ path: at('live'), text: 'written' }))
        const said = task('ask', () => ask({ script: sh`cat ${at('live')}` }))
        task('copy', ({ result }) => note({ path: at('copy'), text: result(said).answer.trim() }))
      })
    })
    await runLocally(playbook, { home: scratch.home })
    expect(content('copy')).toBe('written\n')
  })
})

describe('handlers', () => {
  const handled = (fail: boolean) =>
    definePlaybook('handled', inventory, (play) => {
      play('handled', { hosts: 'one' }, ({ task, handler }) => {
        const second = handler('second', happen({ log: at('log'), word: 'second' }))
        const first = handler('first', happen({ log: at('log'), word: 'first' }))
        task('a', note({ path: at('a'), text: 'a' }), { notify: [first, second] })
        task('b', note({ path: at('b'), text: 'b' }), { notify: first })
        task('c', happen({ log: at('log'), word: 'task', exit: fail ? 3 : 0 }))
      })
    })
  test('run once, after the tasks, in the order they are declared, and only when something changed', async () => {
    await runLocally(handled(false), { home: scratch.home })
    expect(content('log')).toBe('task\nsecond\nfirst\n')
    const again = await runLocally(handled(false), { home: scratch.home })
    expect(again.outcomes('one')).toEqual(['a: ok', 'b: ok', 'c: changed'])
  })
  test('are not lost when the run fails in between: the next run runs them', async () => {
    const failed = await runLocally(handled(true), { home: scratch.home })
    expect(failed.outcomes('one')).toEqual(['a: changed', 'b: changed', 'c: failed'])
    const next = await runLocally(handled(false), { home: scratch.home })
    expect(next.outcomes('one')).toEqual(['a: ok', 'b: ok', 'c: changed', 'second: changed', 'first: changed'])
    const warnings = next.events.filter((event) => event.event === 'warning').map((event) => event.message.replace(/ since.*/, ''))
    expect(warnings.toSorted()).toEqual([`handler 'first' is pending`, `handler 'second' is pending`])
    const last = await runLocally(handled(false), { home: scratch.home })
    expect(last.outcomes('one')).toEqual(['a: ok', 'b: ok', 'c: changed'])
  })
  test('run early where they are flushed, and again at the end when notified again', async () => {
    const playbook = definePlaybook('flush', inventory, (play) => {
      play('flush', { hosts: 'one' }, ({ task, handler, flushHandlers }) => {
        const told = handler('told', happen({ log: at('log'), word: 'told' }))
        task('a', note({ path: at('a'), text: 'a' }), { notify: told })
        flushHandlers()
        task('b', happen({ log: at('log'), word: 'b' }), { notify: told })
      })
    })
    const run = await runLocally(playbook, { home: scratch.home })
    expect(content('log')).toBe('told\nb\ntold\n')
    expect(run.outcomes('one')).toEqual(['a: changed', 'told: changed', 'b: changed', 'told: changed'])
  })
  test('a state directory that cannot be written fails the task before it changes anything', async () => {
    writeFileSync(scratch.home, 'a file where the home should be')
    const run = await runLocally(handled(false), { home: scratch.home })
    expect(run.outcomes('one')).toEqual(['a: failed'])
    expect(existsSync(at('a'))).toBe(false)
  })
})

describe('check mode', () => {
  const two = () =>
    definePlaybook('two', inventory, (play) => {
      play('two', { hosts: 'one' }, ({ task, handler }) => {
        const told = handler('told', happen({ log: at('log'), word: 'told' }))
        task('a', note({ path: at('a'), text: 'a' }), { notify: told })
        task('needs a', note({ path: at('b'), text: 'b', needs: at('a') }))
        task('same again', note({ path: at('a'), text: 'a' }))
      })
    })
  test('knows earlier planned changes, changes nothing, and says what the run then does', async () => {
    const check = await runLocally(two(), { home: scratch.home, check: true })
    expect(check.outcomes('one')).toEqual(['a: changed', 'needs a: changed', 'same again: ok', 'told: changed'])
    expect([at('a'), at('b'), at('log'), scratch.home].map((path) => existsSync(path))).toEqual([false, false, false, false])
    const run = await runLocally(two(), { home: scratch.home })
    expect(run.outcomes('one')).toEqual(check.outcomes('one'))
    const converged = await runLocally(two(), { home: scratch.home, check: true })
    expect(converged.outcomes('one')).toEqual(['a: ok', 'needs a: ok', 'same again: ok'])
  })
  test('after an action what is absent is unknown and what is present is assumed; a refusal then is no failure', async () => {
    writeFileSync(at('there'), 'text\n')
    const playbook = definePlaybook('after', inventory, (play) => {
      play('after', { hosts: 'one' }, ({ task }) => {
        const did = task('act', happen({ log: at('log'), word: 'x' }))
        task('present', note({ path: at('there'), text: 'text' }))
        task('absent', note({ path: at('gone'), text: 'text' }))
        task('needs', note({ path: at('gone'), text: 'text', needs: at('missing') }))
        task('not run', note({ path: at('d'), text: 'd' }), { when: ({ result }) => result(did).ran })
      })
    })
    const run = await runLocally(playbook, { home: scratch.home, check: true })
    expect(run.outcomes('one')).toEqual([
      'act: changed',
      'present: ok (assumed)',
      'absent: changed (unknown)',
      'needs: changed (unknown)',
      'not run: skipped (assumed)',
    ])
    expect(run.tasks[2]?.reason).toContain(`after 'act'`)
  })
  test('a refusal on the host as it is fails, in check mode too', async () => {
    const playbook = definePlaybook('refuses', inventory, (play) => {
      play('refuses', { hosts: 'one' }, ({ task }) => void task('needs', note({ path: at('b'), text: 'b', needs: at('a') })))
    })
    const run = await runLocally(playbook, { home: scratch.home, check: true })
    expect(run.outcomes('one')).toEqual(['needs: failed'])
    expect(run.tasks[0]?.error).toMatchObject({ summary: `${at('a')} is not there`, fix: 'Make it first.' })
  })
  test('a refusal that no planned change can help fails in check mode too', async () => {
    const playbook = definePlaybook('unrelated', inventory, (play) => {
      play('unrelated', { hosts: 'one' }, ({ task }) => {
        task('unrelated', note({ path: at('a'), text: 'a' }))
        task('needs', note({ path: at('b'), text: 'b', needs: at('missing') }))
      })
    })
    const run = await runLocally(playbook, { home: scratch.home, check: true })
    expect(run.outcomes('one')).toEqual(['unrelated: changed', 'needs: failed'])
  })
  test('a query that refuses after a planned change is no failure, and what depends on its result is unknown', async () => {
    const playbook = definePlaybook('asks', inventory, (play) => {
      play('asks', { hosts: 'one' }, ({ task }) => {
        task('plan', note({ path: at('a'), text: 'a' }))
        const asked = task('ask', ask({ script: sh`true`, refuse: 'it does not answer' }))
        task('uses', ({ result }) => note({ path: at('b'), text: result(asked).answer }))
        task('if', note({ path: at('c'), text: 'c' }), { when: ({ result }) => result(asked).answer === 'a' })
        task('after', note({ path: at('a'), text: 'a' }))
      })
    })
    const run = await runLocally(playbook, { home: scratch.home, check: true })
    expect(run.outcomes('one')).toEqual([
      'plan: changed',
      'ask: ok (unknown)',
      'uses: changed (unknown)',
      'if: changed (unknown)',
      'after: ok (assumed)',
    ])
    expect(run.tasks[2]?.reason).toBe(`it depends on 'answer' of 'ask', which is not known in check mode`)
  })
  test('what is made from an unsure result is unsure', async () => {
    const playbook = definePlaybook('depends', inventory, (play) => {
      play('depends', { hosts: 'one' }, ({ task }) => {
        const act = task('act', happen({ log: at('log'), word: 'x' }))
        const derived = task('derived', ({ result }) => note({ path: at('d'), text: String(result(act).changed) }))
        task('derived again', ({ result }) => note({ path: at('e'), text: String(result(derived).after.note.text) }))
      })
    })
    const run = await runLocally(playbook, { home: scratch.home, check: true })
    expect(run.outcomes('one')).toEqual(['act: changed', 'derived: changed (unknown)', 'derived again: changed (unknown)'])
  })
  test('no script of a step ever leaves the controller', async () => {
    const run = await runLocally(two(), { home: scratch.home, check: true })
    expect(
      run
        .scripts('one')
        .flat()
        .every((script) => script.startsWith('for f in') || script.includes('pending')),
    ).toBe(true)
  })
})

describe('verification', () => {
  test('a module that plans one state and leaves another is found out', async () => {
    const playbook = definePlaybook('lies', inventory, (play) => {
      play('lies', { hosts: 'one' }, ({ task }) => void task('lie', note({ path: at('a'), text: 'a', lie: true })))
    })
    const run = await runLocally(playbook, { home: scratch.home })
    expect(run.tasks[0]).toMatchObject({
      outcome: 'failed',
      error: {
        summary: 'Module note planned one state and left another',
        detail: expect.stringContaining('wanted "a", is "something else"'),
      },
    })
  })
})

describe('order and failure', () => {
  test('every host finishes a task before any host begins the next; a failed host does not hold the others', async () => {
    const playbook = definePlaybook('order', inventory, (play) => {
      play('order', { hosts: 'web' }, ({ task }) => {
        task('first', ({ host }) => happen({ log: at('log'), word: 'first', exit: host.name === 'one' ? 1 : 0 }))
        task('second', happen({ log: at('log'), word: 'second' }))
      })
    })
    const run = await runLocally(playbook, { home: scratch.home })
    expect(content('log')).toBe('first\nfirst\nsecond\n')
    expect(run.outcomes('one')).toEqual(['first: failed'])
    expect(run.outcomes('two')).toEqual(['first: changed', 'second: changed'])
  })
  test('a list of calls is one task with items', async () => {
    const playbook = definePlaybook('list', inventory, (play) => {
      play('list', { hosts: 'one' }, ({ task }) => {
        const many = task('many', () => ['x', 'y', 'z'].map((name) => note({ path: at(name), text: name })))
        task('count', ({ result }) => note({ path: at('count'), text: String(result(many).items.length) }))
      })
    })
    await runLocally(playbook, { home: scratch.home })
    expect(content('count')).toBe('3\n')
    const again = await runLocally(playbook, { home: scratch.home })
    expect(again.outcomes('one')).toEqual(['many: ok', 'count: ok'])
    expect(again.exchanges('one')).toBe(2)
  })
  test('wrong parameters from a closure are found before anything changes', async () => {
    const playbook = definePlaybook('wrong', inventory, (play) => {
      play('wrong', { hosts: 'one' }, ({ task }) => {
        task('first', note({ path: at('a'), text: 'a' }))
        task('wrong', () => note({ path: at('b'), txet: 'b' } as never))
      })
    })
    await expect(runLocally(playbook, { home: scratch.home })).rejects.toMatchObject({
      details: {
        detail: expect.stringContaining(`note has no parameter 'txet': did you mean 'text'?`),
        fix: 'It takes path, text, needs (optional), lie (optional).',
        exitCode: 1,
        task: 'wrong',
      },
    })
    expect(existsSync(at('a'))).toBe(false)
  })
  test('what a call refuses for its parameters alone is found as early', async () => {
    const playbook = definePlaybook('refused', inventory, (play) => {
      play('refused', { hosts: 'one' }, ({ task }) => {
        task('first', note({ path: at('a'), text: 'a' }))
        task('pipe', command({ cmd: 'ls | wc' }))
      })
    })
    await expect(runLocally(playbook, { home: scratch.home })).rejects.toMatchObject({
      details: {
        summary: expect.stringContaining(`'|' at character 4 is for a shell`),
        fix: expect.stringContaining('shell({ script'),
        exitCode: 1,
        task: 'pipe',
      },
    })
    expect(existsSync(at('a'))).toBe(false)
  })
  test.for([
    [
      'an async closure',
      { action: (): unknown => Promise.resolve(note({ path: '/a', text: 'a' })) },
      'A task must give a module call',
      'it gave a Promise',
    ],
    ['a closure that gives nothing', { action: (): unknown => undefined }, 'A task must give a module call', 'it gave undefined'],
    [
      'an async condition',
      { action: note({ path: '/a', text: 'a' }), when: async () => false },
      'A condition must be true or false',
      'when gave a Promise',
    ],
  ] as const)('%s is refused before anything changes', async ([, { action, ...options }, summary, detail]) => {
    const playbook = definePlaybook('async', inventory, (play) => {
      play('async', { hosts: 'one' }, ({ task }) => void task('wrong', action as never, options as never))
    })
    await expect(runLocally(playbook, { home: scratch.home })).rejects.toMatchObject({
      details: { summary, detail, exitCode: 1, task: 'wrong' },
    })
  })
  test('tags leave tasks out, always and never mean what they say, and results of left-out tasks are skipped', async () => {
    const playbook = definePlaybook('tags', inventory, (play) => {
      play('tags', { hosts: 'one' }, ({ task }) => {
        const a = task('a', note({ path: at('a'), text: 'a' }), { tags: ['config'] })
        task('b', note({ path: at('b'), text: 'b' }), { tags: ['always'] })
        task('c', note({ path: at('c'), text: 'c' }), { tags: ['never', 'danger'] })
        task('d', note({ path: at('d'), text: 'd' }), { when: ({ result }) => result(a).skipped })
      })
    })
    const names = async (options: { tags?: string[]; skipTags?: string[] }) =>
      (await runLocally(playbook, { home: scratch.home, check: true, ...options })).tasks
        .filter((task) => task.outcome !== 'skipped')
        .map((task) => task.task)
    expect(await names({})).toEqual(['a', 'b'])
    expect(await names({ tags: ['config'] })).toEqual(['a', 'b'])
    expect(await names({ tags: ['danger'] })).toEqual(['b', 'c'])
    expect(await names({ skipTags: ['config'] })).toEqual(['b', 'd'])
    await expect(names({ tags: ['confg'] })).rejects.toThrow('No task has this tag')
  })
})
