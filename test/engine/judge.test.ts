import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { assert, command, defineInventory, definePlaybook, file, local, query, Secret, sh, shell } from '../../src/index.ts'
import { runLocally, scratchIn, temporaryFolder } from '../helpers/engine.ts'
import { happen, note } from '../helpers/note.ts'

const root = temporaryFolder()
const scratch = scratchIn(root)
const { at } = scratch
const inventory = defineInventory({ groups: { all: {} }, hosts: { one: { groups: [], connection: local() } } })
type Fill = Parameters<Parameters<Parameters<typeof definePlaybook<any>>[2]>[0]>[2]
const runOf = (fill: Fill, check = false, preflight = true) =>
  runLocally(
    definePlaybook('judged', inventory, (play) => play('judged', { hosts: 'one' }, fill as never)),
    { home: scratch.home, check, preflight },
  )
const pending = () => {
  const folder = join(scratch.home, '.local/state/rollcall/pending')
  return existsSync(folder) ? readdirSync(folder) : []
}

test('changedWhen decides what counts as a change, and with it whether handlers run', async () => {
  const run = await runOf(({ task, handler }) => {
    const told = handler('told', happen({ log: at('log'), word: 'told' }))
    task('says nothing', shell({ script: sh`echo same` }), {
      changedWhen: ({ result }) => Object.keys(result).includes('rc') && { ...result }.stdout.includes('new'),
      notify: told,
    })
    task('made by a module', note({ path: at('a'), text: 'a' }), { changedWhen: () => false, notify: told })
    task('counts', query({ script: sh`echo new` }), { changedWhen: ({ result }) => result.stdout.includes('new') })
    task('items', () => ['x', 'y'].map((word) => command({ argv: ['echo', word] })), { changedWhen: ({ result }) => result.stdout === 'y' })
  })
  expect(run.outcomes('one')).toEqual(['says nothing: ok', 'made by a module: ok', 'counts: changed', 'items: changed'])
  expect([existsSync(at('log')), pending()]).toEqual([false, []])
})

test('a handler that an earlier change owes is not withdrawn by a task that changed nothing', async () => {
  const run = await runOf(({ task, handler }) => {
    const told = handler('told', happen({ log: at('log'), word: 'told' }))
    task('change', note({ path: at('a'), text: 'a' }), { notify: told })
    task('no change', shell({ script: sh`:` }), { changedWhen: () => false, notify: told })
  })
  expect(run.outcomes('one')).toEqual(['change: changed', 'no change: ok', 'told: changed'])
})

test('failedWhen lets an exit code pass, or fails what ended well; results of earlier tasks are read by a call', async () => {
  const run = await runOf(({ task }) => {
    const grep = task('grep', command({ argv: ['sh', '-c', 'echo none; exit 1'] }), {
      failedWhen: ({ result }) => result.rc > 1,
      changedWhen: ({ result }) => result.rc === 0,
    })
    task('uses it', ({ result }) => note({ path: at('rc'), text: `${result(grep).rc} ${result(grep).stdout} ${result(grep).failed}` }))
    task('refused', query({ script: sh`exit 3` }), { failedWhen: ({ result }) => result.rc !== 3 })
    task('holds not', assert({ that: false }), { failedWhen: () => false })
    task('bad words', shell({ script: sh`echo ERROR: disk; echo more >&2` }), {
      failedWhen: ({ result }) => result(grep).rc === 1 && result.stdout.includes('ERROR'),
    })
    task('never', note({ path: at('never'), text: 'x' }))
  })
  expect(run.outcomes('one')).toEqual(['grep: ok', 'uses it: changed', 'refused: ok', 'holds not: ok', 'bad words: failed'])
  expect(readFileSync(at('rc'), 'utf8')).toBe('1 none false\n')
  expect(run.tasks.at(-1)?.error).toMatchObject({
    summary: 'The task failed: its failedWhen holds',
    detail: 'exit code 0\nmore\nERROR: disk',
    at: { file: expect.stringMatching(/judge\.test\.ts$/) },
  })
})

test('failedWhen that holds of a failure leaves its own words', async () => {
  const run = await runOf(({ task }) => {
    task('fails', command({ argv: ['sh', '-c', 'echo bad >&2; exit 4'] }), { failedWhen: ({ result }) => result.rc !== 0 })
  })
  expect(run.tasks[0]?.error).toMatchObject({
    summary: 'A step of command failed',
    detail: expect.stringMatching(/^sh -c 'echo bad >&2; exit 4'\nexit code 4\nbad$/),
  })
})

test('okCodes let exit codes pass', async () => {
  const run = await runOf(({ task, handler }) => {
    const told = handler('told', shell({ script: sh`exit 2`, okCodes: [0, 2] }))
    const found = task('found', shell({ script: sh`echo x; exit 1`, okCodes: [0, 1] }), { notify: told })
    task('uses', ({ result }) => note({ path: at('a'), text: String(result(found).rc) }))
  })
  expect(run.outcomes('one')).toEqual(['found: changed', 'uses: changed', 'told: changed'])
  expect(pending()).toEqual([])
})

