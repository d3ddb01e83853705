import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type FactRecord, factFormat } from '../../src/model/fact-cache.ts'
import {
  diskFactCache,
  inventoryIdOf,
  noteSilences,
  privateDirectory,
  readSilences,
  userCacheDir,
  userSocketDir,
  userSocketDirIfThere,
  userStateDir,
  writeAtomic,
} from '../../src/store/index.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'store-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(home, { recursive: true })
})
const modeOf = (path: string): number => statSync(path).mode & 0o7777

describe('directories of the user', () => {
  it.each([
    ['XDG_STATE_HOME', userStateDir, '.local/state'],
    ['XDG_CACHE_HOME', userCacheDir, '.cache'],
  ])('follow %s, and without it the home directory', (variable, directory, fallback) => {
    vi.stubEnv('HOME', home)
    vi.stubEnv(variable, join(home, 'given'))
    expect(directory()).toBe(join(home, 'given/rollcall'))
    expect(modeOf(directory())).toBe(0o700)
    for (const none of [undefined, '', 'relative']) {
      vi.stubEnv(variable, none)
      expect(directory()).toBe(join(home, fallback, 'rollcall'))
    }
  })
  it.each([[0o770], [0o707], [0o1777]])('refuse mode %o', (mode) => {
    chmodSync(home, mode)
    expect(() => privateDirectory(home)).toThrow(/Others may write to a directory of Rollcall/)
  })
  it('refuse a directory of another user', () => {
    const path = join(home, 'theirs')
    mkdirSync(path)
    // Without the right to give a file away, any directory of root serves.
    const root = process.getuid?.() === 0
    if (root) chownSync(path, 65534, 65534)
    expect(() => privateDirectory(root ? path : '/usr')).toThrow(/belongs to another user/)
  })
})

describe('the directory of sockets', () => {
  /** A state folder whose name is so long that a socket below it has a path of this many bytes. */
  const stateOf = (bytes: number) => {
    const fixed = Buffer.byteLength(join(home, '/rollcall/connections')) + 1 + 40
    const state = join(home, 'x'.repeat(bytes - fixed))
    mkdirSync(state)
    vi.stubEnv('XDG_STATE_HOME', state)
    return state
  }
  it('lies with the state as long as a socket fits there', () => {
    const state = stateOf(103)
    expect(userSocketDirIfThere(40)).toBeUndefined()
    expect(userSocketDir(40)).toBe(join(state, 'rollcall/connections'))
    expect([modeOf(userSocketDir(40)), userSocketDirIfThere(40)]).toEqual([0o700, join(state, 'rollcall/connections')])
  })
  it('is a shorter one else, for this user and this state alone', () => {
    const runtime = mkdtempSync(join(tmpdir(), 'rt-'))
    vi.stubEnv('XDG_RUNTIME_DIR', runtime)
    stateOf(104)
    const one = userSocketDir(40)
    expect([one, modeOf(one)]).toEqual([expect.stringMatching(new RegExp(`^${runtime}/rollcall-\\d+-[0-9a-f]{8}$`)), 0o700])
    vi.stubEnv('XDG_STATE_HOME', join(home, 'y'.repeat(100)))
    const other = userSocketDir(40)
    expect(other).not.toBe(one)
    vi.stubEnv('XDG_RUNTIME_DIR', `/${'z'.repeat(100)}`)
    const third = userSocketDir(40)
    expect(third).toBe(join('/tmp', basename(other)))
    rmSync(third, { recursive: true })
    rmSync(runtime, { recursive: true })
  })
  it('is refused where others may write to it, or to the state', () => {
    const state = stateOf(103)
    chmodSync(userSocketDir(40), 0o770)
    expect(() => userSocketDir(40)).toThrow('Others may write to a directory of Rollcall')
    chmodSync(join(state, 'rollcall/connections'), 0o700)
    chmodSync(join(state, 'rollcall'), 0o777)
    expect(() => userSocketDirIfThere(40)).toThrow('Others may write to a directory of Rollcall')
  })
  it.runIf(process.getuid?.() === 0)('is refused where it belongs to somebody else', () => {
    stateOf(103)
    chownSync(userSocketDir(40), 65534, 65534)
    expect(() => userSocketDir(40)).toThrow('A directory of Rollcall belongs to another user')
  })
})

describe('writeAtomic', () => {
  it('replaces a file, with exactly this mode, and leaves nothing else', async () => {
    const path = join(home, 'file')
    writeFileSync(path, 'old', { mode: 0o600 })
    await writeAtomic(path, new Uint8Array([0, 255, 10]), 0o666)
    expect([...readFileSync(path)]).toEqual([0, 255, 10])
    expect(modeOf(path)).toBe(0o666)
    expect(readdirSync(home)).toEqual(['file'])
  })
  it('leaves nothing behind when it fails', async () => {
    mkdirSync(join(home, 'directory'))
    await expect(writeAtomic(join(home, 'directory'), 'x', 0o600)).rejects.toThrow()
    expect(readdirSync(home)).toEqual(['directory'])
  })
  it('lets readers see one whole version or another', async () => {
    const path = join(home, 'file')
    const versions = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(200_000))
    await writeAtomic(path, versions[0]!, 0o600)
    const writing = Promise.all(versions.map((version) => writeAtomic(path, version, 0o600)))
    for (let round = 0; round < 20; round++) expect(versions).toContain(readFileSync(path, 'utf8'))
    await writing
    expect(versions).toContain(readFileSync(path, 'utf8'))
  })
})

