import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Read } from '../../src/dsl/resource.ts'
import { compileReads } from '../../src/engine/exchange.ts'
import { file } from '../../src/resources/file.ts'
import { group } from '../../src/resources/group.ts'
import { inode } from '../../src/resources/inode.ts'
import { link } from '../../src/resources/link.ts'
import { user } from '../../src/resources/user.ts'
import { openSession } from '../../src/transport/session.ts'
import type { Session } from '../../src/transport/session-types.ts'
import { testFolder } from '../helpers/folder.ts'
import { shells } from '../helpers/shells.ts'

const folder = join(testFolder(), 'd'.repeat(100))
const names = Array.from({ length: 5000 }, (_, number) => `${folder}/${String(number).padStart(195 - folder.length, 'n')}`)
const content = (number: number) => `content of ${number}`
const isThere = (number: number) => number % 50 === 0

// More than 1 MB of paths: more than one command takes, and far more than one argument.
describe.each(shells)('reads of 5,000 paths of 200 bytes on $name', (shell) => {
  let session: Session
  beforeAll(async () => {
    mkdirSync(folder, { recursive: true })
    for (const [number, name] of names.entries()) if (isThere(number)) writeFileSync(name, content(number))
    symlinkSync('nowhere', `${folder}/link`)
    session = await openSession(shell.connect(shell.name === 'busybox' ? { PATH: `${shell.path}:/usr/bin:/bin` } : {}), {
      host: 'honor-viper',
      user: 'admin',
    })
  })
  afterAll(async () => {
    await session.close()
    rmSync(folder, { recursive: true })
  })
  const states = async (reads: readonly Read<any>[]) => {
    const batch = compileReads(reads)
    const before = session.stats.exchanges
    const found = batch.parse(await session.exchange(batch.jobs))
    expect(session.stats.exchanges).toBe(before + 1)
    return reads.map(({ key }) => found.get(key))
  }

  test('files, each at its own need', async () => {
    const needs = ['stat', 'sha256', 'content'] as const
    const found = await states(names.map((name, number) => file(name, needs[number % 3])))
    for (const [number, state] of found.entries()) {
      if (!isThere(number)) expect(state).toEqual({ exists: false, realPath: names[number] })
      else expect(state).toMatchObject({ exists: true, size: content(number).length, realPath: names[number] })
      const bytes = (state as { content?: Uint8Array }).content
      expect(bytes && Buffer.from(bytes).toString()).toBe(isThere(number) && number % 3 === 2 ? content(number) : undefined)
    }
  })

  test('inodes and links', async () => {
    const found = await states([
      ...names.map((name, number) => inode(name, { follow: number % 2 === 0, ...(number % 3 === 0 && { checksum: 'sha256' as const }) })),
      ...names.map((name) => link(name)),
      link(`${folder}/link`),
    ])
    const exists = found.map((state) => (state as { exists: boolean }).exists)
    expect(exists).toEqual([...names.keys(), ...names.keys()].map(isThere).concat(true))
  })

  test('users and groups', async () => {
    const accounts = Array.from({ length: 5000 }, (_, number) => `nobody-${number}`.padEnd(32, 'x'))
    const found = await states([user('root'), ...accounts.map((name) => user(name)), group('root'), ...accounts.map((name) => group(name))])
    const there = found.filter((state) => (state as { exists: boolean }).exists)
    expect(there).toMatchObject([
      { name: 'root', uid: 0 },
      { name: 'root', gid: 0 },
    ])
  })
})
