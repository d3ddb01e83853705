import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { ModuleDefinition } from '../../src/dsl/definition.ts'
import { type Unarchived, unarchive } from '../../src/modules/unarchive.ts'
import { stepJob } from '../../src/resources/step-job.ts'
import { apply, type LocalHost, localHost, localHosts, plan, readStates } from '../../src/testing/index.ts'
import { traps } from './cases/unarchive.ts'

const folder = mkdtempSync(join(tmpdir(), 'unarchive-'))
let root = ''
let count = 0
beforeEach(() => {
  root = join(folder, `r${count++}`)
  mkdirSync(root)
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
  for (const host of localHosts()) rmSync(`${host.canary}-state`, { recursive: true, force: true })
})

async function unpack(
  host: LocalHost,
  extra: Partial<Parameters<typeof unarchive>[0]> = {},
): Promise<Unarchived & { differs: readonly string[]; found: any; bytes: number }> {
  const call = unarchive({ src: `${root}/a`, dest: `${root}/dest`, ...extra })
  const planned = await plan(call, host)
  if (planned.differs.length > 0) await apply(planned, host)
  const after = await readStates(host, planned.reads)
  const bytes = planned.steps.reduce((sum, step) => sum + (step.kind === 'run' ? (step.stdin?.length ?? 0) : 0), 0)
  const result = (call.definition as ModuleDefinition).result!(call.params, {
    before: planned.found,
    after,
    changed: true,
    outcomes: [],
  }) as Unarchived
  return { ...result, differs: planned.differs, found: planned.found, bytes }
}

describe.each(localHosts())('on $name', (host) => {
  test.each(traps)('%s is refused, and nothing is unpacked', async (_, before) => {
    before(root)
    await expect(unpack(host)).rejects.toThrow(/cannot unpack .* out of the directory it is unpacked in/)
    expect(readdirSync(`${root}/dest`)).toEqual([])
    expect(existsSync(`${root}/evil`)).toBe(false)
  })

  test('an archive that is cut short on its way is not unpacked', async () => {
    mkdirSync(`${root}/in`)
    mkdirSync(`${root}/dest`)
    writeFileSync(`${root}/in/a`, 'a')
    writeFileSync(`${root}/in/b`, 'b'.repeat(50_000))
    execFileSync('tar', ['-cf', `${root}/a`, '-C', `${root}/in`, 'a', 'b'])
    const [step] = (await plan(unarchive({ src: `${root}/a`, dest: `${root}/dest` }), host)).steps
    const job = stepJob(step!, 'n0nce')
    expect(job).toMatchObject({ countsInput: true })
    const { code, stderr } = await host.run({ ...job, stdin: job.stdin!.subarray(0, 10_000) })
    expect([code, Buffer.from(stderr).toString('utf8')]).toEqual([1, expect.stringMatching(/cannot unpack .*: 10000 of \d+ bytes arrived/)])
    expect(readdirSync(`${root}/dest`)).toEqual([])
  })

  test('what was altered is named and unpacked again; what is right sends no archive', async () => {
    mkdirSync(`${root}/dest`)
    mkdirSync(`${root}/from/d`, { recursive: true })
    for (const name of ['one', 'two', 'd/three']) writeFileSync(`${root}/from/${name}`, name)
    execFileSync('tar', ['-czf', `${root}/a`, '-C', `${root}/from`, '.'])
    expect(await unpack(host, { listFiles: true })).toMatchObject({
      files: expect.arrayContaining(['one', 'd', 'd/three']),
      differs: expect.arrayContaining(['unpacked.archive']),
    })
    expect(await unpack(host, { listFiles: true })).toMatchObject({ differs: [], bytes: 0 })

    rmSync(`${root}/dest/d/three`)
    appendFileSync(`${root}/dest/one`, 'more')
    chmodSync(`${root}/dest/two`, 0o600)
    const again = await unpack(host, { listFiles: true })
    expect([again.differs, [...again.found.unpacked.altered].sort()]).toEqual([['unpacked.altered'], ['d/three', 'one']])
    expect(readFileSync(`${root}/dest/one`, 'utf8')).toBe('one')

    writeFileSync(`${root}/from/one`, 'newer')
    execFileSync('tar', ['-czf', `${root}/a`, '-C', `${root}/from`, '.'])
    expect((await unpack(host, { listFiles: true })).differs).toEqual(['unpacked.archive'])
    expect(readFileSync(`${root}/dest/one`, 'utf8')).toBe('newer')
  })

  test.each([
    [
      'half an archive',
      () => execFileSync('sh', ['-c', 'head -c 100000 /dev/urandom >r; tar -czf b r; head -c 50000 b >a'], { cwd: root }),
    ],
    ['no archive', () => writeFileSync(`${root}/a`, 'this is no archive at all'.repeat(100))],
    ['an empty file', () => writeFileSync(`${root}/a`, '')],
  ])('%s is an error', async (_, make) => {
    mkdirSync(`${root}/dest`)
    make()
    await expect(unpack(host)).rejects.toThrow(`cannot unpack ${root}/a: `)
    expect(readdirSync(`${root}/dest`)).toEqual([])
  })
})

test('links of a zip that lead out are refused', async () => {
  mkdirSync(`${root}/dest`)
  symlinkSync('/etc', `${root}/x[1]`)
  execFileSync('sh', ['-c', 'zip -qy b.zip x* && mv b.zip a'], { cwd: root })
  await expect(unpack(localHosts()[0]!)).rejects.toThrow('its member x[1] -> /etc leads out')
  expect(readdirSync(`${root}/dest`)).toEqual([])
})

test('a program that the host lacks is named', async () => {
  mkdirSync(`${root}/dest`)
  mkdirSync(`${root}/bin`)
  for (const tool of ['mktemp', 'cat', 'head', 'od', 'wc', 'tr', 'rm', 'sha256sum', 'stat', 'id', 'tail', 'cut', 'xargs', 'sed', 'awk'])
    symlinkSync(`/usr/bin/${tool}`, `${root}/bin/${tool}`)
  writeFileSync(`${root}/f`, '')
  execFileSync('tar', ['--zstd', '-cf', `${root}/a`, '-C', root, 'f'])
  const bare = localHost({ name: 'bare', shell: ['/bin/dash'], path: `${root}/bin` })
  await expect(unpack(bare)).rejects.toThrow("this host has no zstd; install it by a task before this one: apt({ name: 'zstd' })")
})

test("what busybox's tar does not know is said", async () => {
  mkdirSync(`${root}/dest`)
  writeFileSync(`${root}/f`, '')
  execFileSync('tar', ['-cf', `${root}/a`, '-C', root, 'f'])
  await expect(unpack(localHosts()[2]!, { exclude: ['x'] })).rejects.toThrow("this host's tar knows neither keepNewer nor exclude")
})
