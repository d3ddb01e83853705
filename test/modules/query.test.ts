import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { makeCall } from '../../src/dsl/call.ts'
import type { ControllerDefinition } from '../../src/dsl/definition.ts'
import { assert, debug, fail, query, stat, waitFor } from '../../src/modules/index.ts'
import { printValue } from '../../src/modules/print-value.ts'
import { bytesOf } from '../../src/modules/wait-script.ts'
import { localHosts, plan } from '../../src/testing/index.ts'
import { Secret } from '../../src/util/secret.ts'
import { sh } from '../../src/util/sh.ts'

let root = ''
let server: Server
let port = 0
let closed = 0
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'query-'))
  writeFileSync(`${root}/a`, 'x')
  const listen = () =>
    new Promise<Server>((resolve) => {
      const made = createServer((socket) => socket.end().on('error', () => {})).listen(0, '127.0.0.1', () => resolve(made))
    })
  const portOf = (of: Server) => (of.address() as { port: number }).port
  server = await listen()
  port = portOf(server)
  const gone = await listen()
  closed = portOf(gone)
  await new Promise((resolve) => gone.close(resolve))
})
afterAll(() => {
  server.close()
  rmSync(root, { recursive: true, force: true })
})

describe.each(localHosts())('on $name', (host) => {
  const ask = async (call: Parameters<typeof plan>[0], check = false) => (await plan(call, host, { check })).result

  test('query gives what the script says', async () => {
    expect(await ask(query({ script: sh`echo out; echo err >&2` }))).toEqual({ rc: 0, stdout: 'out\n', stderr: 'err\n' })
    expect(await ask(query({ script: sh`exit 3`, okCodes: [0, 3] }))).toMatchObject({ rc: 3 })
    await expect(ask(query({ script: sh`echo bad >&2; exit 3` }))).rejects.toThrow('the query ended with exit code 3: bad')
  })

  test('stat', async () => {
    expect(await ask(stat({ path: `${root}/a` }))).toMatchObject({ stat: { exists: true, size: 1 } })
    expect(await ask(stat({ path: `${root}/none` }))).toMatchObject({ stat: { exists: false } })
  })

  test('waitFor a port', async () => {
    expect(await ask(waitFor({ port, timeout: 20 }))).toEqual({
      elapsed: expect.any(Number),
      state: 'started',
      port,
      matchGroups: [],
      matchGroupdict: {},
    })
    expect(await ask(waitFor({ port: closed, state: 'stopped', timeout: 20 }))).toMatchObject({ state: 'stopped', port: closed })
    await expect(ask(waitFor({ port: closed, timeout: 1, sleep: 0.2 }))).rejects.toThrow(
      `port ${closed} of 127.0.0.1 is not there after 1 s`,
    )
    await expect(ask(waitFor({ port, state: 'stopped', timeout: 0 }))).rejects.toThrow('still there')
  })

  test('waitFor a path that comes later', async () => {
    const waits = ask(waitFor({ path: `${root}/late-${host.name}`, timeout: 20, sleep: 0.1 }))
    writeFileSync(`${root}/late-${host.name}`, '')
    expect(await waits).toMatchObject({ state: 'started', path: `${root}/late-${host.name}` })
    expect(await ask(waitFor({ path: `${root}/none`, state: 'absent' }))).toMatchObject({ state: 'absent', matchGroups: [] })
  })

  test('waitFor a line in a file', async () => {
    writeFileSync(`${root}/log`, 'starting\r\nStarted in 1.5 s \0 (pid 42)\r\nready\n')
    const path = `${root}/log`
    expect(await ask(waitFor({ path, searchRegex: '^Started in (?<time>[\\d.]+) s.*pid (\\d+)(x)?' }))).toMatchObject({
      path,
      matchGroups: ['1.5', '42', ''],
      matchGroupdict: { time: '1.5' },
    })
    expect(await ask(waitFor({ path, searchRegex: /^READY$/i }))).toMatchObject({ searchRegex: '^READY$', matchGroups: [] })
    await expect(ask(waitFor({ path, searchRegex: '^READY$', timeout: 0 }))).rejects.toThrow(`${path} does not hold /^READY$/ after 0 s`)
    expect(await ask(waitFor({ path, searchRegex: 'nothing', state: 'absent' }))).toMatchObject({ state: 'absent' })
    await expect(ask(waitFor({ path, searchRegex: 'ready', state: 'absent', timeout: 0 }))).rejects.toThrow('still holds /ready/')
    await expect(ask(waitFor({ path: `${root}/none`, searchRegex: 'x', timeout: 0, msg: 'no log yet' }))).rejects.toThrow(/^no log yet$/)
  })

  test('waitFor what a port says, also when it keeps the connection', async () => {
    const says = createServer((socket) => socket.on('error', () => {}).write('noise\r\nSSH-2.0-Test_9.2'))
    await new Promise<void>((resolve) => says.listen(0, '127.0.0.1', resolve))
    const { port: talking } = says.address() as { port: number }
    try {
      const found = waitFor({ port: talking, searchRegex: '^SSH-2.0-(\\w+)', connectTimeout: 20, timeout: 20 })
      expect(await ask(found)).toMatchObject({ port: talking, matchGroups: ['Test_9'] })
      await expect(ask(waitFor({ port: talking, searchRegex: 'nothing', connectTimeout: 1, timeout: 0 }))).rejects.toThrow(
        `port ${talking} of 127.0.0.1 does not say /nothing/ after 0 s`,
      )
    } finally {
      says.close()
    }
  })

  test('waitFor a port to drain', async () => {
    const busy = createServer((socket) => socket.on('error', () => {}))
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve))
    const { port: held } = busy.address() as { port: number }
    const client = connect(held, '127.0.0.1')
    await new Promise((resolve) => client.once('connect', resolve))
    const drained = (more: object) => ask(waitFor({ port: held, state: 'drained', timeout: 0, ...more }))
    await expect(drained({})).rejects.toThrow(`port ${held} still has connections after 0 s`)
    await expect(drained({ host: '127.0.0.1' })).rejects.toThrow('still has connections')
    expect(await drained({ host: '203.0.113.9' })).toMatchObject({ state: 'drained', port: held })
    expect(await drained({ excludeHosts: ['203.0.113.9', '127.0.0.1'] })).toMatchObject({ state: 'drained' })
    expect(await drained({ activeConnectionStates: ['TIME_WAIT'] })).toMatchObject({ state: 'drained' })
    client.destroy()
    busy.close()
  })

  test('in check mode waitFor looks once', async () => {
    await expect(ask(waitFor({ port: closed, timeout: 100_000, delay: 100_000 }), true)).rejects.toThrow('is not there now')
  })
})