test('ignoreErrors lets the play go on, and the failure is said and can be asked for', async () => {
  const run = await runOf(({ task }) => {
    const tried = task('try', command({ argv: ['sh', '-c', 'exit 5'] }), { ignoreErrors: true })
    const refused = task('refused', note({ path: at('b'), text: 'b', needs: at('missing') }), { ignoreErrors: true })
    task('instead', note({ path: at('a'), text: 'a' }), { when: ({ result }) => result(tried).failed && result(tried).rc === 5 })
    task('refused by what is there', file({ path: at('none') }), { ignoreErrors: true })
    task('why', ({ result }) => note({ path: at('why'), text: String((result(refused) as { msg?: string }).msg) }))
    task('reads more', ({ result }) => note({ path: at('more'), text: String(result(refused).after) }))
  })
  expect(run.outcomes('one')).toEqual([
    'try: failed',
    'refused: failed',
    'instead: changed',
    'refused by what is there: failed',
    'why: changed',
    'reads more: failed',
  ])
  expect(run.tasks[0]).toMatchObject({ ignored: true, result: { rc: 5, failed: true, msg: 'non-zero return code' } })
  expect(readFileSync(at('why'), 'utf8')).toBe(`${at('missing')} is not there\n`)
  expect(run.tasks.at(-1)?.error).toMatchObject({
    summary: 'The result of a failed task was read',
    detail: expect.stringContaining(`'refused' failed, so it has no 'after'`),
  })
})

test('mistakes of the playbook are not ignored', async () => {
  const run = await runOf(({ task }) => {
    task(
      'broken',
      () => {
        throw new Error('broken')
      },
      { ignoreErrors: true },
    )
  })
  expect(run.tasks[0]).toMatchObject({ outcome: 'failed', error: { detail: 'broken' } })
  expect(run.tasks[0]?.ignored).toBeUndefined()
})

test('a handler of a failure that was ignored runs: the host may be another', async () => {
  const run = await runOf(({ task, handler }) => {
    const told = handler('told', happen({ log: at('log'), word: 'told' }))
    task('half', shell({ script: sh`echo half >${at('half')}; exit 1` }), { ignoreErrors: true, notify: told })
    task('refused', note({ path: at('b'), text: 'b', needs: at('missing') }), { ignoreErrors: true, notify: told })
  })
  expect(run.outcomes('one')).toEqual(['half: failed', 'refused: failed', 'told: changed'])
  expect(pending()).toEqual([])
})

test('what had nothing to do is not judged', async () => {
  const run = await runOf(({ task }) => {
    const idle = task('idle', shell({ script: sh`exit 1`, unless: sh`true` }), { failedWhen: () => true, changedWhen: () => true })
    task('its result', ({ result }) => note({ path: at('a'), text: `${result(idle).rc} ${result(idle).msg}` }))
  })
  expect(run.outcomes('one')).toEqual(['idle: ok', 'its result: changed'])
  expect(readFileSync(at('a'), 'utf8')).toBe('0 skipped, since its unless holds\n')
})

test('a verdict that is no boolean is an error', async () => {
  const run = await runOf(({ task }) => {
    task('odd', shell({ script: sh`:` }), { changedWhen: (({ result }: { result: { stdout: string } }) => result.stdout) as never })
  })
  expect(run.tasks[0]?.error).toMatchObject({
    summary: 'A condition must be true or false',
    detail: expect.stringMatching(/^changedWhen gave/),
  })
})

test('check mode: what hangs on output is unknown, what does not is certain, and an action that changes nothing blurs nothing', async () => {
  const run = await runOf(({ task }) => {
    task('changes nothing', shell({ script: sh`:` }), { changedWhen: () => false })
    task('certain', note({ path: at('a'), text: 'a' }))
    task('hangs on it', shell({ script: sh`:` }), {
      changedWhen: ({ result }) => result.stdout !== '',
      failedWhen: ({ result }) => result.rc > 1,
    })
    const ran = task('would run', shell({ script: sh`:` }))
    task('reads it', ({ result }) => note({ path: at('b'), text: result(ran).stdout }))
    task('asks whether it ran', note({ path: at('c'), text: 'c' }), { when: ({ result }) => result(ran).ran })
  }, true)
  expect(run.outcomes('one')).toEqual([
    'changes nothing: ok',
    'certain: changed',
    'hangs on it: changed (unknown)',
    'would run: changed',
    'reads it: changed (unknown)',
    'asks whether it ran: skipped (assumed)',
  ])
  expect(run.tasks[2]?.reason).toBe('its changedWhen needs what only a run gives')
})

test('what failedWhen condemns is searched for secrets before it is cut, and changedWhen is heard of it', async () => {
  const long = new Secret('0123456789'.repeat(30))
  const run = await runOf(({ task, handler }) => {
    const told = handler('told', happen({ log: at('log'), word: 'told' }))
    task('says much', shell({ script: sh`printf %s ${long}; seq 1 880 | tr '\\n' ' '; printf '%0490d' 1` }), {
      failedWhen: () => true,
      changedWhen: () => false,
      ignoreErrors: true,
      notify: told,
    })
  })
  expect(run.outcomes('one')).toEqual(['says much: failed'])
  expect(run.tasks[0]?.error?.detail).not.toMatch(/0123456789/)
  expect([run.tasks[0]?.result, pending()]).toMatchObject([{ changed: false, failed: true }, []])
})
