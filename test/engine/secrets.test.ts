import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { defineInventory } from '../../src/dsl/inventory.ts'
import { defineModule } from '../../src/dsl/module.ts'
import type { PlayTools } from '../../src/dsl/play-tools.ts'
import { definePlaybook } from '../../src/dsl/playbook.ts'
import { parameters, Type } from '../../src/dsl/schema.ts'
import { run as runStep } from '../../src/dsl/step.ts'
import { command, copy, debug, query, shell, stat } from '../../src/modules/index.ts'
import { file } from '../../src/resources/file.ts'
import { Secret, sealed } from '../../src/util/secret.ts'
import { sh } from '../../src/util/sh.ts'
import { type LocalRunOptions, runLocally, temporaryFolder } from '../helpers/engine.ts'

// The events of this engine are those before the last line of defence: what is found missing here was never there.
const folder = temporaryFolder()
const path = (name: string) => join(folder, name)
const inventory = defineInventory({ groups: { all: {} }, hosts: { one: { groups: [], connection: { type: 'local' } } } })
const run = (define: (tools: PlayTools<any>) => void, options: Partial<LocalRunOptions> = {}) =>
  runLocally(
    definePlaybook('secrets', inventory, (play) => {
      play('p', { hosts: 'all' }, (tools) => define(tools as PlayTools<any>))
    }),
    { home: folder, ...options },
  )
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hides = (events: unknown, ...texts: readonly string[]) => {
  const said = JSON.stringify(events)
  for (const text of texts)
    for (const form of [text, JSON.stringify(text).slice(1, -1), Buffer.from(text).toString('base64'), sha256(text)])
      expect(said).not.toContain(form)
}
const old = 'the old one\n'
const content = new Secret('the new one\n')

describe.each([true, false])('a sealed file (check: %s)', (check) => {
  it.each<[string, (() => void) | undefined, object]>([
    ['a new one', undefined, { before: { state: 'absent' }, after: { state: 'file', mode: '0600', content: '[secret]' } }],
    ['a changed one', () => writeFileSync(path('a'), old), { before: { content: '[secret]' }, after: { content: '[secret], changed' } }],
  ])('%s: diff, steps and result say what happens and nothing of what is in it', async (name, before, diff) => {
    const dest = before ? path('a') : path(`new-${check}`)
    before?.()
    const { events, tasks } = await run(({ task }) => void task('copy', copy({ dest, content, ...(before ? {} : { mode: '0600' }) })), {
      check,
    })
    hides(events, old, content.reveal())
    const { diff: [entry] = [], steps, result } = tasks[0]!
    expect([name, entry?.before.fields, entry?.after.fields]).toEqual([name, (diff as any).before, (diff as any).after])
    expect([entry?.before.text, entry?.after.text]).toEqual([undefined, undefined])
    expect(steps).toEqual([`write ${dest} ([secret]${before ? '' : ', mode 0600'})`])
    expect(result).toMatchObject({ after: { file: { sha256: '[secret]' } } })
    if (!check) expect(readFileSync(dest, 'utf8')).toBe(content.reveal())
  })
})

