import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Call } from '../../src/dsl/call.ts'
import type { ActionDefinition } from '../../src/dsl/definition.ts'
import { uri } from '../../src/modules/uri.ts'
import { apply, type LocalHost, localHost, localHosts, plan } from '../../src/testing/index.ts'
import { Secret } from '../../src/util/secret.ts'
import { webServer } from '../helpers/web-server.ts'

const server = await webServer()
const root = mkdtempSync(join(tmpdir(), 'uri-'))
afterAll(() => {
  server.close()
  rmSync(root, { recursive: true, force: true })
})

/** dash with curl, dash with GNU wget alone, and busybox with its own wget alone. */
const [dash, , busybox] = localHosts() as [LocalHost, LocalHost, LocalHost]
const tools = [
  'sh',
  'wget',
  'cat',
  'date',
  'mktemp',
  'rm',
  'sed',
  'tail',
  'head',
  'wc',
  'grep',
  'cp',
  'mv',
  'chmod',
  'chown',
  'stat',
  'sync',
  'readlink',
]
for (const tool of tools) symlinkSync(`/usr/bin/${tool}`, join(root, tool))
const wget = localHost({ name: 'GNU wget', shell: ['/bin/dash'], path: root })

async function ask(host: LocalHost, call: Call<any>): Promise<any> {
  const planned = await plan(call, host)
  if (call.definition.kind === 'query') return planned.result
  return (call.definition as ActionDefinition).result(call.params, await apply(planned, host), { start: new Date(0), end: new Date(0) })
}
const last = () => server.asked.at(-1)!

describe.each([dash, wget, busybox])('on $name', (host) => {
  test('GET: status, headers, content and JSON', async () => {
    const answer = await ask(host, uri({ url: `${server.url}/echo?a=b`, headers: { 'X-Mine': '$(it) "is\\' }, returnContent: true }))
    expect(answer).toMatchObject({
      status: 200,
      url: `${server.url}/echo?a=b`,
      redirected: false,
      msg: expect.stringMatching(/^OK \(\d+ bytes\)$/),
      headers: { contentType: 'application/json; charset=utf-8', xTwo: '1, 2' },
      json: { method: 'GET', path: '/echo?a=b' },
    })
    expect(JSON.parse(answer.content)).toEqual(answer.json)
    expect(last().headers['x-mine']).toBe('$(it) "is\\')
  })
  test('HEAD', async () => {
    expect(await ask(host, uri({ url: `${server.url}/echo`, method: 'HEAD' }))).toMatchObject({
      status: 200,
      msg: 'OK (0 bytes)',
      headers: { xTwo: '1, 2' },
    })
  })
  test('redirects', async () => {
    expect(await ask(host, uri({ url: `${server.url}/redirect` }))).toMatchObject({
      status: 200,
      redirected: true,
      url: `${server.url}/echo`,
    })
  })
  test('a status that is no failure, and one that is', async () => {
    expect(await ask(host, uri({ url: `${server.url}/status/404`, statusCode: [200, 404] }))).toMatchObject({ status: 404 })
    await expect(ask(host, uri({ url: `${server.url}/status/503` }))).rejects.toThrow(
      /\/status\/503 answered 503 Service Unavailable, not 200/,
    )
  })
  test('no answer, and half of one', async () => {
    await expect(ask(host, uri({ url: 'http://127.0.0.1:1/' }))).rejects.toThrow(/gave no answer: .*(refused|connect to)/s)
    await expect(ask(host, uri({ url: `${server.url}/cut` }))).rejects.toThrow('gave no answer')
  })
  test('POST of JSON and of a form', async () => {
    await ask(host, uri({ url: `${server.url}/echo`, method: 'POST', body: { a: `it's "$HOME"\n`, n: [1] }, bodyFormat: 'json' }))
    expect([last().method, last().headers['content-type'], JSON.parse(last().body)]).toEqual([
      'POST',
      'application/json',
      { a: `it's "$HOME"\n`, n: [1] },
    ])
    await ask(host, uri({ url: `${server.url}/echo`, method: 'POST', body: { a: 'x y', b: ['1', '2&'] }, bodyFormat: 'form-urlencoded' }))
    expect([last().headers['content-type'], last().body]).toEqual(['application/x-www-form-urlencoded', 'a=x+y&b=1&b=2%26'])
  })
  test('dest keeps the answer in a file', async () => {
    const dest = join(root, `kept-${host.name}`)
    expect(await ask(host, uri({ url: `${server.url}/status/200`, dest, mode: '0600' }))).toMatchObject({ ran: true, status: 200, dest })
    expect(readFileSync(dest, 'utf8')).toBe('this is 200')
    await expect(ask(host, uri({ url: `${server.url}/status/500`, dest }))).rejects.toThrow(/answered 500, not 200/)
    expect(readFileSync(dest, 'utf8')).toBe('this is 200')
  })
})

