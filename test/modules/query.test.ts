import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { makeCall } from '../../src/dsl/call.ts'
import type { ControllerDefinition } from '../../src/dsl/definition.ts'
import { assert, debug, fail, query, stat, waitFor } from '../../src/modules/index.ts'
import { localHosts, plan } from '../../src/testing/index.ts'
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
    expect(await ask(waitFor({ port, timeout: 20 }))).toHaveProperty('waited')
    expect(await ask(waitFor({ port: closed, state: 'stopped', timeout: 20 }))).toHaveProperty('waited')
    await expect(ask(waitFor({ port: closed, timeout: 1, sleep: 0.2 }))).rejects.toThrow(
      `port ${closed} of 127.0.0.1 is not there after 1 s`,
    )
    await expect(ask(waitFor({ port, state: 'stopped', timeout: 0 }))).rejects.toThrow('still there')
  })

  test('waitFor a path that comes later', async () => {
    const waits = ask(waitFor({ path: `${root}/late-${host.name}`, timeout: 20, sleep: 0.1 }))
    writeFileSync(`${root}/late-${host.name}`, '')
    expect(await waits).toHaveProperty('waited')
    expect(await ask(waitFor({ path: `${root}/none`, state: 'absent' }))).toHaveProperty('waited')
  })

  test('in check mode waitFor looks once', async () => {
    await expect(ask(waitFor({ port: closed, timeout: 100_000, delay: 100_000 }), true)).rejects.toThrow('is not there now')
  })
})

test('waitFor takes a port or a path', async () => {
  await expect(plan(waitFor({}), localHosts()[0]!)).rejects.toThrow('either port or path')
})

test.each<[ReturnType<typeof makeCall<any>>, object | RegExp]>([
  [assert({ that: true }), { msg: 'all assertions hold' }],
  [assert({ that: [true, true], successMsg: 'good' }), { msg: 'good' }],
  [assert({ that: false, failMsg: 'no nodes' }), /^no nodes$/],
  [assert({ that: [true, false, false] }), /of 3 assertions these do not hold: 2, 3/],
  [debug({ msg: 'hello' }), { msg: 'hello' }],
  [fail({ msg: 'stop' }), /^stop$/],
])('a controller call', (call, expected) => {
  const runs = () => (call.definition as ControllerDefinition).run(call.params, { check: false })
  if (expected instanceof RegExp) expect(runs).toThrow(expected)
  else expect(runs()).toEqual(expected)
})
