import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { unknown } from '../../src/dsl/resource.ts'
import { stat } from '../../src/modules/stat.ts'
import { localHost, localHosts, plan } from '../../src/testing/index.ts'

let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'stat-'))
  writeFileSync(`${root}/a`, 'one\n', { mode: 0o640 })
  utimesSync(`${root}/a`, 4_000_000_000, 2_000_000) // Later than now: reading it does not change it.
  mkdirSync(`${root}/d\n[x]`)
  writeFileSync(`${root}/d\n[x]/b\n\\`, 'two\n')
  symlinkSync('d\n[x]/b\n\\', `${root}/link\n`)
  symlinkSync('none', `${root}/broken`)
  symlinkSync('circle', `${root}/circle`)
  execFileSync('mkfifo', [`${root}/fifo`])
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const sum = (text: string, algorithm = 'sha256') => createHash(algorithm).update(text).digest('hex')

describe.each(localHosts())('on $name', (host) => {
  const ask = async (given: Parameters<typeof stat>[0]) => ((await plan(stat(given), host)).result as { stat: object }).stat

  test('a file', async () => {
    const { ino, dev, nlink, ctimeMs } = lstatSync(`${root}/a`)
    expect(await ask({ path: `${root}/a` })).toEqual({
      ...{ exists: true, path: `${root}/a`, mode: '0640', uid: 0, gid: 0, pwName: 'root', grName: 'root', size: 4 },
      ...{ isdir: false, isreg: true, islnk: false, isblk: false, ischr: false, isfifo: false, issock: false },
      ...{ atime: 4_000_000_000, mtime: 2_000_000, ctime: Math.floor(ctimeMs / 1000), inode: ino, dev, nlink },
      ...{ readable: true, writeable: true, executable: false, checksum: sum('one\n') },
    })
  })

  test.each<[string, string, object, object]>([
    ['a directory', 'd\n[x]', {}, { isdir: true, isreg: false, executable: true }],
    ['a link itself', 'link\n', {}, { islnk: true, isreg: false, lnkTarget: 'd\n[x]/b\n\\', lnkSource: 'ROOT/d\n[x]/b\n\\' }],
    ['a link that is followed', 'link\n', { follow: true }, { islnk: false, isreg: true, size: 4, checksum: sum('two\n') }],
    ['a name with a line end', 'd\n[x]/b\n\\', {}, { isreg: true, checksum: sum('two\n') }],
    ['a link to nowhere', 'broken', {}, { islnk: true, lnkTarget: 'none', lnkSource: 'ROOT/none', readable: false }],
    ['a link to nowhere, followed', 'broken', { follow: true }, { exists: false }],
    ['a circle', 'circle', {}, { islnk: true, lnkTarget: 'circle' }],
    ['a pipe', 'fifo', {}, { isfifo: true, isreg: false }],
    ['what is not there', 'none', {}, { exists: false }],
    ['another algorithm', 'a', { checksumAlgorithm: 'md5' }, { checksum: sum('one\n', 'md5') }],
    ['sha1', 'a', { checksumAlgorithm: 'sha1' }, { checksum: sum('one\n', 'sha1') }],
    ['sha512', 'a', { checksumAlgorithm: 'sha512' }, { checksum: sum('one\n', 'sha512') }],
  ])('%s', async (_, name, given, expected) => {
    const found = await ask({ path: `${root}/${name}`, ...given })
    expect(JSON.parse(JSON.stringify(found).replaceAll(root, 'ROOT'))).toMatchObject(expected)
    if (!('exists' in expected)) expect(found).toMatchObject({ exists: true })
  })

  test('without a checksum', async () => {
    expect(await ask({ path: `${root}/a`, getChecksum: false })).not.toHaveProperty('checksum')
    expect(await ask({ path: `${root}/fifo` })).not.toHaveProperty('checksum')
  })
})

test('a file that may not be read has no checksum, and one that may not be looked for is refused', async () => {
  const shut = mkdtempSync(join(tmpdir(), 'stat-shut-'))
  try {
    mkdirSync(`${shut}/open`, { mode: 0o755 })
    writeFileSync(`${shut}/open/secret`, 'x', { mode: 0o600 })
    const nobody = localHost({ name: 'nobody', shell: ['/bin/dash'], uid: 65_534 })
    await expect(plan(stat({ path: `${shut}/open/secret` }), nobody)).rejects.toThrow('permission denied')
    execFileSync('chmod', ['711', shut])
    const { result } = await plan(stat({ path: `${shut}/open/secret` }), nobody)
    expect(result).toMatchObject({ stat: { exists: true, readable: false, writeable: false } })
    expect(result).not.toHaveProperty('stat.checksum')
  } finally {
    rmSync(shut, { recursive: true })
  }
})

/** Check mode: `file` and `link` come from earlier tasks' plans, the inode from the host. */
describe('after what is only planned', () => {
  const answer = (found: object, given: object = {}) =>
    (stat({ path: '/x' }).definition as unknown as { result: (params: object, found: object) => { stat: object } }).result(
      { path: '/x', ...given },
      found,
    ).stat
  const none = { exists: false }
  test.each<[string, object, object]>([
    [
      'a new file',
      {
        link: none,
        inode: none,
        file: { exists: true, type: 'file', mode: '0644', realPath: '/x', sha256: 'abc', content: Uint8Array.of(1, 2) },
      },
      { exists: true, isreg: true, mode: '0644', size: 2, checksum: 'abc' },
    ],
    ['a new link', { link: { exists: true, type: 'link', target: '/y' }, inode: none, file: none }, { islnk: true, lnkTarget: '/y' }],
    ['a link that goes', { link: none, inode: { exists: true, type: 'link' }, file: { exists: true, type: 'file' } }, { exists: false }],
    [
      'another mode',
      {
        link: { exists: true, type: 'file' },
        inode: { exists: true, type: 'file', mode: '0644', mtime: 5, owner: 'a', checksum: 'old' },
        file: { exists: true, type: 'file', mode: '0600', owner: 'b', sha256: unknown },
      },
      { mode: '0600', mtime: 5, pwName: 'b' },
    ],
  ])('%s', (_, found, expected) => {
    expect(answer(found)).toMatchObject(expected)
  })
})
