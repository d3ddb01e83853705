import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { command, defineInventory, definePlaybook, local, type PlayTools, query, Secret, sh, shell } from '../../src/index.ts'
import type { Event, RunningTask } from '../../src/model/event.ts'
import { type LocalRunOptions, runLocally, scratchIn, temporaryFolder } from '../helpers/engine.ts'

const scratch = scratchIn(temporaryFolder())
const { at } = scratch
const inventory = defineInventory({
  groups: {},
  hosts: { one: { groups: [], connection: local() }, two: { groups: [], connection: local() } },
})
/** A step that goes on when the test has seen enough. */
const waits = (path: string) => sh`until [ -e ${path} ]; do sleep 0.05; done`

interface Watching {
  /** What has been said to run, each time. */
  readonly said: readonly (readonly RunningTask[])[]
  readonly events: readonly Event[]
  readonly tasks: readonly { readonly result?: unknown }[]
}

/** Runs tasks, and whenever `until` holds of what is said to run, makes a file that lets them go on. */
async function watching(
  define: (tools: PlayTools<any>) => void,
  goOn: readonly (readonly [until: (running: readonly RunningTask[]) => boolean, file: string])[],
  { hosts = 'one', ...options }: Partial<LocalRunOptions> & { hosts?: 'all' | 'one' } = {},
): Promise<Watching> {
  const playbook = definePlaybook('watched', inventory, (play) => {
    play('p', { hosts }, (tools) => define(tools as PlayTools<any>))
  })
  const left = [...goOn]
  const said: (readonly RunningTask[])[] = []
  const { events, tasks } = await runLocally(playbook, {
    home: scratch.home,
    watch: { afterMs: 0, everyMs: 20 },
    ...options,
    heard: (event) => {
      if (event.event !== 'running') return
      said.push(event.tasks)
      if (left[0]?.[0](event.tasks)) writeFileSync(left.shift()![1], '')
    },
  })
  expect(left, 'what was waited for and never seen').toEqual([])
  return { said, events, tasks }
}
const writes =
  (...lines: readonly string[]) =>
  (running: readonly RunningTask[]) =>
    running.some(({ output }) => lines.every((line) => output.includes(line)))

describe('what takes long is told while it runs', () => {
  test('with what it has written, until it is over', async () => {
    const { said, events, tasks } = await watching(
      ({ task }) => {
        task('slow', shell({ script: sh`echo one; echo two >&2; ${waits(at('go'))}; echo three` }))
        task('next', command({ argv: ['true'] }))
      },
      [[writes('one', 'two'), at('go')]],
    )
    expect(said.flat().every(({ host }) => host === 'one')).toBe(true)
    const last = events.findLastIndex((event) => event.event === 'running')
    expect(events[last]).toEqual({ event: 'running', tasks: [], more: 0 })
    expect(tasks[0]).toMatchObject({ result: { stdout: 'one\nthree', stderr: 'two' } })
  })
  test('the output that was written to last comes last', async () => {
    await watching(
      ({ task }) =>
        void task(
          'slow',
          shell({ script: sh`echo out; ${waits(at('1'))}; echo err >&2; ${waits(at('2'))}; echo again; ${waits(at('3'))}` }),
        ),
      [
        [(running) => running[0]?.output.join() === 'out', at('1')],
        [(running) => running[0]?.output.join() === 'out,err', at('2')],
        [(running) => running[0]?.output.join() === 'err,out,again', at('3')],
      ],
    )
  })
  test('of calls that go together each by its own name, and never with the output of another', async () => {
    const { said } = await watching(
      ({ task }) => {
        task('first', shell({ script: sh`echo of first; ${waits(at('1'))}` }))
        task('second', shell({ script: sh`echo of second; ${waits(at('2'))}` }))
      },
      [
        [writes('of first'), at('1')],
        [writes('of second'), at('2')],
      ],
    )
    for (const { task, output } of said.flat()) for (const line of output) expect(line).toBe(`of ${task}`)
  })
  test('of two hosts', async () => {
    const { said } = await watching(
      ({ task }) => void task('slow', ({ host }) => shell({ script: sh`echo on ${host.name}; ${waits(at('go'))}` })),
      [[(running) => running.length === 2 && running.every(({ host, output }) => output.includes(`on ${host}`)), at('go')]],
      { hosts: 'all' },
    )
    for (const { host, output } of said.flat()) for (const line of output) expect(line).toBe(`on ${host}`)
  })
  test.each([false, true])('a script that only reads, in check mode %s', async (check) => {
    await watching(
      ({ task }) => void task('look', query({ script: sh`echo looking; ${waits(at('go'))}` })),
      [[writes('looking'), at('go')]],
      { check },
    )
  })
  test('a command that runs by itself', async () => {
    await watching(
      ({ task }) => void task('job', shell({ script: sh`echo begun; ${waits(at('go'))}`, async: 60, poll: 0.2 })),
      [[writes('begun'), at('go')]],
    )
  })
  test('without secrets', async () => {
    const password = new Secret('correct-horse-battery')
    const { events } = await watching(
      ({ task }) =>
        void task(
          'tell',
          shell({ script: sh`printf 'the pass is %s\nand then\n' ${password}; ${waits(at('go'))}; echo >${at('told')} ${password}` }),
        ),
      [[writes('the pass is [secret]', 'and then'), at('go')]],
    )
    expect(JSON.stringify(events.filter(({ event }) => event === 'running'))).not.toContain('horse')
    expect(readFileSync(at('told'), 'utf8')).toBe('correct-horse-battery\n')
  })
})

test('what is over soon is not told, and nobody looks at its host', async () => {
  const { said } = await watching(({ task }) => void task('quick', shell({ script: sh`echo done` })), [], { watch: { afterMs: 60_000 } })
  expect(said).toEqual([])
})

test('a host that cannot be looked at does its work all the same, and only its time is told', async () => {
  // Where a shell begins, it counts; the second one, which would look, is refused.
  writeFileSync(
    at('sh'),
    `#!/bin/sh\nn=$(cat ${at('count')} 2>/dev/null || echo 0)\necho $((n+1)) >${at('count')}\n[ "$n" = 0 ] || exit 1\nexec sh "$@"\n`,
    {
      mode: 0o755,
    },
  )
  const { said } = await watching(
    ({ task }) => void task('slow', shell({ script: sh`echo one; ${waits(at('go'))}` })),
    [[() => existsSync(at('count')) && readFileSync(at('count'), 'utf8') === '2\n', at('go')]],
    { shell: at('sh') },
  )
  expect(said.flat().length).toBeGreaterThan(0)
  for (const { output } of said.flat()) expect(output).toEqual([])
})