describe('the folder of facts', () => {
  const cache = () => diskFactCache(home)
  const at = () => join(home, inventoryIdOf('one'))
  const record = (host: string, family: string, gatheredAt = 1): FactRecord => ({
    version: factFormat,
    host,
    family,
    gatheredAt,
    value: { of: host },
  })
  const save = (records: readonly FactRecord[], known: readonly string[]) => cache().save({ inventory: 'one', records, known })
  const load = async (...hosts: readonly string[]) => [...(await cache().load({ inventory: 'one', hosts }))]

  it('is readable by its owner only', async () => {
    await save([record('a', 'os')], ['a'])
    expect([modeOf(at()), modeOf(join(at(), 'a.os.json'))]).toEqual([0o700, 0o600])
  })
  it.each([['../../etc/passwd'], ['ünïcode host'], ['a'.repeat(300)], ['a.os']])('holds a host named %s inside itself', async (host) => {
    await save([record(host, 'os')], [host])
    expect([readdirSync(home), readdirSync(at()).length]).toEqual([[inventoryIdOf('one')], 1])
  })
  const good = record('a', 'os')
  it.each([
    ['is half a file', '{"version":1,"ho', 'it is damaged'],
    ['is empty', '', 'it is damaged'],
    ['is null', 'null', 'it is not a record'],
    ['is of a version to come', JSON.stringify({ ...good, version: 99 }), 'it has format 99, and this Rollcall writes 1'],
    ['is of an older version', JSON.stringify({ ...good, version: 0 }), 'it has format 0, and this Rollcall writes 1'],
    ['is of no version', JSON.stringify({ ...good, version: undefined }), 'it has format undefined, and this Rollcall writes 1'],
    ['is about another host', JSON.stringify({ ...good, host: 'b' }), 'it is about something else'],
    ['has no time', JSON.stringify({ ...good, gatheredAt: 'yesterday' }), 'it lacks the facts or their time'],
    ['has no facts', JSON.stringify({ ...good, value: null }), 'it lacks the facts or their time'],
  ])('complains of a file that %s, gives the others, and writes it anew', async (_, text, why) => {
    await save([good, record('a', 'hardware')], ['a'])
    writeFileSync(join(at(), 'a.os.json'), text)
    const found = await load('a')
    expect(found.filter((one) => !(one instanceof Error))).toEqual([record('a', 'hardware')])
    expect(found.filter((one) => one instanceof Error).map(({ message }) => message)).toEqual([
      `What was remembered of a (os) is not used: ${why} (${join(at(), 'a.os.json')})`,
    ])
    await save([good], ['a'])
    expect(await load('a')).toEqual(expect.arrayContaining([good, record('a', 'hardware')]))
  })
  it('forgets a host a week after it left the inventory, and what killed runs have left after an hour; the notes of silence stay', async () => {
    const older = (file: string, hours: number) => {
      const then = new Date(Date.now() - hours * 3600_000)
      utimesSync(join(at(), file), then, then)
    }
    await save([record('stays', 'os'), record('gone', 'os'), record('gone-lately', 'os')], ['stays', 'gone', 'gone-lately'])
    for (const file of ['.stays.os.json.abandoned', '.stays.os.json.being-written', 'silent.json']) writeFileSync(join(at(), file), '')
    for (const file of ['stays.os.json', 'gone.os.json', 'silent.json']) older(file, 24 * 7 + 1)
    older('gone-lately.os.json', 24 * 7 - 1)
    older('.stays.os.json.abandoned', 2)
    await save([record('new', 'os')], ['stays', 'new'])
    expect(readdirSync(at()).sort()).toEqual(
      ['.stays.os.json.being-written', 'gone-lately.os.json', 'new.os.json', 'silent.json', 'stays.os.json'].sort(),
    )
  })
  it('tells inventories apart by their path', () => {
    expect(inventoryIdOf('/a/inventory/lab.ts')).toMatch(/^[0-9a-f]{16}$/)
    expect(inventoryIdOf('/a/inventory/lab.ts')).not.toBe(inventoryIdOf('/b/inventory/lab.ts'))
  })
})

describe('who was silent', () => {
  const silence = (askedAt: number) => ({ askedAt, waitedAt: askedAt, reason: 'no answer' })
  beforeEach(() => vi.stubEnv('XDG_STATE_HOME', home))
  it('is noted until it answers, or a day has gone', async () => {
    expect(readSilences('one').size).toBe(0)
    await noteSilences(
      'one',
      new Map([
        ['a', silence(1)],
        ['b', silence(2)],
      ]),
      [],
      2,
    )
    expect(readSilences('two').size).toBe(0)
    await noteSilences('one', new Map([['c', silence(3)]]), ['a'], 3)
    expect(Object.fromEntries(readSilences('one'))).toEqual({ b: silence(2), c: silence(3) })
    await noteSilences('one', new Map(), [], 2 + 24 * 3600_000)
    expect(Object.fromEntries(readSilences('one'))).toEqual({ c: silence(3) })
  })
  it.each([['{"version":1,"hosts":{"a":{"askedAt":"x"},"b":null}}'], ['{"version":2,"hosts":{}}'], ['{'], ['null']])(
    'counts as nobody where the notes are %s',
    async (text) => {
      await noteSilences('one', new Map([['a', silence(1)]]), [], 2)
      writeFileSync(join(home, 'rollcall/facts', inventoryIdOf('one'), 'silent.json'), text)
      expect(readSilences('one').size).toBe(0)
    },
  )
})