test.each<[Parameters<typeof waitFor>[0], RegExp]>([
  [{}, /either port or path/],
  [{ port: 1, path: '/a' }, /either port or path/],
  [{ path: '/a', state: 'drained' }, /are of a port/],
  [{ path: '/a', host: '127.0.0.1' }, /are of a port/],
  [{ port: 1, searchRegex: 'x', state: 'stopped' }, /waits for it to be silent/],
  [{ port: 1, excludeHosts: ['203.0.113.1'] }, /only drained counts any/],
  [{ port: 1, state: 'drained', excludeHosts: ['proxy'] }, /'proxy' is no address of numbers/],
  [{ path: '/a', searchRegex: '(?=x)' }, /looks ahead or behind/],
  [{ path: '/a', searchRegex: /x/u }, /has the flag u/],
])('waitFor %j is refused', async (params, message) => {
  await expect(plan(waitFor(params), localHosts()[0]!)).rejects.toThrow(message)
})

test.each([
  ['203.0.113.7', [203, 0, 113, 7]],
  ['::1', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
  ['2001:db8::a:0', [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0]],
  ['256.0.0.1', undefined],
  ['proxy', undefined],
  ['1::2::3', undefined],
  ['1:2:3', undefined],
] as const)('%s as bytes', (address, bytes) => {
  expect(bytesOf(address)).toEqual(bytes)
})

const circle: { self?: object } = {}
circle.self = circle
test.each([
  [
    { a: new Uint8Array(3), b: new Map([['k', new Set([1])]]), c: () => 1, d: Number.NaN },
    '{"a":"(3 bytes)","b":{"k":[1]},"c":"(function)","d":"NaN"}',
  ],
  [circle, '{"self":"(circular)"}'],
  [[new Date(0), new Error('bad')], '["1970-01-01T00:00:00.000Z","Error: bad"]'],
])('a value is printed, case %#', (value, text) => {
  expect(JSON.stringify(JSON.parse(printValue(value)))).toBe(text)
})

test('an assertion that does not hold leaves what it was', () => {
  const { definition, params } = assert({ that: { sure: true, doubtful: false } })
  const error = (() => {
    try {
      return (definition as ControllerDefinition).run(params, { check: false })
    } catch (thrown) {
      return thrown
    }
  })()
  expect(error).toMatchObject({ result: { assertion: 'doubtful', evaluatedTo: false, msg: expect.stringContaining('doubtful') } })
})

test.each<[ReturnType<typeof makeCall<any>>, object | RegExp]>([
  [assert({ that: true }), { msg: 'all assertions hold' }],
  [assert({ that: [true, true], successMsg: 'good' }), { msg: 'good' }],
  [assert({ that: false, failMsg: 'no nodes' }), /^no nodes$/],
  [assert({ that: [true, false, false] }), /of 3 assertions these do not hold: 2, 3/],
  [
    assert({ that: { 'enough memory': true, 'a disk': false, 'a network': false } }),
    /of 3 assertions these do not hold: a disk, a network/,
  ],
  [assert({ that: true, quiet: true }), {}],
  [debug({ msg: 'hello' }), { msg: 'hello', verbosity: 0 }],
  [debug({ msg: 'hello', verbosity: 2 }), { msg: 'hello', verbosity: 2 }],
  [debug({ var: 'text' }), { msg: 'text', verbosity: 0 }],
  [debug({ var: undefined }), { msg: 'undefined', verbosity: 0 }],
  [
    debug({ var: { password: new Secret('pa$$'), port: 80, list: [1n, null] } }),
    { msg: expect.stringMatching(/^\{\n {2}"password": "\[secret\]",/) },
  ],
  [debug({}), /either msg or var/],
  [debug({ msg: 'a', var: 'b' }), /either msg or var/],
  [fail({ msg: 'stop' }), /^stop$/],
])('a controller call', (call, expected) => {
  const runs = () => (call.definition as ControllerDefinition).run(call.params, { check: false })
  if (expected instanceof RegExp) expect(runs).toThrow(expected)
  else expect(runs()).toMatchObject(expected)
})
