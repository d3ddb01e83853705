import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Read } from '../../src/dsl/resource.ts'
import { guardOf, looksBefore } from '../../src/engine/guard.ts'
import { command, copy, debug, defineInventory, definePlaybook, file, lineinfile, local, sh } from '../../src/index.ts'
import { file as fileRead } from '../../src/resources/file.ts'
import { openSession } from '../../src/transport/session.ts'
import { runLocally, scratchIn, temporaryFolder } from '../helpers/engine.ts'
import { happen, note } from '../helpers/note.ts'
import { shells } from '../helpers/shells.ts'

const root = temporaryFolder()
const scratch = scratchIn(root)
const { at } = scratch
const inventory = defineInventory({
  groups: { all: {}, web: {} },
  hosts: { one: { groups: ['web'], connection: local() }, two: { groups: ['web'], connection: local() } },
})
const text = (name: string) => readFileSync(at(name), 'utf8')

describe('changes in one exchange', () => {
  test('thirty tasks of one host that do not disturb each other', async () => {
    const playbook = definePlaybook('thirty', inventory, (play) => {
      play('thirty', { hosts: 'one' }, ({ task }) => {
        task('directory', file({ path: at('d'), state: 'directory', mode: '0750' }))
        for (let index = 0; index < 28; index++)
          task(`file ${index}`, copy({ dest: at(`d/${index}`), content: `${index}\n`, mode: index % 2 ? '0600' : '0644' }))
        task('line', lineinfile({ path: at('d/line'), line: 'a', create: true }))
      })
    })
    const run = await runLocally(playbook, { home: scratch.home })
    expect(run.outcomes('one').every((outcome) => outcome.endsWith('changed'))).toBe(true)
    expect(run.exchanges('one')).toBe(2)
    expect(text('d/27')).toBe('27\n')
    const again = await runLocally(playbook, { home: scratch.home })
    expect(again.outcomes('one').every((outcome) => outcome.endsWith('ok'))).toBe(true)
    expect(again.exchanges('one')).toBe(1)
  })

  test('where other hosts wait at each task only the items of one task go together', async () => {
    const playbook = definePlaybook('two', inventory, (play) => {
      play('two', { hosts: 'web' }, ({ task }) => {
        task('items', ({ host }) => Array.from({ length: 200 }, (_, index) => copy({ dest: at(`${host.name}-${index}`), content: 'x\n' })))
        task('next', ({ host }) => copy({ dest: at(`${host.name}-next`), content: 'x\n' }))
      })
    })
    const run = await runLocally(playbook, { home: scratch.home })
    expect(run.outcomes('two')).toEqual(['items: changed', 'next: changed'])
    expect([run.exchanges('one'), run.exchanges('two')]).toEqual([3, 3])
    expect(existsSync(at('two-199'))).toBe(true)
    // And few jobs: files that nothing stands between are written by one shell, and read again by one.
    expect(run.scripts('two')[1]!.length).toBeLessThan(10)
  })

  test('commands of one list, each with a time of its own', async () => {
    const playbook = definePlaybook('commands', inventory, (play) => {
      play('commands', { hosts: 'one' }, ({ task }) => {
        task('items', () => ['a', 'b', 'c'].map((name) => command({ argv: ['sh', '-c', `echo ${name}; : >${at(name)}`] })))
      })
    })
    const run = await runLocally(playbook, { home: scratch.home })
    expect(run.exchanges('one')).toBe(1)
    const { items } = run.tasks[0]!.result as { items: readonly { stdout: string; start: string; end: string }[] }
    expect(items.map(({ stdout }) => stdout.trim())).toEqual(['a', 'b', 'c'])
    const times = items.flatMap(({ start, end }) => [start, end])
    expect(times).toEqual([...times].sort())
    expect(items[0]!.end <= items[1]!.start && items[1]!.end <= items[2]!.start).toBe(true)
  })

  test('a change to what a later task reads ends the exchange before it', async () => {
    const playbook = definePlaybook('edits', inventory, (play) => {
      play('edits', { hosts: 'one' }, ({ task }) => {
        task('whole', copy({ dest: at('f'), content: 'a\n' }))
        task('line', lineinfile({ path: at('f'), line: 'b' }))
        task('other', copy({ dest: at('g'), content: 'a\n' }))
      })
    })
    const run = await runLocally(playbook, { home: scratch.home })
    expect(run.outcomes('one')).toEqual(['whole: changed', 'line: changed', 'other: changed'])
    expect(text('f')).toBe('a\nb\n')
    expect(run.exchanges('one')).toBe(3)
  })

  test('a task that reads the result of another, and one on the controller, begin an exchange', async () => {
    const playbook = definePlaybook('results', inventory, (play) => {
      play('results', { hosts: 'one' }, ({ task }) => {
        const a = task('a', copy({ dest: at('a'), content: 'a\n' }))
        task('b', ({ result }) => copy({ dest: at('b'), content: `${result(a).changed}\n` }))
        task('say', debug({ msg: 'said' }))
        task('c', copy({ dest: at('c'), content: 'c\n' }))
      })
    })
    const run = await runLocally(playbook, { home: scratch.home })
    expect(text('b')).toBe('true\n')
    // Read ahead; a; what b reads, known only now; b; c.
    expect(run.exchanges('one')).toBe(5)
  })
})

