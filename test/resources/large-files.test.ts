import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Read } from '../../src/dsl/resource.ts'
import { run, type Step, write } from '../../src/dsl/step.ts'
import { compileReads } from '../../src/engine/exchange.ts'
import { file } from '../../src/resources/file.ts'
import { stepJob } from '../../src/resources/step-job.ts'
import { openSession } from '../../src/transport/session.ts'
import type { Session } from '../../src/transport/session-types.ts'
import { sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { shells } from '../helpers/shells.ts'

const bytes = (length: number, byte: number) => new Uint8Array(length).fill(byte)
const sha256 = (of: Uint8Array) => createHash('sha256').update(of).digest('hex')
const large = 10_000_000
const nobodys = 'a'.repeat(64)

describe.each(shells)('large files on $name', (shell) => {
  let root = ''
  let session: Session
  beforeEach(async () => {
    root = testFolder()
    mkdirSync(`${root}/bin`)
    await open()
  })
  afterEach(async () => {
    await session.close()
    rmSync(root, { recursive: true })
  })
  const open = async () => {
    session = await openSession(shell.connect({ PATH: `${root}/bin:${shell.path}:/usr/bin:/bin` }), { host: 'honor-viper', user: 'admin' })
  }
  /** Puts a program before the host's own. */
  const program = (name: string, text: string) => {
    writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(root, 'bin', name), 0o755)
  }
  /** Each call is noted; the answer is the truth. */
  const noted = (name: string) => program(name, `echo ${name} >>${root}/calls\nexec sha256sum`)
  const calls = () => (existsSync(`${root}/calls`) ? readFileSync(`${root}/calls`, 'utf8') : '')
  /** Steps and what is read behind them, in one exchange. */
  const exchange = async (steps: readonly Step[], paths: readonly string[]) => {
    const batch = compileReads(paths.map((path): Read<any> => file(path, 'sha256')))
    const replies = await session.exchange([...steps.map((step) => stepJob(step, 'n0nce')), ...batch.jobs])
    const said = replies.slice(0, steps.length).map(({ code, stderr }) => [code, Buffer.from(stderr).toString()])
    expect(said).toEqual(steps.map(() => [0, '']))
    const found = batch.parse(replies.slice(steps.length))
    return paths.map((path) => {
      const state = found.get(file(path).key)
      if (state instanceof Error) throw state
      return state?.sha256
    })
  }

  test('they are hashed by openssl, where it is; smaller ones and their order are not touched by that', async () => {
    program('openssl', `[ "$*" = 'dgst -sha256 -r' ] && cat >/dev/null && echo '${nobodys} *stdin'`)
    const names = ['a', 'large', 'c d', '\\e', '-f', 'large too', 'z']
    const content = (name: string) => bytes(name.startsWith('large') ? large : 1000, name.charCodeAt(0))
    for (const name of names) writeFileSync(join(root, name), content(name))
    symlinkSync('large', join(root, 'link'))
    const asked = [...names.slice(0, 3), 'none', 'link', ...names.slice(3)]
    const found = await exchange(
      [],
      asked.map((name) => `${root}/${name}`),
    )
    const expected = (name: string) => (name === 'none' ? undefined : name.startsWith('l') ? nobodys : sha256(content(name)))
    expect(found).toEqual(asked.map(expected))
    expect(await exchange([], [`${root}/large`, `${root}/large too`])).toEqual([nobodys, nobodys])
  })

  test.each([
    ['it fails', 'echo no such digest >&2; exit 1'],
    ['it prints a sum, and fails', `echo ${nobodys}; exit 1`],
    ['it prints something else', 'echo "SHA2-256(stdin)= 12345"'],
    ['it prints nothing', ':'],
  ])('without a sum of openssl: %s', async (_, text) => {
    program('openssl', text)
    const content = bytes(large, 7)
    expect(await exchange([write(`${root}/a`, content)], [`${root}/a`])).toEqual([sha256(content)])
    expect(await exchange([], [`${root}/a`])).toEqual([sha256(content)])
  })

  test('what is written is hashed while it is synced, and the read behind it need not', async () => {
    noted('openssl')
    const [one, other] = [bytes(large, 1), bytes(large + 1, 2)]
    const found = await exchange([write(`${root}/a`, one), write(`${root}/b`, other)], [`${root}/a`, `${root}/b`])
    expect(found).toEqual([sha256(one), sha256(other)])
    expect(calls()).toBe('openssl\n'.repeat(2))
    // For the next exchange nothing is left.
    expect(await exchange([], [`${root}/a`])).toEqual([sha256(one)])
    expect(calls()).toBe('openssl\n'.repeat(3))
  })

  test.each([
    ['in its place', sh`printf x | dd of=a bs=1 conv=notrunc 2>/dev/null`],
    ['by another of the same time', sh`sed s/z/x/ a >b; touch -r a b; mv b a`],
  ])('what a later step makes of it is what is read: %s', async (_, script) => {
    const content = bytes(large, 0x79)
    content[0] = 0x7a
    const changed = bytes(large, 0x79)
    changed[0] = 0x78
    expect(await exchange([write(`${root}/a`, content), run(sh`cd ${root} && ${script}`)], [`${root}/a`])).toEqual([sha256(changed)])
  })

  test('a sum that somebody left elsewhere is none', async () => {
    writeFileSync(`${root}/a`, bytes(large, 1))
    const forged = sh`printf '%s %s\n' ${nobodys} "$(stat -c '%d:%i:%s:%y/%z' ${root}/a)" >${root}/0.sum`
    expect(await exchange([run(forged)], [`${root}/a`])).toEqual([sha256(bytes(large, 1))])
  })

  test('what is too long for the disk leaves the old file, and says why', async () => {
    writeFileSync(`${root}/a`, 'old')
    const limited = { ...stepJob(write(`${root}/a`, bytes(large, 1)), 'n0nce') }
    const job = { ...limited, script: sh`ulimit -f 1000; trap '' XFSZ; ${limited.script}` }
    const [reply] = await session.exchange([job])
    expect([reply?.code, Buffer.from(reply!.stderr).toString()]).toEqual([
      1,
      expect.stringMatching(/content could not be stored in .*File too large/),
    ])
    expect(readFileSync(`${root}/a`, 'utf8')).toBe('old')
    expect(await exchange([write(`${root}/a`, bytes(large, 1))], [`${root}/a`])).toEqual([sha256(bytes(large, 1))])
  })
})
