import { createHash } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FileState, file, fileKind } from '../../src/resources/file.ts'
import { link } from '../../src/resources/link.ts'
import { canonicalPath } from '../../src/resources/path.ts'
import { hostileValues, localHost, localHosts, treeOf } from '../../src/testing/index.ts'
import { readAll } from './read.ts'

const nobody = 65534
const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const bytes = Uint8Array.from({ length: 3000 }, (_, index) => index % 256)
let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'files-'))
  chmodSync(root, 0o755)
  writeFileSync(`${root}/plain`, 'hello\n', { mode: 0o640 })
  writeFileSync(`${root}/bytes`, bytes)
  writeFileSync(`${root}/empty`, '')
  writeFileSync(`${root}/sticky`, '')
  chmodSync(`${root}/sticky`, 0o4755)
  writeFileSync(`${root}/foreign`, '')
  chownSync(`${root}/foreign`, 54_321, 54_322)
  mkdirSync(`${root}/dir`, 0o1777)
  writeFileSync(`${root}/dir/in`, 'in')
  symlinkSync('dir', `${root}/toDir`)
  symlinkSync('dir/in', `${root}/toFile`)
  symlinkSync('none', `${root}/toNowhere`)
  symlinkSync('none/none', `${root}/toDeepNowhere`)
  symlinkSync('loop', `${root}/loop`)
  mkdirSync(`${root}/shut`, 0o700)
  writeFileSync(`${root}/shut/in`, '')
  writeFileSync(`${root}/secret`, 'secret', { mode: 0o600 })
  writeFileSync(`${root}/huge`, '')
  truncateSync(`${root}/huge`, 65 * 1024 * 1024)
  for (const name of hostileValues) {
    writeFileSync(`${root}/h${name}`, name)
    writeFileSync(`${root}/${name}`, name)
  }
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const owned = { owner: 'root', group: 'root', uid: 0, gid: 0 }

