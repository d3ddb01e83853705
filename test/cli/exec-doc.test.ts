import { describe, expect, test } from 'vitest'
import { describeModules } from '../../src/describe-modules.ts'
import { noTraffic } from '../../src/engine/traffic.ts'
import type { ExecRequest } from '../../src/exec.ts'
import { rollcall } from './harness.ts'

describe('exec', () => {
  const timing = { exchanges: 1, bytesSent: 900, bytesReceived: 120, connectMs: 80, factsMs: 0, readMs: 0, applyMs: 12 }
  const engine = {
    exec: async ({ done }: ExecRequest) => {
      done({ host: 'a', outcome: 'ok', rc: 0, stdout: 'up\n', stderr: '', timing })
      done({ host: 'b', outcome: 'failed', rc: 3, stdout: '', stderr: 'no\u001b[2J\n', timing })
      done({
        host: 'c',
        outcome: 'unreachable',
        stdout: '',
        stderr: '',
        error: { summary: 'The host cannot be reached', host: 'c' },
        timing: noTraffic,
      })
      return 2
    },
  }
  test('hands the words behind -- on as they are, and prints each host', async () => {
    const { code, out, asked } = await rollcall(['exec', 'web', '-b', '--', 'echo', '-n', "it's $HOME"], { engine })
    expect(asked[0]?.[1]).toMatchObject({ root: '/site', pattern: 'web', argv: ['echo', '-n', "it's $HOME"], become: true, forks: 50 })
    expect(code).toBe(2)
    expect(out).toBe(`a: ok
  up
b: failed, exit code 3
  no\\x1b[2J
c: unreachable
  The host cannot be reached
    at host c
`)
  })
  test.for(['0', '120%', 'two', ''])('--serial %j is refused', async (serial) => {
    const { code, err } = await rollcall(['exec', 'web', '--serial', serial, '--', 'uptime'], { engine })
    expect([code, err]).toEqual([1, expect.stringMatching(/--serial/)])
  })
  test('--serial takes sizes of batches', async () => {
    const { asked } = await rollcall(['exec', 'web', '--serial', '1, 30%', '--', 'uptime'], { engine })
    expect(asked[0]?.[1]).toMatchObject({ serial: [1, '30%'] })
  })
  test('options behind -- belong to the command, also where ours of that name take no value', async () => {
    const { asked } = await rollcall(['exec', 'web', '--', 'bench', '--timing=3', '-b=x'], { engine })
    expect(asked[0]?.[1]).toMatchObject({ argv: ['bench', '--timing=3', '-b=x'] })
  })
  test('json is one object a host', async () => {
    const { out } = await rollcall('exec web --format json -- uptime', { engine })
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).outcome),
    ).toEqual(['ok', 'failed', 'unreachable'])
  })
  test('with --timing a table says what was sent and where the time went', async () => {
    const { out } = await rollcall('exec web --timing -- uptime', { engine })
    expect(out.trimEnd().split('\n').slice(-4)).toEqual([
      'timing  exchanges   sent  received  connect  facts  read  apply',
      'a               1  900 B     120 B    80 ms   0 ms  0 ms  12 ms',
      'b               1  900 B     120 B    80 ms   0 ms  0 ms  12 ms',
      'c               0    0 B       0 B     0 ms   0 ms  0 ms   0 ms',
    ])
  })
  test('without a command it asks for one', async () => {
    const { code, err, asked } = await rollcall('exec web')
    expect({ code, err, asked }).toEqual({
      code: 1,
      err: 'A command is missing\n  what shall run on web?\n  rollcall exec web -- uptime\n',
      asked: [],
    })
  })
})

describe('doc', () => {
  const engine = { describeModules: async (name?: string) => describeModules(name) }
  test('lists every built-in with its kind', async () => {
    const { out } = await rollcall('doc', { engine })
    expect(out).toMatch(/^apt +module +Debian packages/m)
    expect(out).toMatch(/^reloaded +action +/m)
    expect(out).toMatch(/^stat +query +/m)
  })
  test('describes the parameters of one', async () => {
    const { out } = await rollcall('doc service', { engine })
    expect(out).toMatch(/^service \(module\): /)
    expect(out).toContain('  name (needed): string\n')
    expect(out).toContain("  state: 'started' or 'stopped'\n")
    expect(out).toContain(
      "called so, inside a task:\n  service({ name: '…' })\n\nits result(task) has, besides changed, skipped and failed:\n  name: the unit as it was given\n",
    )
  })
  test('every parameter of every built-in has a description', () => {
    const mute = describeModules().flatMap(({ name, parameters }) =>
      parameters.filter(({ description }) => description === '').map((parameter) => `${name} ${parameter.name}`),
    )
    expect(mute).toEqual([])
  })
  test('every field of every result has a sentence, and each built-in has some', () => {
    for (const { name, resultFields, result } of describeModules()) {
      if (name !== 'setFact') expect(resultFields, name).not.toEqual([]) // It leaves what it was given.
      for (const { name: field, description } of resultFields) expect(description, `${name} ${field}`).toMatch(/^\S.*[^.\s]$/)
      expect(result).toBe(['changed', 'skipped', 'failed', ...resultFields.map((field) => field.name)].join(', '))
    }
  })
  test('every parameter of every built-in has a type that a reader knows', () => {
    const types = describeModules().flatMap(({ name, parameters }) =>
      parameters.map((parameter) => `${name} ${parameter.name}: ${parameter.type}`),
    )
    expect(types.filter((type) => /undefined|object Object|any value|list of values/.test(type))).toEqual([
      // These take whatever there is: a value to show, and one that becomes JSON.
      'debug var: any value',
      'uri body: string or names and values or list of values',
    ])
  })
  test.for([
    ['ping', /rollcall doctor all/],
    ['ansible.builtin.setup', /rollcall facts/],
    ['systemd', /service's business/],
    ['set_fact', /result\(task\)/],
    ['get_url', /Did you mean 'getUrl'\?/],
    ['toString', /There are: addHost, apt, /],
  ] as const)("Ansible's %s leads to what does it here", async ([name, says]) =>
    expect((await rollcall(`doc ${name}`, { engine })).err).toMatch(says),
  )
  test('an unknown module is an error with a suggestion', async () => {
    const { code, err } = await rollcall('doc srvice', { engine })
    expect({ code, err }).toEqual({ code: 1, err: `There is no such module\n  'srvice'\n  Did you mean 'service'?\n` })
  })
})
