import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { defineAction, defineInventory, definePlaybook, local, parameters, run as runStep, sh, Type } from '../../src/index.ts'
import { runLocally, scratchIn, temporaryFolder } from '../helpers/engine.ts'
import { happen, note } from '../helpers/note.ts'

const root = temporaryFolder()
const scratch = scratchIn(root)
const { at } = scratch
const inventory = defineInventory({ groups: { all: {} }, hosts: { one: { groups: [], connection: local() } } })

/** Goes away: with `die` the session's shell is killed in the middle of its exchange, as by a host that goes down. */
const goAway = defineAction({
  name: 'goAway',
  summary: 'Goes away and comes back',
  params: parameters({ log: Type.String(), die: Type.Boolean(), timeout: Type.Number(), test: Type.Optional(Type.String()) }),
  steps: ({ log, die }) => [runStep(die ? sh`echo gone >>${log}; kill -9 $PPID` : sh`echo gone >>${log}`)],
  returns: ({ timeout, test }) => ({
    delay: 0,
    timeout,
    connectTimeout: undefined,
    test: test === undefined ? sh`:` : sh`eval ${test}`,
    after: 'going away',
    fix: 'Wait longer.',
  }),
  result: (_, outcomes, { start, end }) => ({ answered: outcomes.length > 0, ordered: start <= end }),
  idle: () => ({ answered: false, ordered: true }),
  would: 'go away',
})
type Away = Parameters<typeof goAway>[0]
const playbook = (params: Omit<Away, 'log'>, asHandler = false) =>
  definePlaybook('away', inventory, (play) => {
    play('away', { hosts: 'one' }, ({ task, handler }) => {
      const leave = asHandler && handler('leave', goAway({ log: at('log'), ...params }))
      const told = handler('told', happen({ log: at('log'), word: 'told' }))
      task('change', note({ path: at('a'), text: 'a' }), { notify: leave ? [leave, told] : told })
      if (!asHandler) task('go away', goAway({ log: at('log'), ...params }))
      task('after', note({ path: at('b'), text: 'b' }))
    })
  })

test.each([true, false])('what comes after runs over a new link, whether the old one died with the steps: %s', async (die) => {
  const run = await runLocally(playbook({ die, timeout: 60 }), { home: scratch.home, away: 1 })
  expect(run.outcomes('one')).toEqual(['change: changed', 'go away: changed', 'after: changed', 'told: changed'])
  expect(run.tasks[1]?.result).toEqual({ answered: !die, ordered: true, changed: true })
  expect(readFileSync(at('log'), 'utf8')).toBe('gone\ntold\n')
  // Read ahead, change, going, coming, and the rest: all links count.
  expect(run.exchanges('one')).toBeGreaterThanOrEqual(5)
  expect(run.events.filter(({ event }) => event === 'warning')).toEqual([])
})

test('what was read before is read again: it may be otherwise since', async () => {
  writeFileSync(at('b'), 'b\n')
  const run = await runLocally(playbook({ die: true, timeout: 60, test: `echo other >${at('b')}` }), { home: scratch.home, away: 0 })
  expect(run.outcomes('one')).toEqual(['change: changed', 'go away: changed', 'after: changed', 'told: changed'])
  expect(readFileSync(at('b'), 'utf8')).toBe('b\n')
})

test('the test must hold before the next task', async () => {
  const ready = `echo tried >>${at('tries')}; [ "$(wc -l <${at('tries')})" -ge 3 ]`
  const run = await runLocally(playbook({ die: true, timeout: 60, test: ready }), { home: scratch.home, away: 0 })
  expect(run.outcomes('one').slice(1, 3)).toEqual(['go away: changed', 'after: changed'])
  expect(readFileSync(at('tries'), 'utf8')).toBe('tried\n'.repeat(3))
})

test('as a handler: its record is cleared although the link died with it, and handlers behind it run', async () => {
  const run = await runLocally(playbook({ die: true, timeout: 60 }, true), { home: scratch.home, away: 1 })
  expect(run.outcomes('one')).toEqual(['change: changed', 'after: changed', 'leave: changed', 'told: changed'])
  const again = await runLocally(playbook({ die: true, timeout: 60 }, true), { home: scratch.home, away: 1 })
  expect(again.outcomes('one')).toEqual(['change: ok', 'after: ok'])
})

test.each([
  ['unreachable', 1000, undefined, /^waited 0 s; the last attempt: The host cannot be reached: attempt 1$/],
  ['failed', 0, 'echo not yet >&2; exit 3', /^waited 0 s; the last test ended with exit code 3: not yet$/],
] as const)('a host that is not back in time is %s; its handlers stay recorded for the next run', async (outcome, away, ready, detail) => {
  const run = await runLocally(playbook({ die: true, timeout: 0, test: ready }), { home: scratch.home, away })
  expect(run.outcomes('one')).toEqual(['change: changed', `go away: ${outcome}`])
  expect(run.tasks[1]?.error).toMatchObject({
    summary: 'The host was not back in time after going away',
    detail: expect.stringMatching(detail),
    fix: 'Wait longer.',
    task: 'go away',
  })
  const next = await runLocally(playbook({ die: false, timeout: 60 }), { home: scratch.home, away: 0 })
  expect(next.outcomes('one')).toEqual(['change: ok', 'go away: changed', 'after: changed', 'told: changed'])
})

test('check mode says what it would do', async () => {
  const run = await runLocally(playbook({ die: true, timeout: 60 }), { home: scratch.home, away: 0, check: true })
  expect(run.tasks[1]).toMatchObject({ outcome: 'changed', would: 'go away', steps: [expect.stringContaining('echo gone')] })
  expect(existsSync(at('log'))).toBe(false)
})

test('the machine that Rollcall runs on is refused before anything happens', async () => {
  const run = await runLocally(playbook({ die: false, timeout: 60 }), { home: scratch.home })
  expect(run.outcomes('one')).toEqual(['change: changed', 'go away: failed'])
  expect(run.tasks[1]?.error?.summary).toMatch(/^This host is the machine that Rollcall runs on/)
  expect(existsSync(at('log'))).toBe(false)
})
