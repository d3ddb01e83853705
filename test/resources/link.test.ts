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
  if (at % 3 === 0) return { exists: true, type: 'link', target: targets[at % targets.length]! }
  return at % 3 === 1 ? { exists: false } : { exists: true, type: 'file' }
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
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe.each(localHosts())('links on $name', (host) => {
  test('many are read at once, whatever they hold', async () => {
    expect(await readAll(host, paths().map(link))).toEqual(paths().map((_, at) => stateAt(at)))
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
  const there = { exists: true, type: 'link', target: 'x' }
  expect(read('l/a\0a\0l/c\0x\0y\0')).toEqual([there, { exists: false }, { ...there, target: 'y' }])
  // The process for both ended half-way, and each was asked for by itself.
  expect(read('l/a\0a\0l/c\0z\0\0x\0y\0')).toEqual([there, { exists: false }, { ...there, target: 'y' }])
  expect(() => read('l/a\0a\0l/c\0x\0\0x\0\0')).toThrow('the link /c could not be read')
})