describe.each([dash, wget])('on $name, which is no busybox', (host) => {
  test.each(['PUT', 'DELETE', 'PATCH'])('%s', async (method) => {
    await ask(host, uri({ url: `${server.url}/echo`, method, ...(method !== 'DELETE' && { body: 'text' }) }))
    expect([last().method, last().body]).toEqual([method, method === 'DELETE' ? '' : 'text'])
  })
  test('redirects that are not followed', async () => {
    expect(await ask(host, uri({ url: `${server.url}/redirect`, followRedirects: 'none', statusCode: 302 }))).toMatchObject({
      status: 302,
      redirected: false,
      headers: { location: '/echo' },
    })
  })
  test('what is secret stands on no command line', async () => {
    const secrets = {
      urlUsername: 'joe',
      urlPassword: new Secret('pa55word'),
      forceBasicAuth: true,
      headers: { 'X-Key': new Secret('k3y-k3y') },
    }
    const asked = { url: `${server.url}/commands`, method: 'PUT', body: new Secret('b0dy-b0dy'), ...secrets }
    const { content } = await ask(host, uri({ ...asked, returnContent: true }))
    // A local host of the tests is given its script on its command line; a session is not.
    const lines = content.split('\n').filter((line: string) => line.startsWith(host === wget ? 'wget ' : 'curl '))
    expect(lines.join()).toContain('--config')
    expect(lines.join()).not.toMatch(/pa55word|k3y-k3y|b0dy-b0dy/)
    expect(last().headers).toMatchObject({ authorization: `Basic ${Buffer.from('joe:pa55word').toString('base64')}`, 'x-key': 'k3y-k3y' })
    expect(last().body).toBe('b0dy-b0dy')
  })
  test('a password in the URL', async () => {
    const answer = await ask(host, uri({ url: `${server.url.replace('://', '://joe:pa55%20word@')}/commands`, returnContent: true }))
    expect(answer.url).toBe(`${server.url}/commands`)
    const lines = answer.content.split('\n').filter((line: string) => line.startsWith(host === wget ? 'wget ' : 'curl '))
    expect(lines.join()).not.toMatch(/pa55/)
    await expect(ask(host, uri({ url: `${server.url.replace('://', '://joe:pa55%20word@')}/status/500` }))).rejects.toThrow(
      `${server.url}/status/500 answered 500`,
    )
  })
  test('a password, and a secret in a body, are shown nowhere', async () => {
    const call = uri({ url: `${server.url}/auth`, urlUsername: 'joe', urlPassword: new Secret('s3cret "\\'), returnContent: true })
    expect(await ask(host, call)).toMatchObject({ status: 200, content: 'welcome' })
    const post = uri({ url: `${server.url}/echo`, method: 'POST', body: { token: new Secret('t0ken') }, bodyFormat: 'json' })
    const planned = await plan(post, host)
    expect(planned.steps.map((step) => step.kind === 'run' && step.script.shown).join()).not.toContain('t0ken')
    await apply(planned, host)
    expect(last().body).toBe('{"token":"t0ken"}')
  })
})

test.each([
  [{ method: 'PUT' }, 'cannot make a PUT request'],
  [{ urlPassword: 'x', urlUsername: 'y' }, 'would show a password in the process list'],
  [{ headers: { Authorization: 'Bearer x' } }, 'would show a password in the process list'],
  [{ followRedirects: 'none' as const }, 'follows every redirect'],
])("what busybox's wget cannot do is said: %j", async (params, message) => {
  await expect(ask(busybox, uri({ url: `${server.url}/echo`, ...params }))).rejects.toThrow(
    `this host has only busybox's wget, which ${message}`,
  )
})

test('https without a check of its certificate needs more than busybox', async () => {
  await expect(ask(busybox, uri({ url: 'https://127.0.0.1:1/' }))).rejects.toThrow('does not verify certificates')
})

test('a host without curl and wget says so', async () => {
  const bare = localHost({ name: 'bare', shell: ['/bin/dash'], path: join(root, 'none') })
  await expect(ask(bare, uri({ url: server.url }))).rejects.toThrow(/no temporary folder|neither curl nor wget/)
})

test.each([
  [{ headers: { 'X\nY': '1' } }, 'no name of a header'],
  [{ headers: { X: 'a\r\nY: b' } }, 'the header X holds a line break'],
  [{ urlUsername: 'a:b' }, 'holds a colon'],
  [{ method: 'POST', body: { a: 1 } }, 'bodyFormat does not say how'],
])('refused: %j', async (params, message) => {
  await expect(ask(dash, uri({ url: server.url, ...params }))).rejects.toThrow(message)
})
