import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { parameters, Type } from '../../src/dsl/schema.ts'
import { defineInventory, defineModule, definePlaybook, local, type ResourceKind, readOf, sh } from '../../src/index.ts'
import { runLocally, temporaryFolder } from '../helpers/engine.ts'
import { note } from '../helpers/note.ts'

const root = temporaryFolder()
const pipe = join(root, 'pipe')
spawnSync('mkfifo', [pipe])

/** A state whose reading waits for somebody to write: a file system that does not answer. */
const stuckKind: ResourceKind<{ text: string }> = {
  name: 'stuck',
  needs: ['text'],
  freshness: 'own',
  script: (requests) => sh`cat ${requests.map(({ id }) => id)}`,
  parse: (stdout, requests) => requests.map(() => ({ text: Buffer.from(stdout).toString() })),
  describe: ({ text }) => ({ fields: { text } }),
  absent: () => false,
}
const stuck = defineModule({
  name: 'stuck',
  summary: 'Reads what does not answer',
  params: parameters({ path: Type.String() }),
  reads: ({ path }) => ({ state: readOf(stuckKind, path) }),
  plan: () => ({ state: {} }),
  steps: () => [],
})
const inventory = defineInventory({ groups: { all: {} }, hosts: { one: { groups: [], connection: local() } } })

// Whoever still waits at the pipe is let go.
afterEach(() => closeSync(openSync(pipe, constants.O_RDWR)))

test('a read that hangs holds up neither the tasks before it nor, for ever, its own', async () => {
  const playbook = definePlaybook('stuck', inventory, (play) => {
    play('stuck', { hosts: 'one' }, ({ task }) => {
      task('before', note({ path: join(root, 'before'), text: 'written' }))
      task('hangs', stuck({ path: pipe }), { ignoreErrors: true })
      task('after', note({ path: join(root, 'after'), text: 'written' }))
    })
  })
  const run = await runLocally(playbook, { home: root, patience: { aheadMs: 300, dueMs: 600 } })
  expect(run.outcomes('one')).toEqual(['before: changed', 'hangs: failed', 'after: changed'])
  expect(run.tasks[1]?.error).toMatchObject({
    summary: 'Reading from the host takes too long',
    detail: `no answer within 0.6 s to: stuck:${pipe}`,
    fix: expect.stringContaining('network mount'),
  })
  const warnings = run.events.flatMap((event) => (event.event === 'warning' ? [event.message] : []))
  expect(warnings).toEqual(['reading ahead took more than 0.3 s, so each task now reads for itself'])
})