describe('a guard', () => {
  // The command declares nothing, so it may touch everything; what it does touch only the host knows.
  const disturbed = (target: 'a' | 'elsewhere') =>
    definePlaybook('disturbed', inventory, (play) => {
      play('disturbed', { hosts: 'one' }, ({ task }) => {
        task('begin', copy({ dest: at('begin'), content: 'x\n' }))
        task('command', command({ argv: ['cp', '/etc/hostname', at(target)] }))
        task('first', copy({ dest: at('b'), content: 'b\n' }))
        task('line', lineinfile({ path: at('a'), line: 'added', create: true }))
      })
    })

  test('that passes costs no exchange', async () => {
    const run = await runLocally(disturbed('elsewhere'), { home: scratch.home })
    expect(run.outcomes('one')).toEqual(['begin: changed', 'command: changed', 'first: changed', 'line: changed'])
    expect(text('a')).toBe('added\n')
    expect(run.exchanges('one')).toBe(2)
  })

  test('that finds another state stops the host there, and the task is planned anew', async () => {
    const run = await runLocally(disturbed('a'), { home: scratch.home })
    expect(run.outcomes('one')).toEqual(['begin: changed', 'command: changed', 'first: changed', 'line: changed'])
    expect(text('a')).toBe(`${readFileSync('/etc/hostname', 'utf8')}added\n`)
    expect(run.exchanges('one')).toBe(3)
  })

  test('stands before each item of a module that is not Rollcall’s own', async () => {
    symlinkSync(at('note-a'), at('note-b')) // Two names of one file, which this module knows nothing of.
    const playbook = definePlaybook('lying', inventory, (play) => {
      play('lying', { hosts: 'one' }, ({ task }) => {
        task('items', () => [note({ path: at('note-a'), text: 'same' }), note({ path: at('note-b'), text: 'same' })])
      })
    })
    const run = await runLocally(playbook, { home: scratch.home })
    // The second finds what the first has made, and changes nothing.
    const items = (run.tasks[0]!.result as { items: readonly { before: { note: object } }[] }).items
    expect(items.map(({ before }) => before.note)).toEqual([{ exists: false }, { exists: true, text: 'same' }])
  })

  test.each(shells)('looks twice, through $name', async (shell) => {
    const path = at(`guarded-${shell.name}`)
    writeFileSync(path, 'one\n')
    const session = await openSession(shell.connect(), { host: 'h', user: 'u' })
    const guard = guardOf([fileRead(path) as unknown as Read], 1)
    const change = { script: sh`echo more >>${path}`, step: true }
    const [, same, , other, late] = await session.exchange([...looksBefore([guard]), guard.again, change, guard.again, change])
    expect([same?.code, other?.code === 0, late?.ran]).toEqual([0, false, false])
    expect(readFileSync(path, 'utf8')).toBe('one\nmore\n')
    await session.close()
  })
})