describe.each(localHosts())('file reads on $name', (host) => {
  const read = async (path: string, need: 'stat' | 'sha256' | 'content' = 'stat') => (await readAll(host, [file(path, need)]))[0]!

  test.each<[string, Partial<FileState> & object]>([
    ['plain', { exists: true, type: 'file', mode: '0640', ...owned, size: 6 }],
    ['sticky', { exists: true, mode: '4755' }],
    ['foreign', { exists: true, owner: '54321', group: '54322', uid: 54_321, gid: 54_322 }],
    ['dir', { exists: true, type: 'directory' }],
    ['toFile', { exists: true, type: 'file', size: 2 }],
    ['none', { exists: false }],
    ['none/below', { exists: false }],
    ['plain/below', { exists: false }],
    ['toNowhere', { exists: false }],
    ['toDeepNowhere', { exists: false }],
    ['loop', { exists: false }],
    ['toNowhere/below', { exists: false }],
  ])('%s', async (name, state) => {
    expect(await read(`${root}/${name}`, 'sha256')).toMatchObject(state)
  })

  test.each([
    ['plain', 'plain'],
    ['toFile', 'dir/in'],
    ['toDir/in', 'dir/in'],
    ['toDir/new', 'dir/new'],
    ['toNowhere', 'none'],
  ])('the real path of %s', async (name, real) => {
    expect(await read(`${root}/${name}`)).toMatchObject({ realPath: `${root}/${real}` })
  })

  test('the root, and a device', async () => {
    expect(await readAll(host, [file('/'), file('/dev/null', 'content')])).toMatchObject([
      { type: 'directory', realPath: '/' },
      { type: 'other', realPath: '/dev/null' },
    ])
  })

  test('needs are met exactly', async () => {
    const [stat, hash, content] = await readAll(host, [
      file(`${root}/plain`),
      file(`${root}/bytes`, 'sha256'),
      file(`${root}/dir/in`, 'content'),
    ])
    expect(Object.keys(stat!)).not.toContain('sha256')
    expect(hash).toMatchObject({ sha256: sha256(bytes) })
    expect(Object.keys(hash!)).not.toContain('content')
    expect(content).toMatchObject({ sha256: sha256('in'), content: new Uint8Array(Buffer.from('in')) })
  })

  test('content is bytes, and two reads are equal', async () => {
    const reads = [
      file(`${root}/bytes`, 'content'),
      file(`${root}/empty`, 'content'),
      file(`${root}/dir`, 'content'),
      file(`${root}/none`, 'content'),
    ]
    const first = await readAll(host, reads)
    expect(first).toMatchObject([
      { content: bytes, sha256: sha256(bytes) },
      { content: new Uint8Array(), size: 0 },
      { type: 'directory' },
      { exists: false },
    ])
    expect(await readAll(host, reads)).toEqual(first)
  })

  test('a file whose size is not what stat says', async () => {
    const state = await read('/proc/self/status', 'content')
    expect(state.exists && Buffer.from(state.content!).toString('utf8')).toMatch(/^Name:/)
  })

  test('hostile names, in one batch with others', async () => {
    const before = treeOf(root)
    const names = hostileValues.flatMap((name) => [name, `h${name}`, `none${name}`])
    const states = await readAll(host, [...names.map((name) => file(`${root}/${name}`, 'sha256')), file(`${root}/plain`, 'content')])
    states.slice(0, -1).forEach((state, index) => {
      const name = names[index]!
      expect(state).toMatchObject(
        name.startsWith('none') ? { exists: false } : { exists: true, sha256: sha256(name.replace(/^h/, '')), realPath: `${root}/${name}` },
      )
    })
    expect(states.at(-1)).toMatchObject({ content: new Uint8Array(Buffer.from('hello\n')) })
    expect(treeOf(root)).toEqual(before)
  })

  test('the contents of many files come by one process, and each is its own', async () => {
    const names = ['plain', 'bytes', 'empty', 'dir/in', 'toFile', 'none', 'dir', 'secret']
    const reads = [
      ...names.map((name) => file(`${root}/${name}`, 'content')),
      file('/proc/version', 'content'),
      file(`${root}/bytes`, 'content'),
    ]
    const states = await readAll(host, reads)
    const contents = states.map((state) => (state.exists && state.content ? Buffer.from(state.content).toString('latin1') : undefined))
    const made = readFileSync('/proc/version', 'latin1')
    const all = Buffer.from(bytes).toString('latin1')
    expect(contents).toEqual(['hello\n', all, '', 'in', 'in', undefined, undefined, 'secret', made, all])
    for (const state of states)
      if (state.exists && state.content) expect([state.size, state.sha256]).toEqual([state.content.length, sha256(state.content)])
    const whole = fileKind.script(names.map((name) => ({ id: `/${name}`, need: 'content' }))).text
    expect(whole.match(/head -q/g)).toHaveLength(1)
  })

  test('a file that is another when its content is read is no answer', async () => {
    const requests = ['plain', 'bytes', 'dir/in'].map((name) => ({ id: `${root}/${name}`, need: 'content' }))
    const { stdout } = await host.run({ script: fileKind.script(requests) })
    expect(fileKind.parse(stdout, requests)).toHaveLength(3)
    const replaced = (from: string, to: string) => Buffer.from(Buffer.from(stdout).toString('latin1').replace(from, to), 'latin1')
    expect(() => fileKind.parse(replaced('hello\n', 'hallo\n'), requests)).toThrow(/changed while they were read.*plain/)
    expect(() => fileKind.parse(replaced('hello\n', 'hello, you\n'), requests)).toThrow(/changed while they were read/)
    expect(() => fileKind.parse(replaced('hello\n', ''), requests)).toThrow(/changed while they were read/)
  })

  test('links themselves', async () => {
    const names = ['toFile', 'toNowhere', 'loop', 'dir', 'plain', 'none', 'plain/below']
    const states = [
      { exists: true, type: 'link', target: 'dir/in' },
      { exists: true, type: 'link', target: 'none' },
      { exists: true, type: 'link', target: 'loop' },
      { exists: true, type: 'directory' },
      { exists: true, type: 'file' },
      { exists: false },
      { exists: false },
    ]
    expect(await readAll(host, [...names.map((name) => link(`${root}/${name}`)), link('/dev/null')])).toEqual([
      ...states.map((state, at) => ({ ...state, realPath: `${root}/${names[at]}` })),
      { exists: true, type: 'other', realPath: '/dev/null' },
    ])
  })
})

