import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { write } from '../../src/dsl/step.ts'
import { stepJob } from '../../src/resources/step-job.ts'
import { localHost, localHosts } from '../../src/testing/index.ts'
import { sh } from '../../src/util/sh.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'write-'))
  chmodSync(root, 0o755)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const text = (path: string) => readFileSync(path, 'utf8')
const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8)
const bytes = (content: string) => new TextEncoder().encode(content)
const isRoot = process.getuid?.() === 0

describe.each(localHosts())('the atomic write on $name', (host) => {
  const put = async (path: string, content = 'new', options: Parameters<typeof write>[2] = {}) => {
    const { code, stderr } = await host.run(stepJob(write(path, bytes(content), options), 'n0nce'))
    return { code, stderr: Buffer.from(stderr).toString('utf8') }
  }
  const noLeftovers = (folder = root) =>
    expect(readdirSync(folder, { recursive: true }).filter((name) => String(name).includes('n0nce'))).toEqual([])

  test('a new file', async () => {
    expect(await put(`${root}/a`)).toEqual({ code: 0, stderr: '' })
    expect([text(`${root}/a`), modeOf(`${root}/a`)]).toEqual(['new', '644'])
    noLeftovers()
  })

  test('mode and owners as asked', async () => {
    expect(await put(`${root}/a`, 'x', { mode: '4751', owner: '54321', group: '54322' })).toMatchObject({ code: 0 })
    expect([modeOf(`${root}/a`), statSync(`${root}/a`).uid, statSync(`${root}/a`).gid]).toEqual(['4751', 54_321, 54_322])
  })

  test('a mode that forbids writing', async () => {
    expect(await put(`${root}/a`, 'x', { mode: '0000' })).toMatchObject({ code: 0 })
    expect(await put(`${root}/a`, 'y')).toMatchObject({ code: 0 })
    expect([modeOf(`${root}/a`), text(`${root}/a`)]).toEqual(['0', 'y'])
  })

  test('the old owner is kept where only the mode is asked for', async () => {
    await put(`${root}/a`, 'old', { owner: '54321', group: '54322', mode: '0600' })
    expect(await put(`${root}/a`, 'new', { mode: '0640' })).toMatchObject({ code: 0 })
    expect([modeOf(`${root}/a`), statSync(`${root}/a`).uid, statSync(`${root}/a`).gid, text(`${root}/a`)]).toEqual([
      '640',
      54_321,
      54_322,
      'new',
    ])
  })

  test('where there is no directory to write into, it is said what is there instead', async () => {
    writeFileSync(`${root}/file`, 'x')
    symlinkSync('nowhere', `${root}/link`)
    const said = async (path: string) => (await put(`${root}/${path}`)).stderr.replaceAll(`${root}/`, '').trim()
    expect(await said('none/deep/a')).toBe('cannot write none/deep/a: the directory none/deep does not exist')
    expect(await said('file/a')).toBe('cannot write file/a: file is no directory')
    expect(await said('file/deep/a')).toBe('cannot write file/deep/a: file is no directory')
    expect(await said('link/deep/a')).toBe('cannot write link/deep/a: link is a symbolic link that leads nowhere')
  })

  test('the time is that of the new content', async () => {
    writeFileSync(`${root}/a`, 'old')
    execFileSync('touch', ['-d', '2001-01-01', `${root}/a`])
    await put(`${root}/a`, '')
    expect(statSync(`${root}/a`).mtime.getFullYear()).toBeGreaterThan(2001)
  })

  test('other names of the old file keep it', async () => {
    writeFileSync(`${root}/a`, 'old')
    linkSync(`${root}/a`, `${root}/b`)
    await put(`${root}/a`)
    expect([text(`${root}/a`), text(`${root}/b`)]).toEqual(['new', 'old'])
  })

  test('a link is followed, to a file and to a place for one', async () => {
    mkdirSync(`${root}/d`)
    writeFileSync(`${root}/d/end`, 'old')
    symlinkSync('d/end', `${root}/a`)
    symlinkSync('d/none', `${root}/b`)
    expect([await put(`${root}/a`), await put(`${root}/b`)]).toMatchObject([{ code: 0 }, { code: 0 }])
    expect([
      text(`${root}/d/end`),
      text(`${root}/d/none`),
      lstatSync(`${root}/a`).isSymbolicLink(),
      lstatSync(`${root}/b`).isSymbolicLink(),
    ]).toEqual(['new', 'new', true, true])
    noLeftovers()
  })

  test('backup keeps the old content and its mode', async () => {
    writeFileSync(`${root}/a`, 'old', { mode: 0o600 })
    await put(`${root}/a`, 'new', { backup: true })
    await put(`${root}/a`, 'newer', { backup: true, mode: '0644' })
    const kept = readdirSync(root).filter((name) => name.endsWith('~') || name.endsWith('~n0nce'))
    expect(kept.map((name) => text(`${root}/${name}`)).sort()).toEqual(['new', 'old'])
    expect(kept.map((name) => modeOf(`${root}/${name}`))).toEqual(['600', '600'])
  })

  test('validate sees the new content with its mode, and no standard input', async () => {
    writeFileSync(`${root}/a`, 'old')
    const validate = (path: string) =>
      sh`test "$(cat)" = '' && test "$(cat ${path})" = new && test "$(stat -c %a ${path})" = 600 && test "$(cat ${root}/a)" = old`
    expect(await put(`${root}/a`, 'new', { validate, mode: '0600' })).toEqual({ code: 0, stderr: '' })
    expect(text(`${root}/a`)).toBe('new')
  })

  test.each([
    ['fails', sh`echo 'line 3: bad' >&2; exit 7`, /line 3: bad[\s\S]*was refused by validate \(exit code 7\); nothing was changed/],
    ['is no script', sh`if (`, /was refused by validate/],
    ['says so on standard output', sh`echo wrong; false`, /wrong\n[\s\S]*was refused by validate/],
  ])('validate that %s leaves the old file', async (_, script, message) => {
    writeFileSync(`${root}/a`, 'old', { mode: 0o640 })
    symlinkSync('a', `${root}/link`)
    const before = lstatSync(`${root}/a`, { bigint: true })
    for (const name of ['a', 'link']) expect((await put(`${root}/${name}`, 'new', { validate: () => script })).stderr).toMatch(message)
    expect(text(`${root}/a`)).toBe('old')
    expect(lstatSync(`${root}/a`, { bigint: true }).ino).toBe(before.ino)
    noLeftovers()
  })

  test.each<[string, (path: string) => void, RegExp]>([
    ['a directory', (path) => mkdirSync(path), /cannot write .*: it is a directory/],
    ['a pipe', (path) => execFileSync('mkfifo', [path]), /it is not a regular file/],
    ['a link to nowhere', (path) => symlinkSync('none/none', path), /leads nowhere/],
    ['a link to a directory', (path) => symlinkSync('.', path), /it is a directory/],
  ])('the destination is %s', async (_, make, message) => {
    make(`${root}/a`)
    const { code, stderr } = await put(`${root}/a`)
    expect(code).toBe(1)
    expect(stderr).toMatch(message)
    noLeftovers()
  })

  test.each([
    ['none/a', {}, /the directory .*\/none does not exist/],
    ['a', { owner: 'no-such-user' }, /its owner cannot be set to no-such-user.*\(/],
    ['a', { group: 'no-such-group' }, /its owner cannot be set/],
  ])('%s with %j is refused in a sentence', async (name, options, message) => {
    if (name === 'a') writeFileSync(`${root}/a`, 'old')
    const { code, stderr } = await put(`${root}/${name}`, 'new', options)
    expect(code).toBe(1)
    expect(stderr).toMatch(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(name !== 'a' || text(`${root}/a`)).toBe(name !== 'a' || 'old')
    noLeftovers()
  })

  test('content cut short on its way is not taken for the whole', async () => {
    writeFileSync(`${root}/a`, 'old')
    const { script } = stepJob(write(`${root}/a`, bytes('whole content')), 'n0nce')
    const { code, stderr } = await host.run({ script, stdin: bytes('whole') })
    expect([code, Buffer.from(stderr).toString('utf8')]).toEqual([1, expect.stringMatching(/5 of 13 bytes arrived/)])
    expect(text(`${root}/a`)).toBe('old')
    noLeftovers()
  })

  test('a name as long as names may be', async () => {
    const name = 'ü'.repeat(127)
    expect(await put(`${root}/${name}`)).toMatchObject({ code: 0 })
    expect(text(`${root}/${name}`)).toBe('new')
  })

  test('killed while it validates: the old file stays, the temporary one goes', async () => {
    writeFileSync(`${root}/a`, 'old')
    const { code } = await put(`${root}/a`, 'new', { validate: () => sh`kill -TERM "$$"; sleep 2` })
    expect(code).toBe(143)
    expect(text(`${root}/a`)).toBe('old')
    noLeftovers()
  })

  test.runIf(isRoot)('a bind mount cannot be replaced, only written into', async () => {
    writeFileSync(`${root}/a`, 'old')
    writeFileSync(`${root}/mounted`, 'mounted', { mode: 0o600 })
    const inNamespace = (unsafeWrites: boolean) => {
      const { script, stdin } = stepJob(write(`${root}/a`, bytes('new content'), { unsafeWrites, mode: '0640' }), 'n0nce')
      const shell = host.name === 'busybox' ? 'busybox sh' : host.name
      const inner = sh`mount --bind ${root}/mounted ${root}/a && exec ${shell.split(' ')} -c ${script.text}`
      try {
        execFileSync('unshare', ['-m', '--propagation', 'private', 'sh', '-c', inner.text], {
          input: stdin,
          stdio: ['pipe', 'pipe', 'pipe'],
        })
        return { code: 0, stderr: '' }
      } catch (error) {
        const { status, stderr } = error as { status: number; stderr: Buffer }
        return { code: status, stderr: stderr.toString('utf8') }
      }
    }
    expect(inNamespace(false)).toEqual({ code: 1, stderr: expect.stringMatching(/something is mounted on it.*unsafeWrites/) })
    expect(text(`${root}/mounted`)).toBe('mounted')
    expect(inNamespace(true)).toEqual({ code: 0, stderr: '' })
    expect([text(`${root}/mounted`), modeOf(`${root}/mounted`), text(`${root}/a`)]).toEqual(['new content', '640', 'old'])
    noLeftovers()
  })
})

describe.runIf(isRoot)('without rights', () => {
  const nobody = localHost({ name: 'dash', shell: ['/bin/dash'], uid: 65_534 })
  const put = async (path: string, options = {}) => {
    const { code, stderr } = await nobody.run(stepJob(write(path, bytes('new'), options), 'n0nce'))
    return { code, stderr: Buffer.from(stderr).toString('utf8').trim() }
  }
  test('the directory cannot be written', async () => {
    expect(await put(`${root}/a`)).toEqual({
      code: 1,
      stderr: `cannot write ${root}/a: no temporary file can be made in ${root} (Permission denied)`,
    })
  })
  test('the owner cannot be kept, so nothing is written', async () => {
    chmodSync(root, 0o777)
    writeFileSync(`${root}/a`, 'old', { mode: 0o666 })
    expect(await put(`${root}/a`)).toEqual({
      code: 1,
      stderr: expect.stringMatching(/its owner cannot be set to 0:0 \(Operation not permitted\)/),
    })
    expect(text(`${root}/a`)).toBe('old')
    expect(readdirSync(root)).toEqual(['a'])
  })
})

describe('access lists', () => {
  const acl = (path: string) =>
    execFileSync('getfacl', ['-cpn', path], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => line.replace(/\t.*/, ''))
  test.each([
    [{}, ['user::rw-', 'user:54321:rw-', 'group::r--', 'mask::rw-', 'other::---']],
    [{ mode: '0640' }, ['user::rw-', 'user:54321:rw-', 'group::r--', 'mask::r--', 'other::---']],
  ])('with %j', async (options, expected) => {
    writeFileSync(`${root}/a`, 'old', { mode: 0o640 })
    execFileSync('setfacl', ['-m', 'u:54321:rw', `${root}/a`])
    const { code } = await localHosts()[0]!.run(stepJob(write(`${root}/a`, bytes('new'), options), 'n0nce'))
    expect([code, text(`${root}/a`), acl(`${root}/a`)]).toEqual([0, 'new', expected])
  })
})
