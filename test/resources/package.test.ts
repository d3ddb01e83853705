import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { aptListsKind } from '../../src/resources/apt-lists.ts'
import { aptPending, aptPendingKind } from '../../src/resources/apt-pending.ts'
import { debFile } from '../../src/resources/deb-file.ts'
import { packageKind, packageOf } from '../../src/resources/package.ts'
import { localHosts } from '../../src/testing/index.ts'
import { readAll } from './read.ts'

const [dash] = localHosts()
const busybox = localHosts().find(({ name }) => name === 'busybox')!

test('packages of this machine', async () => {
  const version = execFileSync('dpkg-query', ['-W', '-f', `\${Version}`, 'dpkg'], { encoding: 'utf8' })
  const states = await readAll(dash!, [packageOf('dpkg', 'candidate'), packageOf('no-such-package', 'candidate'), packageOf('libc6')])
  expect(states[0]).toMatchObject({ installed: true, version, held: false, residue: false, candidate: expect.stringMatching(/^\d/) })
  expect(states[1]).toEqual({ installed: false, version: '', held: false, residue: false, candidate: '' })
  expect(states[2]).toMatchObject({ installed: true })
  expect(states[2]).not.toHaveProperty('candidate')
})

test('a host without dpkg is refused', async () => {
  await expect(readAll(busybox, [packageOf('dpkg')])).rejects.toThrow(/has no dpkg/)
})

describe('what dpkg and apt say', () => {
  const parse = (rows: readonly string[], policy: string, ids: readonly string[]) =>
    packageKind.parse(
      Buffer.from(`dpkg\0${['dpkg\tamd64\tii \t1.21', ...rows].map((row) => `${row}\n`).join('')}\0${policy}\0`),
      ids.map((id) => ({ id, need: policy ? 'candidate' : 'installed' })),
    )

  test.each([
    ['ii ', { installed: true, version: '1.2', held: false, residue: false }],
    ['hi ', { installed: true, version: '1.2', held: true, residue: false }],
    ['it ', { installed: true, version: '1.2' }],
    ['iW ', { installed: true }],
    ['rc ', { installed: false, version: '', residue: true }],
    ['un ', { installed: false, version: '', residue: false }],
    ['iU ', { installed: false }],
    ['iF ', { installed: false }],
    ['iHR', { installed: false }],
  ])('status %j', (status, state) => {
    expect(parse([`a\tamd64\t${status}\t1.2`], '', ['a'])[0]).toMatchObject(state)
  })

  test('the own architecture counts unless another is asked for', () => {
    const rows = ['libc6\ti386\tii \t1', 'libc6\tamd64\tii \t2']
    expect(parse(rows, '', ['libc6', 'libc6:i386', 'libc6:amd64']).map(({ version }) => version)).toEqual(['2', '1', '2'])
    expect(parse(rows.slice(0, 1), '', ['libc6'])[0]).toMatchObject({ installed: false })
    expect(parse(['docs\tall\tii \t3'], '', ['docs'])[0]).toMatchObject({ version: '3' })
  })

  test('candidates', () => {
    const policy =
      'a:\n  Installed: 1\n  Candidate: 2\n  Version table:\n     2 500\n        500 http://x y\nb:\n  Installed: (none)\n  Candidate: (none)\n'
    expect(parse([], policy, ['a', 'b', 'c']).map(({ candidate }) => candidate)).toEqual(['2', '', ''])
  })
})

test.each(['', '-x', 'a b', 'A', 'a*', 'a-', '[a]', 'a:'])('%j is no package', (name) => {
  expect(() => packageOf(name)).toThrow(/is not the name of a Debian package/)
})

test.each([
  ['100 1700000000\n', '3600', { fresh: true, updatedAt: 1_700_000_000 }],
  ['3600 1700000000\n', '3600', { fresh: false, updatedAt: 1_700_000_000 }],
  ['none\n', '3600', { fresh: false, updatedAt: 0 }],
])('lists %j old, valid for %s', (age, id, state) => {
  expect(aptListsKind.parse(Buffer.from(age), [{ id, need: 'age' }])).toEqual([state])
})

describe('what apt-get would do', () => {
  const parse = (...answers: readonly string[]) =>
    aptPendingKind
      .parse(
        Buffer.from(`apt\0${answers.join('')}`),
        answers.map(() => ({ id: '["upgrade"]', need: 'simulation' })),
      )
      .map(({ pending }) => pending)

  test.each([
    ['Inst a [1.0] (2.0 Debian:12/stable [amd64])\nConf a (2.0 Debian:12/stable [amd64])', ['install a 2.0']],
    ['Inst new (1:1.0-1 Debian:12/stable [all]) []', ['install new 1:1.0-1']],
    ['Remv old [1.0]\nPurg gone [1.0]', ['remove old', 'purge gone']],
    ['Reading package lists...\n Del a 1.0 [50.1 kB]', ['delete a']],
    ['The following packages have been kept back:\n  b', []],
    ['', []],
  ])('%j', (said, pending) => {
    expect(parse(`0\0${said}\0`)).toEqual([pending])
  })
  test('several in one answer', () => {
    expect(parse('0\0Inst a (1 x)\0', '0\0\0')).toEqual([['install a 1'], []])
  })
  test('what fails is said in the words of apt', () => {
    expect(() => parse('100\0Reading package lists...\nE: Unable to find a source package for a\0')).toThrow(
      /^apt-get upgrade would fail: E: Unable to find a source package for a$/,
    )
  })
  test('of this machine', async () => {
    const [clean, fixed] = await readAll(dash!, [aptPending(['clean']), aptPending(['--fix-broken', 'install'])])
    expect([clean, fixed]).toEqual([{ pending: expect.any(Array) }, { pending: [] }])
  })
  test('a host without apt-get is refused', async () => {
    await expect(readAll(busybox, [aptPending(['upgrade'])])).rejects.toThrow(/has no apt-get/)
  })
})

test('package files', async () => {
  const root = mkdtempSync(join(tmpdir(), 'deb-'))
  mkdirSync(join(root, 'tree/DEBIAN'), { recursive: true })
  writeFileSync(
    join(root, 'tree/DEBIAN/control'),
    'Package: toy\nVersion: 1.0-1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: toy\n',
  )
  execFileSync('dpkg-deb', ['--root-owner-group', '-b', join(root, 'tree'), join(root, "it's a.deb")], { stdio: 'ignore' })
  writeFileSync(join(root, 'broken.deb'), 'x')
  const read = ["it's a.deb", 'broken.deb', 'none.deb'].map((name) => debFile(join(root, name)))
  const [good, broken, none] = await readAll(dash!, read)
  rmSync(root, { recursive: true })
  expect(good).toEqual({ exists: true, package: 'toy', version: '1.0-1', architecture: 'all', problem: '' })
  expect(broken).toMatchObject({ exists: false, problem: expect.stringContaining('dpkg-deb: error') })
  expect(none).toMatchObject({ exists: false, problem: '' })
})
