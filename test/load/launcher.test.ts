import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ownRoot } from '../../src/util/own-root.ts'

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A clone with a program of two files in place of Rollcall's own, and everything installed. */
function clone() {
  const root = mkdtempSync(join(tmpdir(), 'rollcall clone '))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const name of ['rollcall', 'scripts', 'src/boot', 'package.json', 'package-lock.json'])
    cpSync(join(ownRoot(), name), join(root, name), { recursive: true })
  symlinkSync(join(ownRoot(), 'node_modules'), join(root, 'node_modules'))
  const path = (name: string) => join(root, name)
  const write = (name: string, text: string) => {
    mkdirSync(join(path(name), '..'), { recursive: true })
    writeFileSync(path(name), text)
  }
  write('src/cli/main.ts', `import { word } from './word.ts'\nconsole.log(word, ...process.argv.slice(2))\n`)
  write('src/cli/word.ts', `export const word: string = 'one'\n`)
  const run = (args: readonly string[] = [], { program = path('rollcall'), env = {} as NodeJS.ProcessEnv, cwd = '/' } = {}) =>
    new Promise<Ran>((resolve) => {
      execFile(program, args, { cwd, env: { ...process.env, ...env } }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      )
    })
  const build = () => readFileSync(path('dist/.built'), 'utf8').split('\n')[0]!
  const kept = () => {
    const folder = path(`dist/${build()}/code`)
    return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
  }
  return { path, write, run, build, kept, builtAt: () => statSync(path('dist/.built')).ctimeMs }
}

test('the first launch builds, the next ones only start', async () => {
  const { run, builtAt } = clone()
  expect(await run(['a b', '*'])).toEqual({
    code: 0,
    stdout: 'one a b *\n',
    stderr: expect.stringMatching(/^rollcall: built in [\d.]+ s\n$/),
  })
  const before = builtAt()
  expect(await run()).toEqual({ code: 0, stdout: 'one\n', stderr: '' })
  expect(builtAt()).toBe(before)
})

test.for([
  ['a changed file', ({ write }: Clone) => write('src/cli/word.ts', `export const word = 'two'\n`)],
  [
    'an old file copied over a new one',
    ({ write, path }: Clone) => {
      write('old.ts', `export const word = 'two'\n`)
      utimesSync(path('old.ts'), 1e9, 1e9)
      cpSync(path('old.ts'), path('src/cli/word.ts'), { preserveTimestamps: true })
    },
  ],
] as const)('%s is built', async ([, change]) => {
  const it = clone()
  await it.run()
  change(it)
  expect(await it.run()).toMatchObject({ code: 0, stdout: 'two\n' })
})

test('a file that is gone is missed', async () => {
  const { run, path } = clone()
  await run()
  rmSync(path('src/cli/word.ts'))
  expect(await run()).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/building failed\n {2}Could not resolve ".\/word.ts"\n {4}src\/cli\/main.ts:1:\d+/),
  })
})

test('a file that was merely touched is not built again', async () => {
  const { run, path } = clone()
  await run()
  utimesSync(path('src/cli/word.ts'), new Date(), new Date())
  expect(await run()).toEqual({ code: 0, stdout: 'one\n', stderr: '' })
})

test('an added file and a changed package.json are noticed', async () => {
  const { run, write, builtAt } = clone()
  await run()
  const first = builtAt()
  write('src/new/added.ts', 'export {}\n')
  await run()
  const second = builtAt()
  write('package.json', `{"name":"rollcall","version":"9.9.9","type":"module"}`)
  await run()
  expect(new Set([first, second, builtAt()]).size).toBe(3)
})

test('an older build still runs after a newer one', async () => {
  const { run, write, path, build } = clone()
  await run()
  const old = build()
  write('src/cli/word.ts', `export const word = 'two'\n`)
  await run()
  expect(await run([path(`dist/${old}/cli.cjs`)], { program: process.execPath })).toMatchObject({ stdout: 'one\n' })
  expect(await run()).toMatchObject({ stdout: 'two\n' })
})

test.for([
  ['nothing of it', () => new Uint8Array()],
  ['half of it', (code: Buffer) => code.subarray(0, code.length / 2)],
  ['one bit is another', (code: Buffer) => code.fill(code[code.length - 99]! ^ 1, code.length - 99, code.length - 98)],
] as const)('code kept from an earlier run is not used when damaged: %s', async ([, damage]) => {
  const { run, kept } = clone()
  await run(['word', '-xsecret', '--name=secret', '--', '--other'])
  const [only, ...more] = kept()
  expect({ only, more }).toEqual({ only: expect.stringMatching(/\/word --name -x\.[\d.]+[^/]*$/), more: [] })
  const good = readFileSync(only!)
  writeFileSync(only!, damage(Buffer.from(good)))
  expect(await run(['word', '-x', '--name=a'])).toEqual({ code: 0, stdout: 'one word -x --name=a\n', stderr: '' })
  expect(readFileSync(only!).length).toBeGreaterThan(good.length / 2)
})

test('a run that fails keeps no code', async () => {
  const { run, kept, write } = clone()
  write('src/cli/main.ts', 'process.exit(1)')
  expect(await run()).toMatchObject({ code: 1 })
  expect(kept()).toEqual([])
})

test('where no code can be kept all works', async () => {
  const { run, path, build } = clone()
  await run()
  rmSync(path(`dist/${build()}/code`), { recursive: true })
  writeFileSync(path(`dist/${build()}/code`), '')
  expect(await run()).toEqual({ code: 0, stdout: 'one\n', stderr: '' })
})

test('what is asked with ever new options keeps no code without end', async () => {
  const { run, path, build, kept } = clone()
  await run()
  for (let number = 0; number < 70; number++) writeFileSync(path(`dist/${build()}/code/${number}`), '')
  await run(['another'])
  expect(kept()).toHaveLength(71)
})

test('it may be a symbolic link, from any folder', async () => {
  const { run, path } = clone()
  symlinkSync(path('rollcall'), path('link'))
  symlinkSync('link', path('link-to-link'))
  expect(await run(['x'], { program: path('link-to-link') })).toMatchObject({ code: 0, stdout: 'one x\n' })
})

test('two launches at once build once', async () => {
  const { run } = clone()
  const both = await Promise.all([run(), run()])
  expect(both.map(({ code, stdout }) => ({ code, stdout }))).toEqual([
    { code: 0, stdout: 'one\n' },
    { code: 0, stdout: 'one\n' },
  ])
  expect(
    both
      .map(({ stderr }) => stderr)
      .join('')
      .match(/built in/g),
  ).toHaveLength(1)
})

test.for([
  ['v18.20.4', 'is too old'],
  ['v20.18.3', 'is too old'],
] as const)('node %s %s', async ([version, message]) => {
  const { run, write, path } = clone()
  write('bin/node', `#!/bin/sh\necho ${version}\n`)
  await new Promise((resolve) => execFile('chmod', ['+x', path('bin/node')], resolve))
  const { code, stderr } = await run([], { env: { PATH: `${path('bin')}:/usr/bin:/bin` } })
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`Node.js ${version} ${message}`) })
})

test('a machine without node is told what to install', async () => {
  const { run, path } = clone()
  mkdirSync(path('empty'))
  expect(await run([], { env: { PATH: path('empty') } })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Node.js was not found on PATH'),
  })
})

type Clone = ReturnType<typeof clone>
