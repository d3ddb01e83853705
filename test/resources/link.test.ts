import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { file } from '../../src/resources/file.ts'
import { type LinkState, link, linkKind } from '../../src/resources/link.ts'
import { hostileValues, localHosts } from '../../src/testing/index.ts'
import { readAll } from './read.ts'

let root = ''
const targets = [...hostileValues.filter((value) => value !== ''), 'ends in lines\n\n', '\n', ' ']
const paths = () => Array.from({ length: 600 }, (_, at) => `${root}/${at}`)
const stateAt = (at: number): LinkState => {
  const realPath = `${root}/${at}`
  if (at % 3 === 0) return { exists: true, type: 'link', target: targets[at % targets.length]!, realPath }
  return at % 3 === 1 ? { exists: false, realPath } : { exists: true, type: 'file', realPath }
}
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'links-'))
  for (const [at, path] of paths().entries()) {
    const state = stateAt(at)
    if (state.exists && state.type === 'link') symlinkSync(state.target, path)
    else if (state.exists) writeFileSync(path, '')
  }
  mkdirSync(`${root}/real/below`, { recursive: true })
  symlinkSync('real', `${root}/first`)
  symlinkSync('first/below/', `${root}/second`)
  symlinkSync('first/below/..', `${root}/third`)
  symlinkSync('nowhere/deep', `${root}/dangling`)
  symlinkSync('circle', `${root}/circle`)
  symlinkSync('nowhere/../first', `${root}/turns`)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe.each(localHosts())('links on $name', (host) => {
  test('many are read at once, whatever they hold', async () => {
    expect(await readAll(host, paths().map(link))).toEqual(paths().map((_, at) => stateAt(at)))
  })

  test('what lies behind a link has its real path, also where it is not there yet', async () => {
    const below = ['first/below/x', 'first/no/x/y', 'second/no/x', 'dangling/x/y', 'circle/x', 'turns/x']
    const real = ['real/below/x', 'real/no/x/y', 'real/below/no/x', 'nowhere/deep/x/y', 'circle/x', 'turns/x'].map(
      (name) => `${root}/${name}`,
    )
    const files = await readAll(
      host,
      below.map((name) => file(`${root}/${name}`)),
    )
    const links = await readAll(host, [...below.map((name) => link(`${root}/${name}`)), link(`${root}/first`), link('/'), link('/none')])
    expect(files.map(({ realPath }) => realPath)).toEqual(real)
    expect(links.map(({ realPath }) => realPath)).toEqual([...real, `${root}/first`, '/', '/none'])
  })

  test('that lead to directories are followed to the end', async () => {
    const states = await readAll(
      host,
      ['first', 'second', 'third', 'first/below'].map((name) => file(`${root}/${name}`, 'stat')),
    )
    const real = [`${root}/real`, `${root}/real/below`, `${root}/real`, `${root}/real/below`]
    expect(states.map((state) => state.exists && [state.type, state.realPath])).toEqual(real.map((path) => ['directory', path]))
  })
})

test('a link that went while it was read is an error of its own', () => {
  const requests = ['/a', '/b', '/c'].map((id) => ({ id, need: 'target' }))
  const read = (output: string) => linkKind.parse(Buffer.from(output), requests)
  const states = [
    { exists: true, type: 'link', target: 'x', realPath: '/a' },
    { exists: false, realPath: '/b' },
    { exists: true, type: 'link', target: 'y', realPath: '/c' },
  ]
  const looks = 'l/a\0/a\0a\0/b\0l/c\0/c\0'
  expect(read(`${looks}x\0y\0`)).toEqual(states)
  // The process for both ended half-way, and each was asked for by itself.
  expect(read(`${looks}z\0\0x\0y\0`)).toEqual(states)
  expect(() => read(`${looks}x\0\0x\0\0`)).toThrow('the link /c could not be read')
})
