import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { utils } from 'ssh2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { debianEntries } from '../../src/lab/apt-sources.ts'
import { generateSshKey } from '../../src/lab/keys.ts'
import { defaultLab, labNamed } from '../../src/lab/paths.ts'
import { explain, probe } from '../../src/lab/probe.ts'
import { identify, isAlive, run, sleep } from '../../src/lab/process.ts'
import { buildToy, indexRepository } from '../../src/lab/repository.ts'
import { toyPackages } from '../../src/lab/toy-packages.ts'
import { withLock } from '../../src/util/lock.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-lab-parts-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test.each([
  ['Debian|bookworm|main|/etc/apt/sources.list:1', ['/etc/apt/sources.list:1']],
  ['Debian|bookworm-security|main|/etc/apt/sources.list.d/debian.sources:2', ['/etc/apt/sources.list.d/debian.sources:2']],
  ['Docker|bookworm|stable|/etc/apt/sources.list.d/docker.list:1', []],
  ['Acme|bookworm|main|/etc/apt/sources.list.d/acme.list:1', []],
  ['Debian|trixie|main|/etc/apt/sources.list:4', []],
  ['Debian|bookworm-backports|main|/etc/apt/sources.list:5', []],
  ['Debian|bookworm|non-free|/etc/apt/sources.list:6', []],
  ['Debian|bookworm|main|/etc/apt/a:1\nDebian|bookworm|main|/etc/apt/a:1\n', ['/etc/apt/a:1']],
])('of the sources of a machine only those that Debian publishes are used: %j', (targets, entries) => {
  expect(debianEntries(targets, 'bookworm')).toEqual(entries)
})

test('generated keys are keys as other programs read them', () => {
  for (let round = 0; round < 20; round++) {
    const key = generateSshKey(`comment ${'x'.repeat(round)}`)
    const secret = utils.parseKey(key.privateKey)
    const open = utils.parseKey(key.publicKey)
    if (secret instanceof Error || open instanceof Error) throw new Error('not a key')
    expect(secret.comment).toBe(`comment ${'x'.repeat(round)}`)
    const signed = secret.sign(Buffer.from('message'))
    expect(open.verify(Buffer.from('message'), signed as Buffer)).toBe(true)
  }
})

test('the repository lists every version of a package, with sizes and digests that are true', async () => {
  for (const toy of toyPackages) await buildToy(toy, folder)
  await indexRepository(folder)
  const index = await readFile(join(folder, 'Packages'))
  const stanzas = index
    .toString()
    .trim()
    .split('\n\n')
    .map((stanza) => Object.fromEntries(stanza.split('\n').map((line) => line.split(': '))))
  expect(stanzas.map((stanza) => `${stanza.Package} ${stanza.Version}`)).toEqual([
    'rollcall-toy 1.0',
    'rollcall-toy 1.1',
    'rollcall-toy 2.0',
    'rollcall-toyd 1.0',
  ])
  for (const stanza of stanzas) {
    const bytes = await readFile(join(folder, stanza.Filename))
    expect([stanza.Size, stanza.SHA256]).toEqual([String(bytes.length), createHash('sha256').update(bytes).digest('hex')])
  }
  expect(await readFile(join(folder, 'Release'), 'utf8')).toContain(
    ` ${createHash('sha256').update(index).digest('hex')} ${index.length} Packages`,
  )
})

describe('the lock', () => {
  test('lets one in at a time', async () => {
    const file = join(folder, 'one.lock')
    let within = 0
    const waited: number[] = []
    await Promise.all(
      [1, 2, 3].map((number) =>
        withLock(
          file,
          () => waited.push(number),
          async () => {
            within++
            expect(within).toBe(1)
            await sleep(5)
            within--
          },
        ),
      ),
    )
    expect(waited).toHaveLength(2)
    expect((await readdir(folder)).filter((name) => name.includes('one.lock'))).toEqual([])
  })

  test.each([
    ['of a process that is gone', { pid: 4_194_304, startTime: '1' }],
    ['whose pid was reused', { pid: process.pid, startTime: '1' }],
  ])('%s is not honoured', async (_, holder) => {
    const file = join(folder, 'stale.lock')
    await writeFile(file, JSON.stringify(holder))
    expect(
      await withLock(
        file,
        () => {},
        async () => 'in',
      ),
    ).toBe('in')
  })

  test('is freed when the work fails', async () => {
    const file = join(folder, 'failing.lock')
    await expect(
      withLock(
        file,
        () => {},
        () => Promise.reject(new Error('no')),
      ),
    ).rejects.toThrow('no')
    expect(
      await withLock(
        file,
        () => {},
        async () => 'in',
      ),
    ).toBe('in')
  })
})

test('a process is known by its pid and its start time', async () => {
  const self = identify(process.pid)
  expect(self !== undefined && isAlive(self)).toBe(true)
  expect(isAlive({ pid: process.pid, startTime: '1' })).toBe(false)
  expect(identify(4_194_304)).toBeUndefined()
})

test.each([
  [['sh', '-c', 'cat; echo e >&2; exit 3'], 3, 'in', 'e\n'],
  [['sh', '-c', 'kill -KILL $$'], 137, '', ''],
])('run gives the end and the output of %j', async (argv, code, stdout, stderr) => {
  const result = await run(argv, { stdin: 'in' })
  expect([result.code, result.stdout.toString(), result.stderr.toString()]).toEqual([code, stdout, stderr])
})

test('run reports a program that is missing', async () => {
  const result = await run(['/nowhere/program'])
  expect([result.code, result.stderr.toString()]).toEqual([127, expect.stringContaining('ENOENT')])
})

test.each([
  ['unshare: unshare failed: Operation not permitted', /may not make namespaces/, /root/],
  ['unshare: unshare failed: No space left on device', /limited/, /sysctl -w user\.max/],
  ['bridge: RTNETLINK answers: Not supported', /network devices/, /modprobe/],
  ['overlay: mount: root: unknown filesystem type overlay', /overlayfs/, /modprobe overlay/],
  ['cgroup: mkdir: cannot create directory: Read-only file system', /cgroup2/, /privileged/],
  [`unshare: unrecognized option '--time'`, /too old/, /Debian 12/],
  ['something unheard of', /something unheard of/, /root/],
])('what the system refuses is explained: %s', (said, missing, fix) => {
  expect(explain(said)).toEqual({ missing: expect.stringMatching(missing), fix: expect.stringMatching(fix) })
})

test('this machine can have a lab, and trying leaves nothing behind', async () => {
  const links = () => promisify(execFile)('ip', ['-o', 'link']).then(({ stdout }) => stdout.match(/^\d+: \S+/gm))
  const before = await links()
  expect(await probe()).toEqual([])
  expect(await links()).toEqual(before)
})

test('the lab of a project is named for its folder', () => {
  expect(defaultLab('/a')).toEqual(defaultLab('/a'))
  expect(defaultLab('/a')).not.toEqual(defaultLab('/b'))
  for (const name of ['', '../x', 'a b', 'a/b', '-x', 'x'.repeat(60)]) expect(() => labNamed(name)).toThrow(/not a name for a lab/)
})
