import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { builtInFamilies as every, type FactFamilies, type HardwareFacts } from '../../src/model/facts.ts'
import {
  inventoryIdOf,
  openFactCache,
  privateDirectory,
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
const hardware: HardwareFacts = { memoryMb: 2048, swapMb: 0, cpuCount: 2 }
const os = { hostname: 'viper' } as FactFamilies['os']

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

describe('the fact cache', () => {
  const open = (inventoryId = 'one') => openFactCache({ directory: home, inventoryId })
  it('remembers facts with their time, for the next run too', async () => {
    await open().write('honor-viper', { hardware, os }, 1000)
    expect(await open().read('honor-viper', every)).toEqual({
      families: { os: { value: os, gatheredAt: 1000 }, hardware: { value: hardware, gatheredAt: 1000 } },
      warnings: [],
    })
  })
  it('knows nothing of a host never seen, nor of the same name in another inventory', async () => {
    await open().write('honor-viper', { os }, 1000)
    expect(await open().read('crystal-panda', every)).toEqual({ families: {}, warnings: [] })
    expect(await open('two').read('honor-viper', every)).toEqual({ families: {}, warnings: [] })
  })
  it('keeps families that a later run does not gather', async () => {
    await open().write('a', { os, hardware }, 1000)
    await open().write('a', { os: { ...os, hostname: 'new' } }, 2000)
    expect((await open().read('a', every)).families).toEqual({
      os: { value: { hostname: 'new' }, gatheredAt: 2000 },
      hardware: { value: hardware, gatheredAt: 1000 },
    })
  })
  it('loses nothing when runs write at the same time', async () => {
    await Promise.all([open().write('a', { os }, 1), open().write('a', { hardware }, 2), open().write('a', { os }, 1)])
    expect(await open().read('a', every)).toEqual({
      families: { os: { value: os, gatheredAt: 1 }, hardware: { value: hardware, gatheredAt: 2 } },
      warnings: [],
    })
  })
  it.each([['../../etc/passwd'], ['..'], ['ünïcode host'], ['a'.repeat(300)], ['[2001:db8::1]:22'], ['a.os']])(
    'holds a host named %s inside its directory',
    async (host) => {
      await open().write(host, { os }, 1)
      expect((await open().read(host, every)).families.os?.value).toEqual(os)
      expect(readdirSync(home)).toEqual(['one'])
      expect(readdirSync(join(home, 'one'))).toHaveLength(1)
    },
  )
  it('is readable by its owner only', async () => {
    const cache = open()
    await cache.write('a', { os }, 1)
    expect(modeOf(cache.directory)).toBe(0o700)
    expect(modeOf(join(cache.directory, 'a.os.json'))).toBe(0o600)
  })
  const good = { version: 1, host: 'a', family: 'os', gatheredAt: 1, value: os }
  it.each([
    ['is half a file', '{"version":1,"ho', 'it is damaged'],
    ['is empty', '', 'it is damaged'],
    ['is null', 'null', 'it is not a record'],
    ['has a version to come', JSON.stringify({ ...good, version: 99 }), 'it has format 99, and this Rollcall writes 1'],
    ['is about another host', JSON.stringify({ ...good, host: 'b' }), 'it is about something else'],
    ['has no time', JSON.stringify({ ...good, gatheredAt: 'yesterday' }), 'it lacks the facts or their time'],
    ['has no facts', JSON.stringify({ ...good, value: null }), 'it lacks the facts or their time'],
  ])('warns of a file that %s, and goes on', async (_, text, why) => {
    const cache = open()
    await cache.write('a', { os, hardware }, 1)
    writeFileSync(join(cache.directory, 'a.os.json'), text)
    const { families, warnings } = await cache.read('a', every)
    expect(Object.keys(families)).toEqual(['hardware'])
    expect(warnings).toEqual([expect.stringContaining(`What was remembered of a (os) is not used: ${why}`)])
    await cache.write('a', { os }, 2)
    expect((await cache.read('a', every)).warnings).toEqual([])
  })
  it('tells inventories apart by their path', () => {
    expect(inventoryIdOf('/a/inventory/lab.ts')).toMatch(/^[0-9a-f]{16}$/)
    expect(inventoryIdOf('/a/inventory/lab.ts')).not.toBe(inventoryIdOf('/b/inventory/lab.ts'))
  })
})
