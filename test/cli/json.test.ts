import { expect, test } from 'vitest'
import type { Engine } from '../../src/cli/engine.ts'
import { rollcall } from './harness.ts'

const hostile = 'a\u001b[2J\u007f\u009b31m\u202e\u2028'
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/

// What a host, a path or a user's file put in, at one place of each answer: all that a program reads goes the same way.
const lab = { status: () => ({ name: hostile, hosts: [] }), defaultLab: () => ({ name: 'x' }) }
const answers: readonly (readonly [line: string, engine: { readonly [verb in keyof Engine]?: (request: any) => unknown }])[] = [
  ['run site --list-hosts --json', { outline: () => ({ playbook: hostile }) }],
  ['run site --list-tasks --json', { outline: () => ({ playbook: hostile }) }],
  ['explain site --json', { explain: () => ({ playbook: hostile }) }],
  ['explain var alpha --json', { explainVar: () => ({ host: hostile }) }],
  ['render site --task a --host alpha --json', { renderOne: () => ({ task: hostile, bytes: Buffer.from(hostile) }) }],
  ['facts --json', { showFacts: () => [{ host: 'alpha', families: { os: { name: hostile } } }] }],
  ['inventory list --json', { showInventory: () => ({ inventory: hostile, hosts: [], groups: [] }) }],
  ['inventory host alpha --json', { showInventory: () => ({ hosts: [{ host: 'alpha', vars: { motd: hostile } }] }) }],
  ['inventory graph --json', { showInventory: () => ({ hosts: [{ host: 'alpha', vars: { motd: hostile } }] }) }],
  ['inventory validate --json', { validateInventory: () => ({ ok: true, warnings: [{ message: hostile }] }) }],
  ['exec all --json -- true', { exec: ({ done }) => done({ host: 'alpha', outcome: 'ok', rc: 0, stdout: hostile, stderr: '' }) }],
  [
    'doc --json',
    { describeModules: () => [{ name: 'file', kind: 'module', summary: hostile, parameters: [], call: '', resultFields: [] }] },
  ],
  ['doctor --json', { doctor: () => [{ verdict: 'ok', about: 'ssh', message: hostile }] }],
  ['cleanup --json', { cleanup: () => ({ kept: [{ path: hostile }], removable: [], failures: [], down: [] }) }],
  ['lab status --json', { lab: () => lab }],
]

test.for(answers)('nothing a terminal obeys is in the JSON of %s, and a parser gets it unchanged', async ([line, engine]) => {
  const { out, err } = await rollcall(line, { engine: engine as Partial<Engine> })
  expect(err).toBe('')
  expect(out).not.toMatch(obeyed)
  expect(out.trimEnd().split('\n')).toHaveLength(1)
  const values: unknown[] = []
  JSON.parse(out, (_, value) => values.push(value) && value)
  expect(values).toContain(hostile)
})

test('nor is it in the question before something is removed', async () => {
  const going = [{ kind: 'temporary', path: `/tmp/${hostile}`, bytes: 1, ageSeconds: 1, about: 'a file' }]
  const engine = {
    cleanup: async ({ confirm }: { readonly confirm?: (things: unknown) => Promise<boolean> }) => {
      await confirm?.(going)
      return { kept: going, removable: going, removed: true, failures: [], down: [] }
    },
  }
  const { err } = await rollcall('cleanup --remove', { engine: engine as unknown as Partial<Engine>, ask: async () => true })
  expect(err).toContain('/tmp/a\\x1b[2J')
})
