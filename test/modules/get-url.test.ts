import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { ModuleDefinition } from '../../src/dsl/definition.ts'
import { getUrl } from '../../src/modules/get-url.ts'
import { apply, type LocalHost, localHosts, plan, readStates } from '../../src/testing/index.ts'
import { Secret } from '../../src/util/secret.ts'
import { webServer } from '../helpers/web-server.ts'

const server = await webServer()
server.files.set('/tool-1.2.bin', Buffer.from([0, 255, 10, 13, 0]))
const sum = (name: string) =>
  createHash(name)
    .update(Buffer.from([0, 255, 10, 13, 0]))
    .digest('hex')
server.files.set('/SHA256SUMS', `${'0'.repeat(64)}  other\n${sum('sha256')} *./tool-1.2.bin\n`)
server.files.set('/tool-1.2.bin.sha1', `${sum('sha1')}\n`)
const url = `${server.url}/tool-1.2.bin`

const folder = mkdtempSync(join(tmpdir(), 'get-url-'))
let count = 0
let root = ''
beforeEach(() => {
  root = join(folder, `r${count++}`)
  mkdirSync(root)
  server.asked.length = 0
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

async function get(host: LocalHost, params: Parameters<typeof getUrl>[0]) {
  const call = getUrl(params)
  const planned = await plan(call, host)
  if (planned.differs.length > 0) await apply(planned, host)
  const after = await readStates(host, planned.reads)
  const { result } = call.definition as ModuleDefinition
  return {
    changed: planned.differs.length > 0,
    planned,
    result: result!(params, { before: planned.found, after, changed: true, outcomes: [] }) as any,
  }
}

describe.each(localHosts())('on $name', (host) => {
  test('a file that is right by its checksum costs no request', async () => {
    const params = { url, dest: `${root}/a`, checksum: `sha256:${sum('sha256').toUpperCase()}` }
    expect(await get(host, params)).toMatchObject({
      changed: true,
      result: { dest: `${root}/a`, checksumDest: sum('sha256'), size: 5, mode: '0644' },
    })
    expect(server.asked.map(({ path }) => path)).toEqual(['/tool-1.2.bin'])
    expect((await get(host, params)).changed).toBe(false)
    expect(server.asked).toHaveLength(1)
  })

  test('a wrong checksum leaves the old file, and nothing beside it', async () => {
    writeFileSync(`${root}/a`, 'old')
    await expect(get(host, { url, dest: `${root}/a`, checksum: `sha1:${'0'.repeat(40)}` })).rejects.toThrow(
      `cannot write ${root}/a: what ${url} gave has the sha1 ${sum('sha1')}, not ${'0'.repeat(40)}`,
    )
    expect([readFileSync(`${root}/a`, 'utf8'), readdirSync(root)]).toEqual(['old', ['a']])
  })

  test.each(['md5', 'sha1', 'sha512'])('%s', async (name) => {
    writeFileSync(`${root}/a`, 'old', { mode: 0o600 })
    const params = { url, dest: `${root}/a`, checksum: `${name}:${sum(name)}` }
    expect((await get(host, params)).changed).toBe(true)
    expect(statSync(`${root}/a`).mode & 0o777).toBe(0o600)
    expect((await get(host, params)).changed).toBe(false)
  })

  test.each(['SHA256SUMS', 'tool-1.2.bin.sha1'])('a checksum from %s', async (name) => {
    const checksum = `${name.endsWith('sha1') ? 'sha1' : 'sha256'}:${server.url}/${name}`
    expect((await get(host, { url, dest: `${root}/`, checksum })).changed).toBe(true)
    expect((await get(host, { url, dest: `${root}/`, checksum })).changed).toBe(false)
    expect(server.asked.filter(({ path }) => path === '/tool-1.2.bin')).toHaveLength(1)
  })

  test('without checksum a file that is there stays, unless force says otherwise', async () => {
    writeFileSync(`${root}/tool-1.2.bin`, 'old')
    expect((await get(host, { url, dest: root })).changed).toBe(false)
    expect(server.asked).toEqual([])
    expect((await get(host, { url, dest: root, force: true, backup: true })).changed).toBe(true)
    expect((await get(host, { url, dest: root, force: true })).changed).toBe(false)
    expect(readdirSync(root)).toHaveLength(2)
  })

  test('what is other at each request is replaced each time', async () => {
    const params = { url: `${server.url}/changing`, dest: `${root}/a`, force: true }
    expect((await get(host, params)).changed).toBe(true)
    expect((await get(host, params)).changed).toBe(true)
  })

  test.each([
    ['/none', 'answered 404'],
    ['/cut', 'gave no answer'],
  ])('%s makes no file', async (path, message) => {
    await expect(get(host, { url: `${server.url}${path}`, dest: `${root}/a` })).rejects.toThrow(message)
    expect(readdirSync(root)).toEqual([])
  })

  test('tmpDest', async () => {
    mkdirSync(`${root}/tmp`)
    await get(host, { url, dest: `${root}/a`, tmpDest: `${root}/tmp` })
    expect([existsSync(`${root}/a`), readdirSync(`${root}/tmp`)]).toEqual([true, []])
  })
})

test('a password reaches the server and no process list', async () => {
  const [dash] = localHosts()
  const params = { url: `${server.url}/auth`, dest: `${root}/a`, urlUsername: 'joe', urlPassword: new Secret('s3cret "\\') }
  const { planned } = await get(dash!, params)
  expect(readFileSync(`${root}/a`, 'utf8')).toBe('welcome')
  const shown = planned.steps.map((step) => (step.kind === 'run' ? step.script.shown : '')).join('')
  expect(shown).toContain('[secret]')
  expect(shown).not.toContain('s3cret')
})
