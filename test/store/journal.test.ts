import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Event, TaskEvent } from '../../src/model/event.ts'
import { redactEvent } from '../../src/model/redact-event.ts'
import { type JournalHead, listJournals, newRun, openJournal, readEvents } from '../../src/store/index.ts'
import { registerSecret } from '../../src/util/redact.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-journal-'))
  vi.stubEnv('XDG_STATE_HOME', folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

const head = (now = new Date()): JournalHead => ({
  event: 'journal',
  ...newRun(now),
  playbook: 'site',
  playbookFile: '/p/playbooks/site.ts',
  inventoryFile: '/p/inventory/lab.ts',
  check: false,
  tags: [],
  skipTags: [],
  tasks: {},
})
const task: TaskEvent = {
  event: 'task',
  host: 'h',
  play: 'p',
  task: 't',
  module: 'copy',
  handler: false,
  outcome: 'changed',
  confidence: 'certain',
  durationMs: 1,
}
const keep = { keep: 50, days: 30 }
const written = (...events: Event[]) => {
  const journal = openJournal('/p', head(), keep, () => {})
  for (const event of events) journal.add(event)
  journal.close()
  return readEvents(listJournals('/p')[0]!.path)
}

test('what is too long is left out: first the diff, then all but what became of it', () => {
  const side = (text: string) => ({ fields: {}, text })
  const long = 'x'.repeat(300_000)
  const diff = [{ resource: 'file:/a', before: side(''), after: side(long) }]
  expect(written({ ...task, diff, result: { rc: 1 } }, { ...task, result: { stdout: long } }, task)).toEqual([
    { ...task, result: { rc: 1 }, cut: true },
    { ...task, cut: true },
    task,
  ])
})
test('runs of one second are listed in their order, the newest first', () => {
  const times = [1, 20, 3].map((ms) => new Date(Date.UTC(2026, 0, 1, 0, 0, 0, ms)))
  for (const time of times) openJournal('/p', head(time), { keep: 50, days: 36_500 }, () => {}).close()
  expect(listJournals('/p').map(({ head: { started } }) => started.slice(-4))).toEqual(['020Z', '003Z', '001Z'])
})
test('of a secret in what an action left it is known that it is not all there', () => {
  registerSecret('open-sesame-17')
  const action = { ...task, action: true as const, module: 'shell' }
  expect(redactEvent({ ...action, result: { stdout: 'it is open-sesame-17' } })).toMatchObject({
    masked: true,
    result: { stdout: 'it is [secret]' },
  })
  expect(redactEvent({ ...action, result: { stdout: 'nothing', cmd: '[secret]' } })).not.toHaveProperty('masked')
})
