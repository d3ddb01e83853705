import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FindResult, find } from '../../src/modules/find.ts'
import { localHost, localHosts, plan } from '../../src/testing/index.ts'

let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'find-'))
  mkdirSync(`${root}/d/.hid/deep`, { recursive: true })
  mkdirSync(`${root}/other`)
  writeFileSync(`${root}/a.log`, 'one\nword here\n')
  writeFileSync(`${root}/b.conf`, 'x'.repeat(3000))
  writeFileSync(`${root}/.c.log`, '')
  writeFileSync(`${root}/d/e.log`, 'word')
  writeFileSync(`${root}/d/.hid/f.log`, 'a word')
  writeFileSync(`${root}/d/.hid/deep/\nü\\[x] .log`, 'a word')
  writeFileSync(Buffer.concat([Buffer.from(`${root}/d/`), Buffer.from([0xff])]), '')
  writeFileSync(`${root}/other/g.log`, '')
  symlinkSync('../other', `${root}/d/link`)
  symlinkSync('a.log', `${root}/to-a.log`)
  utimesSync(`${root}/b.conf`, 1000, 1000)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const strange = 'd/.hid/deep/\nü\\[x] .log'

describe.each(localHosts())('on $name', (host) => {
  const ask = async (given: Omit<Parameters<typeof find>[0], 'paths'> & { readonly paths?: string | readonly string[] }) =>
    (await plan(find({ paths: root, ...given }), host)).result as FindResult

  test.each<[string, Omit<Parameters<typeof find>[0], 'paths'>, readonly string[]]>([
    ['files of one directory', {}, ['a.log', 'b.conf']],
    ['hidden ones', { hidden: true }, ['.c.log', 'a.log', 'b.conf']],
    ['a pattern', { patterns: '*.log' }, ['a.log']],
    ['one of several', { patterns: ['*.log', '[!a].conf'] }, ['a.log', 'b.conf']],
    ['one of several in a text', { patterns: '*.log,[!a].conf' }, ['a.log', 'b.conf']],
    ['a question mark', { patterns: '?.conf' }, ['b.conf']],
    ['a pattern of a whole name', { patterns: 'a' }, []],
    ['excludes', { excludes: ['*.log'] }, ['b.conf']],
    ['regular expressions match from the beginning', { patterns: ['\\w\\.l', 'conf'], useRegex: true }, ['a.log']],
    ['a RegExp', { patterns: /.*\.CONF$/i }, ['b.conf']],
    ['below', { recurse: true, patterns: '*.log' }, ['a.log', strange, 'd/.hid/f.log', 'd/e.log', 'other/g.log']],
    ['not too deep', { recurse: true, depth: 2, patterns: '*.log' }, ['a.log', 'd/e.log', 'other/g.log']],
    ['through links', { recurse: true, follow: true, patterns: 'g*' }, ['d/link/g.log', 'other/g.log']],
    ['directories', { fileType: 'directory', recurse: true }, ['d', 'd/.hid/deep', 'other']],
    ['links', { fileType: 'link', recurse: true }, ['d/link', 'to-a.log']],
    ['links when they are followed', { fileType: 'link', recurse: true, follow: true }, ['d/link', 'to-a.log']],
    ['anything', { fileType: 'any' }, ['a.log', 'b.conf', 'd', 'other', 'to-a.log']],
    ['old ones', { age: '1d' }, ['b.conf']],
    ['young ones', { age: '-1w' }, ['a.log']],
    ['by another time', { age: '1d', ageStamp: 'ctime' }, []],
    ['large ones', { size: '1k' }, ['b.conf']],
    ['small ones', { size: '-1k' }, ['a.log']],
    ['from the beginning of a line', { contains: 'word', recurse: true }, ['a.log', 'd/e.log']],
    ['anywhere in it', { contains: '.*(word|x)', recurse: true, patterns: '*.log' }, ['a.log', strange, 'd/.hid/f.log', 'd/e.log']],
    ['characters, not bytes', { recurse: true, patterns: '?ü\\[[]x?*' }, [strange]],
  ])('%s', async (_, given, expected) => {
    const { files, matched, skippedPaths, msg } = await ask(given)
    expect(files.map(({ path }) => path.slice(root.length + 1)).sort()).toEqual([...expected].sort())
    expect({ matched, skippedPaths, msg }).toEqual({ matched: expected.length, skippedPaths: {}, msg: undefined })
  })

  test('what is known of a file', async () => {
    const { files, examined } = await ask({ patterns: ['b.conf'], getChecksum: true })
    expect(examined).toBe(6)
    expect(files).toEqual([
      expect.objectContaining({ path: `${root}/b.conf`, size: 3000, isreg: true, mtime: 1000, pwName: 'root', mode: '0644' }),
    ])
    expect(files[0]!.checksum).toBe(createHash('sha256').update('x'.repeat(3000)).digest('hex'))
  })

  test('hashes of strange names', async () => {
    const { files } = await ask({ recurse: true, patterns: '*x*', getChecksum: true, checksumAlgorithm: 'md5' })
    expect(files.map(({ checksum }) => checksum)).toEqual([createHash('md5').update('a word').digest('hex')])
  })

  test('paths that cannot be walked', async () => {
    const { files, skippedPaths, msg } = await ask({ paths: [`${root}/none`, `${root}/a.log`, `${root}/other`] })
    expect(files).toHaveLength(1)
    expect(skippedPaths).toEqual({ [`${root}/none`]: 'it is not there', [`${root}/a.log`]: 'it is no directory' })
    expect(msg).toBe('not all paths could be examined')
  })
})

test('what may not be looked at is told', async () => {
  const shut = mkdtempSync(join(tmpdir(), 'find-shut-'))
  try {
    chmodSync(shut, 0o755)
    mkdirSync(`${shut}/closed`, { mode: 0o700 })
    const nobody = localHost({ name: 'nobody', shell: ['/bin/dash'], uid: 65_534 })
    const { result } = await plan(find({ paths: shut, recurse: true }), nobody)
    expect(result).toMatchObject({ files: [], msg: 'not all paths could be examined' })
    expect((await plan(find({ paths: `${shut}/closed` }), nobody)).result).toMatchObject({
      skippedPaths: { [`${shut}/closed`]: 'permission denied' },
    })
  } finally {
    rmSync(shut, { recursive: true })
  }
})
