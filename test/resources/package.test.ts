import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { aptListsKind } from '../../src/resources/apt-lists.ts'
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
  ['100\n', '3600', true],
  ['3600\n', '3600', false],
  ['none\n', '3600', false],
])('lists %j old, valid for %s', (age, id, fresh) => {
  expect(aptListsKind.parse(Buffer.from(age), [{ id, need: 'age' }])).toEqual([{ fresh }])
})