describe.runIf(process.getuid?.() === 0).each([
  { name: 'dash', shell: ['/bin/dash'] },
  { name: 'bash', shell: ['/bin/bash'] },
  { name: 'busybox', shell: ['/bin/busybox', 'sh'] },
] as const)('what $name may not see is an error, never absent', ({ name, shell }) => {
  const host = localHost({ name, shell, uid: nobody })
  test.each([
    ['shut/in', 'stat', /permission denied in .*\/shut/],
    ['shut/none/below', 'stat', /permission denied in .*\/shut/],
    ['secret', 'sha256', /secret cannot be read: permission denied/],
    ['secret', 'content', /secret cannot be read: permission denied/],
  ] as const)('%s (%s)', async (path, need, message) => {
    await expect(readAll(host, [file(`${root}/${path}`, need)])).rejects.toThrow(message)
  })
  test('its state may be seen', async () => {
    expect(await readAll(host, [file(`${root}/secret`), file(`${root}/shut`)])).toMatchObject([{ mode: '0600' }, { mode: '0700' }])
    await expect(readAll(host, [link(`${root}/shut/in`)])).rejects.toThrow(/permission denied/)
  })
})

test('a file that is too large to be edited is refused', async () => {
  const [dash] = localHosts()
  await expect(readAll(dash!, [file(`${root}/huge`, 'content')])).rejects.toThrow(/huge is larger than 64 MiB/)
  expect(await readAll(dash!, [file(`${root}/huge`)])).toMatchObject([{ size: 65 * 1024 * 1024 }])
})

test.each([
  ['/a//b/', '/a/b'],
  ['/./a/.', '/a'],
  ['/', '/'],
  ['/a b\n', '/a b\n'],
])('the key of %j', (path, key) => {
  expect(file(path).key).toBe(`file:${key}`)
})

test.each(['a', './a', '/a/../b', '/a\0'])('%j is no path', (path) => {
  expect(() => canonicalPath(path)).toThrow()
})

test.each([
  ['/a', '/a', true],
  ['/a', '/a/b', true],
  ['/a', '/ab', false],
  ['/a/b', '/a', false],
  ['/', '/a', true],
])('a change of %s may alter %s: %s', (changed, other, expected) => {
  expect(fileKind.overlaps!(changed, other)).toBe(expected)
})

test('what follows from a planned directory', () => {
  expect(fileKind.follows!('/a/b', '/a', { exists: false })).toEqual({ exists: false, realPath: '/a/b' })
  expect(fileKind.follows!('/a/b', '/a', { exists: true, type: 'directory' })).toEqual({ exists: false, realPath: '/a/b' })
  expect(fileKind.follows!('/a/b', '/a', { mode: '0700' })).toBeUndefined()
})

test.each([
  [Buffer.from('text ü\n'), 'text ü\n'],
  [Buffer.from([0xff]), undefined],
  [Buffer.from('a\0'), undefined],
  [Buffer.alloc(1024 * 1024 + 1, 'a'), undefined],
])('text for a diff', (content, text) => {
  const state: FileState = {
    exists: true,
    type: 'file',
    mode: '0644',
    ...owned,
    size: content.length,
    realPath: '/a',
    sha256: sha256(content),
    content,
  }
  expect(fileKind.describe(state).text).toBe(text)
  expect(fileKind.describe(state).fields).toEqual(
    expect.objectContaining(text === undefined ? { sha256: sha256(content) } : { state: 'file' }),
  )
})

test.each(['', 'f/a', 'f/a\0nonsense\n\0\0m\0', 'x/a\0\0\0m\0'])('an answer that makes no sense is an error: %j', (answer) => {
  expect(() => fileKind.parse(Buffer.from(answer), [{ id: '/a', need: 'stat' }])).toThrow()
})
