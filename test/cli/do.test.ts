import { describe, expect, test } from 'vitest'
import type { DoRequest } from '../../src/do.ts'
import { RollcallError } from '../../src/model/errors.ts'
import type { TaskEvent } from '../../src/model/event.ts'
import { rollcall } from './harness.ts'

const task = (host: string, more: Partial<TaskEvent>): TaskEvent => ({
  event: 'task',
  host,
  play: 'do',
  task: 'command',
  module: 'command',
  handler: false,
  outcome: 'ok',
  confidence: 'certain',
  durationMs: 5,
  ...more,
})
const traffic = { exchanges: 1, bytesSent: 900, bytesReceived: 120, connectMs: 80, factsMs: 0, readMs: 0, applyMs: 12 }
/** An engine that says these tasks of as many hosts. */
const saying = (tasks: readonly TaskEvent[], exitCode = 0) => ({
  doModule: async ({ emit, check }: DoRequest) => {
    const hosts = tasks.map(({ host }) => host)
    emit({ event: 'run', version: '1', playbook: 'do', inventory: '', check, fleet: hosts, factsScope: hosts, targets: hosts, queries: [] })
    emit({ event: 'facts', hosts: [], durationMs: 1 })
    emit({ event: 'warning', host: 'a', message: 'something odd' })
    emit({ event: 'play', play: 'do', hosts, tasks: 1 })
    for (const event of tasks) emit(event)
    const counts = { ok: 0, skipped: 0, failed: 0, unreachable: 0, ...traffic }
    const recap = tasks.map(({ host, outcome }) => [
      host,
      { ...counts, changed: outcome === 'changed' ? 1 : 0, failed: outcome === 'failed' ? 1 : 0 },
    ])
    emit({ event: 'recap', check, hosts: Object.fromEntries(recap), durationMs: 1200, exitCode })
    return exitCode
  },
})