describe('a file of which it is known where its secrets stand shows the rest of it', () => {
  const [user, password] = [new Secret('some user'), new Secret('some password')]
  const text = sealed`# app\nmaxconn 10\nauth ${user}:${password}\nport 80\n`
  const shown = '# app\nmaxconn 10\nauth [secret]:[secret]\nport 80\n'
  it.each<[string, string | undefined, string | undefined]>([
    ['a new file', undefined, undefined],
    [
      'another line',
      '# app\nmaxconn 5\nauth some user:some password\nport 80\n',
      '# app\n(hidden, for it may hold a secret)\nauth [secret]:[secret]\nport 80\n',
    ],
    [
      'an older secret',
      '# app\nmaxconn 10\nauth older:first word\nport 80\nport 81\n',
      '# app\nmaxconn 10\nauth [secret]:[secret]\nport 80\n(hidden, for it may hold a secret)\n',
    ],
    ['an older secret in another form', 'password = older word\n', '(hidden, for it may hold a secret)\n'],
    ['a line that only begins alike', '# app\nauth older\n', '# app\n(hidden, for it may hold a secret)\n'],
  ])('%s', async (name, before, seen) => {
    const dest = path(`shown ${name.replaceAll(' older', '')}`)
    if (before !== undefined) writeFileSync(dest, before)
    const { events, tasks } = await run(({ task }) => void task('copy', copy({ dest, content: text })), { check: true })
    hides(events, text.reveal(), ...(before === undefined ? [] : [before]), 'some user', 'some password', 'older')
    const [entry] = tasks[0]!.diff!
    expect([entry!.before.text, entry!.after.text]).toEqual([seen, shown])
  })
  it.each<[string, string | Buffer, Secret]>([
    ['the secret alone is another', '# app\nmaxconn 10\nauth other:word\nport 80\n', text],
    ['the old content is no text', Buffer.from([0xff, 0]), text],
    ['there is nothing around it', old, content],
  ])('not where %s', async (name, before, given) => {
    const dest = path(`not shown ${name}`)
    writeFileSync(dest, before)
    const { tasks } = await run(({ task }) => void task('copy', copy({ dest, content: given })), { check: true })
    const [entry] = tasks[0]!.diff!
    expect(entry).toEqual({
      resource: `file:${dest}`,
      before: { fields: { content: '[secret]' } },
      after: { fields: { content: '[secret], changed' } },
    })
  })
  it('nor where the closure revealed something', async () => {
    writeFileSync(path('revealed'), old)
    const { tasks } = await run(
      ({ task }) => void task('copy', () => copy({ dest: path('revealed'), content: sealed`${String(user.reveal().length)} ${password}` })),
    )
    expect([tasks[0]?.diff?.[0]?.before.text, tasks[0]?.diff?.[0]?.after.text]).toEqual([undefined, undefined])
  })
})

test('a sealed file that is as it should be costs one exchange, and its result shows no hash', async () => {
  writeFileSync(path('same'), content.reveal())
  const done = await run(({ task }) => void task('copy', copy({ dest: path('same'), content })))
  expect(done.outcomes('one')).toEqual(['copy: ok'])
  expect(done.exchanges('one')).toBe(1)
  hides(done.events, content.reveal())
})

test('what later tasks read of a sealed result is sealed too, and its other fields are there', async () => {
  const seen: unknown[] = []
  await run(({ task }) => {
    const first = task('copy', copy({ dest: path('b'), content: sealed`x=${content}` }))
    task('look', ({ result }) => {
      seen.push(result(first))
      return debug({ msg: 'looked' })
    })
  })
  expect(seen.at(-1)).toMatchObject({ changed: true, after: { file: { exists: true, sha256: '[secret]' } } })
  hides(seen, content.reveal(), `x=${content.reveal()}`)
})

test('a value that the closure reveals seals its call as well', async () => {
  writeFileSync(path('c'), old)
  const { events } = await run(
    ({ task }) => void task('copy', () => copy({ dest: path('c'), content: `md5 of ${content.reveal().length}` })),
  )
  hides(events, old, `md5 of ${content.reveal().length}`)
})

test('commands get secrets in every place, and steps show where', async () => {
  const word = new Secret("w'o r$d")
  const { tasks } = await run(({ task }) => {
    task(
      'command',
      command({
        argv: ['sh', '-c', `cat >${path('d')}; printf %s "$1$WORD" >>${path('d')}`, 'sh', word],
        stdin: word,
        environment: { WORD: word, B: 'b' },
      }),
    )
    task('shell', shell({ script: sh`printf %s ${word} >>${path('d')}`, unless: sh`test -z ${word}` }))
  })
  expect(readFileSync(path('d'), 'utf8')).toBe(word.reveal().repeat(4))
  hides(tasks, word.reveal())
  expect(tasks[0]?.steps?.[0]).toMatch(/^sh -c .* sh '?\[secret\]'?$/)
  expect(tasks[1]?.steps?.[0]).toContain('printf %s [secret] >>')
})

