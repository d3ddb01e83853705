import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readKnownHosts } from '../../src/transport/verify-host-key.ts'
import { rememberLast } from '../../src/util/remember-last.ts'
import { temporaryFolder } from '../helpers/engine.ts'

test('work is done again only for another input, and for another key', () => {
  const done: string[] = []
  const remembered = rememberLast((input: string, key) => {
    done.push(`${key} ${input}`)
    return done.length
  })
  expect([remembered('a', 'x'), remembered('a', 'x'), remembered('b', 'x'), remembered('a', 'y'), remembered('a', 'x')]).toEqual([
    1, 1, 2, 3, 4,
  ])
  expect(done).toEqual(['a x', 'b x', 'a y', 'a x'])
})

test('a known_hosts file that changes during a run is read as it is now', async () => {
  const file = join(temporaryFolder(), 'known_hosts')
  const key = 'AAAAC3NzaC1lZDI1NTE5AAAAIBELVIaM33d41OkRlYFpKNCR99rSpULZsOBCJ5sM7tZp'
  const names = async () => (await readKnownHosts([file])).entries.map(({ hosts }) => hosts)
  expect(await names()).toEqual([])
  writeFileSync(file, `one ssh-ed25519 ${key}\n`)
  expect(await names()).toEqual(['one'])
  writeFileSync(file, `one ssh-ed25519 ${key}\ntwo ssh-ed25519 ${key}\n`)
  expect(await names()).toEqual(['one', 'two'])
})
