import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import type { PlayTools } from '../../src/dsl/play-tools.ts'
import { defineInventory, definePlaybook, local, sh, shell } from '../../src/index.ts'
import { type LocalRunOptions, runLocally, temporaryFolder } from '../helpers/engine.ts'
import { happen, note } from '../helpers/note.ts'

const root = temporaryFolder()
let count = 0
let at: (name: string) => string
let options: LocalRunOptions
beforeEach(() => {
  count += 1
  const folder = join(root, String(count))
  at = (name) => `${folder}-${name}`
  options = { home: `${folder}-home`, becomeHome: `${folder}-root` }
})
const inventory = defineInventory({ groups: { all: {} }, hosts: { one: { groups: [], connection: local() } } })
const runOf = async (fill: (tools: PlayTools<any>) => void, more: Partial<LocalRunOptions> = {}) => {
  const playbook = definePlaybook('owed', inventory, (play) => play('owed', { hosts: 'one' }, fill as never))
  const run = await runLocally(playbook, { ...options, ...more })
  const warnings = run.events.flatMap((event) => (event.event === 'warning' ? [event.message] : []))
  return { outcomes: run.outcomes('one'), warnings }
}
const records = (home: string) => {
  const folder = join(home, '.local/state/rollcall/pending')
  return existsSync(folder) ? readdirSync(folder).length : 0
}
const log = () => (existsSync(at('log')) ? readFileSync(at('log'), 'utf8') : '')

test('what an earlier run owes is not withdrawn by a command that changed nothing', async () => {
  const fill =
    (breaks: boolean) =>
    ({ task, handler }: PlayTools<any>) => {
      const told = handler('told', happen({ log: at('log'), word: 'told' }))
      if (!breaks) task('no change', shell({ script: sh`:` }), { changedWhen: () => false, notify: told })
      task('change', note({ path: at('a'), text: 'a' }), { notify: told })
      if (breaks) task('breaks', shell({ script: sh`exit 1` }))
    }
  expect((await runOf(fill(true))).outcomes).toEqual(['change: changed', 'breaks: failed'])
  const next = await runOf(fill(false))
  expect(next.outcomes).toEqual(['no change: ok', 'change: ok', 'told: changed'])
  expect([log(), records(options.home)]).toEqual(['told\n', 0])
})

test('a handler that two users recorded is owed to none of them when it has run', async () => {
  const fill = ({ task, handler }: PlayTools<any>) => {
    const told = handler('told', happen({ log: at('log'), word: 'told' }))
    task('login', note({ path: at('a'), text: 'a' }), { notify: told })
    task('root', note({ path: at('b'), text: 'b' }), { notify: told, become: true })
  }
  expect((await runOf(fill)).outcomes).toEqual(['login: changed', 'root: changed', 'told: changed'])
  expect([records(options.home), records(options.becomeHome!)]).toEqual([0, 0])
  expect(await runOf(fill)).toEqual({ outcomes: ['login: ok', 'root: ok'], warnings: [] })
})

test('what another user than that of the play recorded is found, also when its task is skipped now', async () => {
  const fill =
    (breaks: boolean) =>
    ({ task, handler }: PlayTools<any>) => {
      const told = handler('told', happen({ log: at('log'), word: 'told' }))
      task('root', note({ path: at('b'), text: 'b' }), { notify: told, become: true, when: () => breaks })
      if (breaks) task('breaks', shell({ script: sh`exit 1` }))
    }
  await runOf(fill(true))
  expect((await runOf(fill(false))).outcomes).toEqual(['root: skipped', 'told: changed'])
  expect(records(options.becomeHome!)).toBe(0)
})

test('check mode foresees a handler that is owed once, however often handlers are flushed', async () => {
  const fill =
    (breaks: boolean) =>
    ({ task, handler, flushHandlers }: PlayTools<any>) => {
      const told = handler('told', happen({ log: at('log'), word: 'told' }))
      task('change', note({ path: at('a'), text: 'a' }), { notify: told })
      if (breaks) task('breaks', shell({ script: sh`exit 1` }))
      flushHandlers()
      task('more', note({ path: at('a'), text: 'a' }))
    }
  await runOf(fill(true))
  const check = await runOf(fill(false), { check: true })
  expect(check.outcomes).toEqual(['change: ok', 'told: changed', 'more: ok (assumed)'])
  expect(check.warnings).toHaveLength(1)
  expect((await runOf(fill(false))).outcomes).toEqual(['change: ok', 'told: changed', 'more: ok'])
})