test('questions whose scripts differ in a secret alone are two, and errors show neither', async () => {
  const [left, right] = [new Secret('left one'), new Secret('right one')]
  const { tasks } = await run(({ task }) => {
    task('both', () => [query({ script: sh`printf %s ${left} | wc -c` }), query({ script: sh`printf %s ${right} | wc -c` })])
    task('fails', query({ script: sh`: ${left}; exit 4` }))
  })
  expect(tasks[0]?.result).toMatchObject({ items: [{ stdout: '8\n' }, { stdout: '9\n' }] })
  expect(tasks[1]?.outcome).toBe('failed')
  hides(tasks, left.reveal(), right.reveal())
})

test('what a failing step says is searched before it is cut', async () => {
  const long = new Secret('0123456789'.repeat(30))
  const { tasks } = await run(
    ({ task }) => void task('fails', shell({ script: sh`printf %s ${long}; seq 1 880 | tr '\\n' ' '; printf '%0490d' 1; exit 1` })),
  )
  expect(tasks[0]?.error?.detail).toContain('exit code 1')
  expect(tasks[0]?.error?.detail).not.toMatch(/0123456789/)
})

test('a module that leaves another state than it planned is told without values', async () => {
  const broken = defineModule({
    name: 'broken',
    summary: 'plans what it does not do',
    params: parameters({ path: Type.String(), content: Type.Unsafe<Secret>({ description: 'a secret' }) }),
    reads: ({ path }) => ({ file: file(path, 'sha256') }),
    plan: (params) => ({ file: { sha256: sha256(params.content.reveal()) } }),
    steps: () => [runStep(sh`:`)],
  })
  writeFileSync(path('e'), old)
  const { tasks } = await run(({ task }) => void task('broken', broken({ path: path('e'), content })))
  expect(tasks[0]?.error?.detail).toContain('it is not the [secret] that was wanted')
  hides(tasks, old, content.reveal())
})

describe('a secret that became text before it reached its task', () => {
  const pin = new Secret('pin pin pin')
  it.each<[string, () => Parameters<PlayTools<any>['task']>[1]]>([
    ['content', () => copy({ dest: path('never'), content: `pin=${pin}` })],
    ['a list', () => command({ argv: ['touch', path('never'), JSON.stringify({ pin })] })],
    ['a map', () => command({ argv: ['true'], environment: { PIN: `${pin}` } })],
    ['a script', () => shell({ script: sh`echo ${`${pin}`}` })],
  ])('in %s is an error before anything changes', async (_, call) => {
    await expect(run(({ task }) => void task('t', call()))).rejects.toMatchObject({
      details: { summary: 'A secret was turned into text before it reached its task', exitCode: 1 },
    })
  })
  it('in what a sealed result shows is one, too', async () => {
    const { tasks } = await run(({ task }) => {
      const first = task('copy', copy({ dest: path('sum'), content }))
      task('sum', ({ result }) => copy({ dest: path('never'), content: String((result(first).after.file as { sha256?: string }).sha256) }))
    })
    expect(tasks[1]?.error?.summary).toBe('A secret was turned into text before it reached its task')
  })
  it('in what is only shown is none', async () => {
    const { tasks } = await run(({ task }) => void task('say', debug({ msg: `the pin is ${pin}` })))
    expect(tasks[0]).toMatchObject({ outcome: 'ok', message: 'the pin is [secret]' })
  })
})

test('the hash of sealed content is known to the last line of defence, whoever asks for it', async () => {
  const { redact } = await import('../../src/util/redact.ts')
  const text = sealed`a whole file with ${content}`
  const { tasks } = await run(({ task }) => {
    task('copy', copy({ dest: path('f'), content: text }))
    task('stat', stat({ path: path('f') }))
  })
  const said = JSON.stringify(tasks[1]?.result)
  expect(said).toContain(sha256(text.reveal()))
  expect(redact(said)).not.toContain(sha256(text.reveal()))
})

test('names of tasks hold none', async () => {
  const name = new Secret('named value')
  const { tasks } = await run(({ task }) => void task(`set ${name.reveal()}`, debug({ msg: 'x' })))
  expect(tasks[0]?.task).toBe('set [secret]')
})