describe('a failure within an exchange', () => {
  test('of a step: what went before is reported, nothing behind it runs', async () => {
    const playbook = definePlaybook('fails', inventory, (play) => {
      play('fails', { hosts: 'one' }, ({ task, handler }) => {
        const after = handler('after', happen({ log: at('log'), word: 'after' }))
        task('a', copy({ dest: at('a'), content: 'a\n' }), { notify: after })
        task('b', copy({ dest: at('missing/b'), content: 'b\n' }), { notify: after })
        task('c', copy({ dest: at('c'), content: 'c\n' }))
      })
    })
    const run = await runLocally(playbook, { home: scratch.home })
    expect(run.outcomes('one')).toEqual(['a: changed', 'b: failed'])
    expect(run.tasks[1]?.error?.fix).toMatch(/missing/)
    expect([existsSync(at('a')), existsSync(at('c'))]).toEqual([true, false])
    expect(run.exchanges('one')).toBe(2)
    // The handler of the first is owed, and the next run runs it.
    const mended = definePlaybook('fails', inventory, (play) => {
      play('fails', { hosts: 'one' }, ({ task, handler }) => {
        handler('after', happen({ log: at('log'), word: 'after' }))
        task('a', copy({ dest: at('a'), content: 'a\n' }))
      })
    })
    expect((await runLocally(mended, { home: scratch.home })).outcomes('one')).toEqual(['a: ok', 'after: changed'])
  })

  test.each([false, true])('by a check of new content owes no handler; the old file was there: %s', async (there) => {
    if (there) writeFileSync(at('cfg'), 'old\n')
    const playbook = definePlaybook('p', inventory, (play) =>
      play('p', { hosts: 'one' }, ({ task, handler }) => {
        const h = handler('after', happen({ log: at('log'), word: 'x' }))
        task('cfg', copy({ dest: at('cfg'), content: 'new\n', validate: (path) => sh`grep -q never ${path}` }), { notify: h })
        task('next', copy({ dest: at('cfg2'), content: 'new\n' }), { notify: h })
      }),
    )
    const run = await runLocally(playbook, { home: scratch.home })
    expect(run.outcomes('one')).toEqual(['cfg: failed'])
    const pending = join(scratch.home, '.local/state/rollcall/pending')
    expect(existsSync(pending) ? readdirSync(pending) : []).toEqual([])
  })

  test('that is ignored: the tasks behind it run in the next exchange', async () => {
    const playbook = definePlaybook('ignored', inventory, (play) => {
      play('ignored', { hosts: 'one' }, ({ task }) => {
        task('a', copy({ dest: at('a'), content: 'a\n' }))
        task('b', copy({ dest: at('missing/b'), content: 'b\n' }), { ignoreErrors: true })
        task('c', copy({ dest: at('c'), content: 'c\n' }))
      })
    })
    const run = await runLocally(playbook, { home: scratch.home })
    expect(run.outcomes('one')).toEqual(['a: changed', 'b: failed', 'c: changed'])
    expect(run.exchanges('one')).toBe(3)
  })

  test('that shows only when all is read again names what had gone behind it', async () => {
    const playbook = definePlaybook('lies', inventory, (play) => {
      play('lies', { hosts: 'one' }, ({ task }) => {
        task('a', note({ path: at('a'), text: 'a', lie: true }))
        task('b', copy({ dest: at('b'), content: 'b\n' }))
      })
    })
    const run = await runLocally(playbook, { home: scratch.home })
    expect(run.outcomes('one')).toEqual(['a: failed'])
    expect(run.tasks[0]?.error).toMatchObject({
      summary: 'Module note planned one state and left another',
      detail: expect.stringMatching(/by then 'b' had changed the host too, in the same exchange$/),
    })
    expect(existsSync(at('b'))).toBe(true)
  })
})

test('handlers are recorded before the first change that owes them, once', async () => {
  const playbook = definePlaybook('handled', inventory, (play) => {
    play('handled', { hosts: 'one' }, ({ task, handler }) => {
      const after = handler('after', happen({ log: at('log'), word: 'after' }))
      for (const name of ['a', 'b', 'c']) task(name, copy({ dest: at(name), content: `${name}\n` }), { notify: after })
    })
  })
  const run = await runLocally(playbook, { home: scratch.home })
  expect(run.outcomes('one')).toEqual(['a: changed', 'b: changed', 'c: changed', 'after: changed'])
  const [, batch] = run.scripts('one')
  expect(batch!.filter((script) => script.includes('mkdir -p "$d"')).length).toBe(1)
  expect(text('log')).toBe('after\n')
})

describe("strategy: 'free'", () => {
  const playbook = (strategy: 'free' | 'linear') =>
    definePlaybook('paces', inventory, (play) => {
      play('paces', { hosts: 'web', strategy }, ({ task, handler }) => {
        const after = handler('after', ({ host }) => happen({ log: at('log'), word: `${host.name} after` }))
        // The second host fails here and runs nothing more; the first goes on.
        task('a', ({ host }) => copy({ dest: host.name === 'two' ? at('missing/a') : at('a'), content: 'a\n' }))
        for (const name of ['b', 'c', 'd'])
          task(name, ({ host }) => copy({ dest: at(`${name}-${host.name}`), content: `${name}\n` }), { notify: after })
      })
    })

  test('changes of each host go together, and hosts do not wait for each other', async () => {
    const run = await runLocally(playbook('free'), { home: scratch.home })
    expect(run.outcomes('one')).toEqual(['a: changed', 'b: changed', 'c: changed', 'd: changed', 'after: changed'])
    expect(run.outcomes('two')).toEqual(['a: failed'])
    expect(run.exchanges('one')).toBe(3)
    expect(text('log')).toBe('one after\n')
  })

  test('one that there is not is refused at load', () => {
    expect(() => playbook('serial' as 'free')).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({ detail: "play 'paces': 'serial'", fix: expect.stringContaining("'linear'") }),
      }),
    )
  })
})