describe('do', () => {
  test('hands words on as they are, an option between them is an option', async () => {
    const words = ['path=/a b', 'mode=0644', `content=it's "x"`, 'n=-1', '{"a":"b"}']
    const { asked } = await rollcall(['do', 'web:!edge', 'copy', ...words.slice(0, 2), '-CbD', '-f', '5', ...words.slice(2)], {
      engine: saying([]),
    })
    expect(asked).toEqual([
      [
        'doModule',
        {
          root: '/site',
          pattern: 'web:!edge',
          module: 'copy',
          words,
          become: true,
          check: true,
          forks: 5,
          emit: expect.any(Function),
          progress: expect.any(Function),
          steering: expect.anything(),
          standardInput: expect.any(Function),
        },
      ],
    ])
  })
  test.each([
    [['do', 'web', 'stat'], []],
    [['do', 'web', 'stat', '-'], ['@-']],
    [['do', 'web', 'stat', '@params.json', '-i', 'production'], ['@params.json']],
  ])('%j', async (line, words) => expect((await rollcall(line, { engine: saying([]) })).asked[0]?.[1]).toMatchObject({ words }))

  test('with --timing a table follows, for programs a line a host', async () => {
    const engine = saying([task('a', {})])
    expect((await rollcall('do all stat path=/x --timing', { engine })).out).toBe(
      'a  ok\ntiming  exchanges   sent  received  connect  facts  read  apply\na               1  900 B     120 B    80 ms   0 ms  0 ms  12 ms\n',
    )
    const lines = (await rollcall('do all stat path=/x --timing --format json', { engine })).out.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: 'result', host: 'a' },
      { event: 'timing', host: 'a', ...traffic },
    ])
  })

  test('people get a line a host, and below it what the module says', async () => {
    const { code, out, err } = await rollcall('do all command argv=x', {
      engine: saying(
        [
          task('a', { outcome: 'changed', result: { ran: true, rc: 0, stdout: 'one\n\ntwo\n', stderr: 'odd\u001b[2J\n', changed: true } }),
          task('beta', { result: { stat: { exists: true, mode: '0644' }, changed: false } }),
          task('c', { result: { ran: false, reason: '/x is there', changed: false }, reason: '/x is there' }),
          task('d', { result: { msg: 'hello', changed: false }, message: 'hello' }),
          task('e', { outcome: 'changed', result: { before: {}, after: {}, changed: true, backupFile: '/x~' }, diff: [] }),
          task('f', {
            outcome: 'failed',
            result: { ran: true, rc: 3, stdout: 'hidden', stderr: '', changed: true },
            error: { summary: 'A step of command failed', detail: 'exit code 3', host: 'f', task: 'command' },
          }),
        ],
        2,
      ),
    })
    expect([code, err]).toEqual([2, 'warning: a: something odd\n'])
    expect(out).toBe(`a     changed
  one

  two
  odd\\x1b[2J
beta  ok
  stat:
    exists: true
    mode: 0644
c     ok (/x is there)
d     ok
  hello
e     changed
  backupFile: /x~
f     failed
  A step of command failed
    exit code 3
    at host f, task 'command'
failed after 1.2 s: 1 failed (exit code 2)
`)
  })
  test('of one host that line is all', async () => {
    const { out } = await rollcall('do a stat path=/x', { engine: saying([task('a', {})]) })
    expect(out).toBe('a  ok\n')
  })
  test('programs get one line a host with the same keys, and nothing else', async () => {
    const { out, err } = await rollcall('do all command argv=x --format json', {
      engine: saying(
        [
          task('a', { outcome: 'changed', result: { ran: true, rc: 0, stdout: 'x', stderr: '', changed: true } }),
          task('b', { result: { ran: false, reason: 'there', changed: false }, reason: 'there' }),
          task('c', { outcome: 'unreachable', task: 'connect', module: '', error: { summary: 'The host cannot be reached', host: 'c' } }),
          task('d', { outcome: 'failed', result: { ran: true, rc: 3, changed: true }, error: { summary: 'A step of command failed' } }),
        ],
        2,
      ),
    })
    expect(err).toBe('warning: a: something odd\n')
    const base = { event: 'result', module: 'command', check: false, diff: [], confidence: 'certain', durationMs: 5 }
    const no = { changed: false, failed: false, unreachable: false, skipped: false }
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { ...base, ...no, host: 'a', changed: true, msg: '', result: { ran: true, rc: 0, stdout: 'x', stderr: '', changed: true } },
      { ...base, ...no, host: 'b', skipped: true, msg: 'there', result: { ran: false, reason: 'there', changed: false } },
      {
        ...base,
        ...no,
        host: 'c',
        unreachable: true,
        msg: 'The host cannot be reached\n  at host c',
        result: {},
        error: { summary: 'The host cannot be reached', host: 'c' },
      },
      {
        ...base,
        ...no,
        host: 'd',
        changed: true,
        failed: true,
        msg: 'A step of command failed',
        result: { ran: true, rc: 3, changed: true },
        error: { summary: 'A step of command failed' },
      },
    ])
  })
  test('--detailed-exit-code is 3 where something changed', async () => {
    const engine = saying([task('a', { outcome: 'changed' })])
    expect((await rollcall('do a apt name=x --detailed-exit-code', { engine })).code).toBe(3)
    expect((await rollcall('do a apt name=x', { engine })).code).toBe(0)
  })
  test('a mistake is text on standard error', async () => {
    const engine = {
      doModule: async () => {
        throw new RollcallError({ summary: 'There is no such module', detail: `'aptt'`, fix: `Did you mean 'apt'?`, exitCode: 1 })
      },
    }
    expect(await rollcall('do all aptt --format json', { engine })).toMatchObject({
      code: 1,
      out: '',
      err: `There is no such module\n  'aptt'\n  Did you mean 'apt'?\n`,
    })
  })
  test.each([
    ['do all', 'rollcall do needs <pattern> <module> [parameters..]'],
    ['do all apt --chek', `Did you mean '--check'?`],
    ['do all apt -- x', `'x' behind the two dashes`],
  ])('%s', async (line, says) => {
    const { code, err, asked } = await rollcall(line)
    expect([code, asked]).toEqual([1, []])
    expect(err).toContain(says)
  })
})

test('of a command people see its output, not what else is known of it', async () => {
  const result = {
    ran: true,
    rc: 0,
    stdout: 'up',
    stderr: '',
    stdoutLines: ['up'],
    stderrLines: [],
    cmd: ['uptime'],
    start: 's',
    end: 'e',
    delta: 'd',
    msg: '',
  }
  const { out } = await rollcall('do all command argv=uptime', {
    engine: saying([task('a', { outcome: 'changed', result: { changed: true, ...result } })]),
  })
  expect(out).toBe('a  changed\n  up\n')
})
