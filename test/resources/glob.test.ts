import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { whatIsThere } from '../../src/resources/glob.ts'
import { hostileValues, localHosts } from '../../src/testing/index.ts'

let root = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'glob-'))
  for (const name of ['one', 'two words', 'it’s', '.hidden', '[x]']) mkdirSync(join(root, name))
  writeFileSync(join(root, 'one/done-12.log'), '')
  symlinkSync('nowhere', join(root, 'one/link'))
  writeFileSync(join(root, 'plain*'), '')
  for (const value of hostileValues) mkdirSync(join(root, 'hostile', value), { recursive: true })
  for (const value of hostileValues) writeFileSync(join(root, 'hostile', value, 'done'), '')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe.each(localHosts())('on $name', (host) => {
  const look = async (...paths: readonly string[]) => {
    const reads = paths.map((path) => whatIsThere(`${root}/${path}`))
    const { kind } = reads[0]!
    const { stdout, code } = await host.run({ script: kind.script(reads) })
    expect(code).toBe(0)
    return kind.parse(stdout, reads).map(({ exists }) => exists)
  }

  test.each([
    ['*/done-*.log', true],
    ['*/done-??.log', true],
    ['*/done-[0-9][0-9].log', true],
    ['*/done-?.log', false],
    ['*/done-[!0-9]*.log', false],
    ['one/l*', true],
    ['two wor*', true],
    ['it’s*', true],
    ['*hidden', false],
    ['nowhere/*', false],
    ['plain*', true],
    ['[x]', true],
    ['$(touch $CANARY)*', false],
  ])('%s: %s', async (pattern, exists) => expect(await look(pattern)).toEqual([exists]))

  test('several in one script', async () => expect(await look('o*', 'x*', 't*')).toEqual([true, false, true]))

  test('what is hostile is a name, in a pattern too', async () => {
    for (const value of hostileValues) expect([value, ...(await look(`hostile/${value}/d*`))]).toEqual([value, true])
  })
})
