import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleInto } from '../helpers/bundled.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
// Inside the package, because the code finds its version and its dependencies from where it stands.
const folder = `${root}.rollcall/test-cli-${process.pid}`
let loadedForVersion: readonly string[]

beforeAll(async () => {
  const { metafile } = await bundleInto(folder, { main: 'src/cli/main.ts', entry: 'test/cli/process-entry.ts' })
  const outputs = Object.entries(metafile.outputs)
  const importsOf = (path: string): readonly string[] => {
    const output = metafile.outputs[path]
    return (output?.imports ?? [])
      .filter(({ kind }) => kind === 'import-statement')
      .flatMap((found) => [found.path, ...(found.external ? [] : importsOf(found.path))])
  }
  loadedForVersion = importsOf(outputs.find(([, { entryPoint }]) => entryPoint === 'src/cli/main.ts')![0])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function start(program: 'main' | 'entry', ...argv: readonly string[]): ChildProcess & { readonly text: { out: string; err: string } } {
  const child = spawn(process.execPath, [`${folder}/${program}.mjs`, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH },
  })
  const text = { out: '', err: '' }
  child.stdout.on('data', (data: Buffer) => (text.out += data.toString()))
  child.stderr.on('data', (data: Buffer) => (text.err += data.toString()))
  return Object.assign(child, { text })
}

describe('--version', () => {
  test('is the version of package.json', async () => {
    const child = start('main', '--version')
    const [code] = await once(child, 'close')
    const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string }
    expect({ code, ...child.text }).toEqual({ code: 0, out: `${version}\n`, err: '' })
  })
  test('loads nothing but Node itself and our own few lines', () =>
    expect(loadedForVersion.filter((path) => !path.startsWith('node:') && !path.includes('/test-cli-'))).toEqual([]))
})

test.each(['human', 'json'])('the whole of a long report (%s) arrives before the process ends', async (format) => {
  const child = start('entry', 'run', 'chatty', '--format', format)
  const [code] = await once(child, 'close')
  expect(code).toBe(0)
  expect(child.text.out.trimEnd().split('\n')).toHaveLength(20_000)
})

test.each(['human', 'json'])('a reader (%s) that goes away is no error, and the run goes on to its end', async (format) => {
  const child = start('entry', 'run', 'chatty', '--format', format)
  child.stdout!.once('data', () => child.stdout!.destroy())
  const [code] = await once(child, 'close')
  expect({ code, err: child.text.err }).toEqual({ code: 0, err: 'came to its end\n' })
})

test.each(['human', 'json'])('where the disk is full (%s) the run goes on to its end, and what was lost is said once', async (format) => {
  const full = openSync('/dev/full', 'w')
  const child = spawn(process.execPath, [`${folder}/entry.mjs`, 'run', 'chatty', '--format', format], {
    stdio: ['ignore', full, 'pipe'],
    env: { PATH: process.env.PATH },
  })
  closeSync(full)
  let err = ''
  child.stderr!.on('data', (data: Buffer) => (err += data.toString()))
  const [code] = await once(child, 'close')
  expect(err).toMatch(
    /^came to its end\nWhat was to be told could not all be written\n {2}ENOSPC: no space left on device, write\n {2}What was asked for was done all the same\. .*\n$/,
  )
  expect(code).toBe(1)
})

test('nor does an error that cannot be told anywhere keep it busy', async () => {
  const full = openSync('/dev/full', 'w')
  const child = spawn(process.execPath, [`${folder}/main.mjs`, 'nonsense'], {
    stdio: ['ignore', full, full],
    env: { PATH: process.env.PATH },
  })
  closeSync(full)
  expect(await once(child, 'close')).toEqual([1, null])
})

test.each([
  ['exiting', 'something called process.exit(0)', 'Look for it in the inventory, the playbook'],
  ['stuck', 'something waits for what can never come', 'Look for an await in the inventory, the playbook'],
])('a playbook that ends the process (%s) does not look as if all had been done', async (playbook, detail, fix) => {
  const child = start('entry', 'run', playbook)
  const [code] = await once(child, 'close')
  const [summary, ...rest] = child.text.err.split('\n')
  expect([code, summary, rest[0]]).toEqual([1, 'The process ended before Rollcall was done', `  ${detail}`])
  expect(rest[1]).toContain(fix)
})

test('Ctrl-C ends it with 130 and says what becomes of a running step', async () => {
  const child = start('entry', 'run', 'endless')
  await once(child.stderr!, 'data')
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  expect(code).toBe(130)
  expect(child.text.err).toMatch(/^under way\n\ninterrupted: /)
})

test.each(['forgotten', 'thrown'])('an error that nobody caught is a bug of ours: %s', async (playbook) => {
  const child = start('entry', 'run', playbook)
  const [code] = await once(child, 'close')
  expect(code).toBe(1)
  expect(child.text.err).toMatch(/^Rollcall has a bug\n {2}Error: /)
})

test('what is left open does not keep the process', async () => {
  const [code] = await once(start('entry', 'run', 'lingering'), 'close')
  expect(code).toBe(4)
})
