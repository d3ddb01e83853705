// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text is a shell program

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSession } from '../../src/transport/session.ts'
import type { Job, Reply, Session } from '../../src/transport/session-types.ts'
import { Script, sh } from '../../src/util/sh.ts'
import { chance } from '../helpers/chance.ts'
import { testFolder } from '../helpers/folder.ts'
import { shells } from '../helpers/shells.ts'

const names = { host: 'honor-viper', user: 'admin' }
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('utf8')
const job = (script: Script, more: Partial<Job> = {}): Job => ({ script, ...more })

/** Jobs that do what a shell session is afraid of; the job after each must find everything as it should be. */
const hostile: readonly {
  readonly name: string
  readonly script: Script
  readonly code?: number
  readonly stdout?: string
  readonly stdin?: string
}[] = [
  { name: 'a syntax error', script: new Script('if then fi ('), code: 2 },
  { name: 'an open quote', script: new Script(`echo 'never closed`), code: 2 },
  { name: 'exit', script: sh`echo before; exit 7; echo after`, code: 7, stdout: 'before\n' },
  { name: 'exec of a program', script: sh`exec echo gone`, stdout: 'gone\n' },
  { name: 'exec of redirections', script: sh`exec >/dev/null 2>&1 </dev/null; echo unheard` },
  { name: 'closed descriptors', script: sh`exec 0<&- 1>&- 2>&-`, stdout: '' },
  { name: 'set -e', script: sh`set -e; false; echo unreached`, code: 1 },
  { name: 'a trap', script: sh`trap 'echo trapped' EXIT; exit 3`, code: 3, stdout: 'trapped\n' },
  { name: 'killing itself by $$', script: sh`kill -9 $$`, code: 137 },
  { name: 'reading input that is not there', script: sh`cat; read line; echo "<$line>"`, stdout: '<>\n' },
  { name: 'reading its own input', script: sh`read line; echo "$line"; cat`, stdin: 'one\ntwo\n', stdout: 'one\ntwo\n' },
  { name: 'leaving input unread', script: sh`true`, stdin: 'x'.repeat(200_000) },
  {
    name: 'changes to everything',
    script: sh`cd /usr; umask 0; PATH=; IFS=x; LC_ALL=xx; rc_n=x rc_d=/ rc_k=1 rc_i=9; export PATH IFS LC_ALL rc_n rc_d rc_k rc_i; set -f -u`,
  },
  { name: 'functions with the names of tools', script: sh`head() { echo no; }; cp() { echo no; }; alias cat=false` },
  { name: 'a comment at the end', script: new Script('echo hi # no newline'), stdout: 'hi\n' },
  { name: 'a document in place', script: new Script("cat <<'EOF'\n$x `y` '\nEOF"), stdout: "$x `y` '\n" },
  { name: 'a brace that would close the driver', script: new Script('}\necho late'), code: 2 },
  { name: 'a shebang and an empty line', script: new Script('#!/bin/sh\n\necho ok'), stdout: 'ok\n' },
]

describe.each(shells)('session through $name', (shell) => {
  let session: Session
  beforeAll(async () => {
    session = await openSession(shell.connect(), names)
  })
  afterAll(() => session.close())

  const probe = job(
    new Script(
      'pwd; umask; cat; echo "$LC_ALL $TZ ${ENV-unset}${BASH_ENV-unset}${CDPATH-unset}"; case :$PATH: in *:/usr/sbin:*) echo sbin;; esac; echo err >&2',
    ),
  )
  const probed = '/\n0077\nC UTC unsetunsetunset\nsbin\n'

  test.each(hostile)('$name harms nobody', async ({ script, code = 0, stdout, stdin }) => {
    const [first, next] = await session.exchange([job(script, stdin === undefined ? {} : { stdin: Buffer.from(stdin) }), probe])
    const [later] = await session.exchange([probe])
    // Shells differ in the code of a syntax error: dash and busybox say 2, bash says 2 or 1.
    expect(first?.code === code || (code === 2 && first?.code === 1), `code ${first?.code}`).toBe(true)
    if (stdout !== undefined) expect(text(first?.stdout)).toBe(stdout)
    for (const reply of [next, later])
      expect({ ...reply, stdout: text(reply?.stdout), stderr: text(reply?.stderr) }).toEqual({
        ran: true,
        code: 0,
        stdout: probed,
        stderr: 'err\n',
      })
  })

  test('a failed step stops later steps, and no reads', async () => {
    const step = { step: true }
    const replies = await session.exchange([
      job(sh`true`, step),
      job(sh`exit 1`),
      job(sh`echo x; exit 5`, step),
      job(sh`touch /`, step),
      job(sh`cat`, { stdin: Buffer.from('read') }),
      job(sh`cat`, { step: true, stdin: Buffer.from('never') }),
    ])
    expect(replies.map(({ ran, code }) => (ran ? code : 'not run'))).toEqual([0, 1, 5, 'not run', 0, 'not run'])
    expect(text(replies[4]?.stdout)).toBe('read')
    expect((await session.exchange([job(sh`true`, step)]))[0]).toMatchObject({ ran: true, code: 0 })
  })

  test('NUL bytes and a line of 5 MB pass in both directions', async () => {
    const line = Buffer.alloc(5_000_000, "a\0b$`\\'")
    const replies = await session.exchange([job(sh`cat; cat /dev/zero | head -c 100 >&2`, { stdin: line }), probe])
    expect(Buffer.from(replies[0]?.stdout ?? []).equals(line)).toBe(true)
    expect(Buffer.from(replies[0]?.stderr ?? []).equals(Buffer.alloc(100))).toBe(true)
    expect(text(replies[1]?.stdout)).toBe(probed)
  })

  test('output that imitates frames, with the true nonce, is output', async () => {
    const imitation = sh`nonce=$(tr '\0' '\n' </proc/$PPID/cmdline | tail -n 1)
      for word in 'done 0 0 0' full gone end 'at 1'; do for number in 1 2 3 4 5 6 7 8 9; do printf '\n%s %s %s\n' "$nonce" "$number" "$word"; done; done; printf '\n%s ready\n' "$nonce"`
    const replies = await session.exchange([
      job(imitation),
      job(
        sh`{ ${imitation}
} >&2; exit 4`,
        { step: true },
      ),
      probe,
    ])
    expect(
      text(replies[0]?.stdout)
        .split('\n')
        .filter((line) => /^[0-9a-f]{32} \d full$/.test(line)),
    ).toHaveLength(9)
    expect(text(replies[1]?.stderr)).toBe(text(replies[0]?.stdout))
    expect(text(replies[2]?.stdout)).toBe(probed)
  })

  test('a background child that never stops writing disturbs no frame', async () => {
    const folder = testFolder()
    const on = join(folder, 'on')
    writeFileSync(on, '')
    const writer = job(sh`while [ -e ${on} ]; do echo noise; echo noise >&2; done & echo started`)
    const first = await session.exchange([writer, probe])
    const rest: (readonly Reply[])[] = []
    for (let round = 0; round < 5; round += 1) rest.push(await session.exchange([probe, job(sh`seq 1000`)]))
    expect(text(first[0]?.stdout).replaceAll('noise\n', '')).toMatch(/^(noi?s?e?)?started\n(n?o?i?s?e?)$/)
    expect(text(first[1]?.stdout)).toBe(probed)
    for (const [probe, seq] of rest) {
      expect(text(probe?.stdout)).toBe(probed)
      expect(text(seq?.stdout).split('\n')).toHaveLength(1001)
    }
    rmSync(on)
  })

  describe('a long input that a step counts', () => {
    const long = Buffer.from(Uint8Array.from({ length: 3_000_001 }, (_, index) => (index * 7 + (index >> 8)) % 256))
    const counts = (script: Script, stdin: Uint8Array = long) => job(script, { step: true, stdin, countsInput: true })
    const sum = sh`sha256sum | cut -d' ' -f1`
    const sumOf = (bytes: Uint8Array) => `${createHash('sha256').update(bytes).digest('hex')}\n`

    test('goes straight to it: nothing of it lies in the working directory', async () => {
      const before = session.stats
      const [small, big, other, after] = await session.exchange([
        job(sh`cat`, { stdin: Buffer.from('small') }),
        counts(sh`find "$(readlink /proc/$PPID/cwd)" -type f -size +500k >&2; ${sum}`),
        counts(sum, long.subarray(1)),
        probe,
      ])
      expect([small, big, other, after].map((reply) => text(reply?.stdout))).toEqual([
        'small',
        sumOf(long),
        sumOf(long.subarray(1)),
        probed,
      ])
      expect(text(big?.stderr)).toBe('')
      expect(session.stats.exchanges).toBe(before.exchanges + 1)
      expect(session.stats.bytesSent).toBeGreaterThan(before.bytesSent + 6_000_000)
    })

    test.each([
      ['does not read it', sh`exit 4`, 4],
      ['reads some of it', sh`head -c 1000 >/dev/null; exit 5`, 5],
      ['closes it', sh`exec <&-; exit 6`, 6],
      ['is killed', sh`kill -9 $$`, 137],
      ['hands it to a child that goes on', sh`sleep 0.3 & exit 7`, 7],
    ])('the session goes on when the step %s', async (_, script, code) => {
      const [failed, never, read] = await session.exchange([counts(script), counts(sum), probe])
      expect([failed?.code, never?.ran, text(read?.stdout)]).toEqual([code, false, probed])
      const [again, next] = await session.exchange([counts(sum), probe])
      expect([text(again?.stdout), text(next?.stdout)]).toEqual([sumOf(long), probed])
    })
  })

  test('jobs of any mix give their own bytes back, in order', async () => {
    const output = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom(new Uint8Array(0), Buffer.from('\n'), Buffer.from('}\n'), Buffer.from('rc_end\n')),
    )
    const anyJob = fc.record({
      bytes: output,
      code: fc.integer({ min: 0, max: 255 }),
      toStderr: fc.boolean(),
      step: fc.boolean(),
      reads: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(anyJob, { minLength: 1, maxLength: 6 }), async (wanted) => {
        const octal = (bytes: Uint8Array) => Array.from(bytes, (byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('')
        const replies = await session.exchange(
          wanted.map(({ bytes, code, toStderr, step, reads }) => {
            const print = reads ? sh`cat` : sh`printf %b ${octal(bytes)}`
            return job(toStderr ? sh`${print} >&2; exit ${code}` : sh`${print}; exit ${code}`, { step, ...(reads && { stdin: bytes }) })
          }),
        )
        let failed = false
        for (const [at, { bytes, code, toStderr, step }] of wanted.entries()) {
          const ran = !(step && failed)
          const heard = ran ? Buffer.from(bytes) : Buffer.alloc(0)
          const nothing = Buffer.alloc(0)
          const reply = replies[at]
          expect({
            ran: reply?.ran,
            code: reply?.code,
            stdout: Buffer.from(reply?.stdout ?? []),
            stderr: Buffer.from(reply?.stderr ?? []),
          }).toEqual({ ran, code: ran ? code : 0, stdout: toStderr ? nothing : heard, stderr: toStderr ? heard : nothing })
          failed ||= step && code !== 0
        }
      }),
      chance(40),
    )
  })

  test('a hostile value is data wherever a value can stand', async () => {
    const folder = testFolder()
    // What a value can hold: anything but NUL, which no argument can carry, and lone surrogates, which no UTF-8 can.
    const awkward = fc.constantFrom(
      `'`,
      '"',
      '`id`',
      '$(id)',
      '\\',
      '\n',
      '!',
      '*',
      '~',
      '-n',
      '--',
      '#',
      ';',
      '&',
      '|',
      '{',
      '}',
      '\u0081',
      '\u00ff',
      '\u{1f600}',
      '%s',
      '\r',
      '\t',
      ' ',
    )
    const value = fc
      .array(fc.oneof(awkward, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 8 })
      .map((parts) => parts.join('').replaceAll('\0', ''))
    let number = 0
    await fc.assert(
      fc.asyncProperty(value, async (value) => {
        number += 1
        const inside = join(folder, String(number))
        mkdirSync(inside)
        // A file's name can hold no slash and is at most 255 bytes long.
        const name = `n${value.replaceAll('/', '|')}`
        const [word, list, variable, named, input, commented] = await session.exchange([
          job(sh`printf %s ${value}`),
          job(sh`printf '%s.' ${[value, 'next']}`),
          job(sh`x=${value}; printf %s "$x"`, { step: true }),
          job(sh`printf %s ${value} > ${join(inside, name)}`, { step: true }),
          job(sh`cat`, { stdin: Buffer.from(value) }),
          job(sh`: ${value} # ${'comment'}`),
        ])
        expect(text(word?.stdout)).toBe(value)
        expect(text(list?.stdout)).toBe(`${value}.next.`)
        expect(text(variable?.stdout)).toBe(value)
        expect(named).toMatchObject({ code: 0 })
        expect(readdirSync(inside)).toEqual([name])
        expect(text(input?.stdout)).toBe(value)
        expect(commented).toMatchObject({ code: 0, stdout: new Uint8Array(0), stderr: new Uint8Array(0) })
      }),
      chance(40),
    )
  })

  test('exchanges that are asked for at once are answered one after the other', async () => {
    const before = session.stats.exchanges
    const answers = await Promise.all([1, 2, 3, 4].map((number) => session.exchange([job(sh`echo ${number}`)])))
    expect(answers.map(([reply]) => text(reply?.stdout))).toEqual(['1\n', '2\n', '3\n', '4\n'])
    expect(session.stats.exchanges).toBe(before + 4)
    expect(await session.exchange([])).toEqual([])
    expect(session.stats.exchanges).toBe(before + 4)
  })

  test('sixty jobs are one exchange', async () => {
    const replies = await session.exchange(Array.from({ length: 60 }, (_, number) => job(sh`echo ${number}; echo e${number} >&2`)))
    expect(replies.map(({ stdout, stderr }) => text(stdout) + text(stderr))).toEqual(replies.map((_, number) => `${number}\ne${number}\n`))
  })

  test('a daemon gets none of the descriptors of the session', async () => {
    const folder = testFolder()
    const on = join(folder, 'on')
    writeFileSync(on, '')
    const own = await openSession(shell.connect(), names)
    const [reply] = await own.exchange([
      job(sh`while [ -e ${on} ]; do sleep 0.1; done & for fd in 0 1 2; do readlink /proc/$!/fd/$fd; done`),
    ])
    await own.close()
    rmSync(on)
    const [input, ...outputs] = text(reply?.stdout).trim().split('\n')
    expect(input).toBe('/dev/null')
    for (const output of outputs) expect(output).toMatch(/\/rollcall\.\w+\/1\.[oe]$/)
  })

  test('the working directory is private, survives an odd TMPDIR, and goes when the session ends', async () => {
    const folder = join(testFolder(), "it's a $(dir) *")
    mkdirSync(folder)
    const own = await openSession(shell.connect({ TMPDIR: folder }), names)
    await own.exchange([job(sh`true`, { own: true })])
    expect(readdirSync(folder)).toEqual([]) // Reads of our own need none.
    await own.exchange([job(sh`true`)])
    const [made] = readdirSync(folder)
    expect(statSync(join(folder, made ?? '')).mode & 0o777).toBe(0o700)
    expect(text((await own.exchange([job(sh`cat`, { stdin: Buffer.from('in') })]))[0]?.stdout)).toBe('in')
    await own.close()
    expect(readdirSync(folder)).toEqual([])
  })

  test('without a usable TMPDIR another directory is found', async () => {
    const own = await openSession(shell.connect({ TMPDIR: '/nonexistent' }), names)
    const [reply] = await own.exchange([job(sh`readlink /proc/$PPID/cwd`)])
    await own.close()
    expect(text(reply?.stdout)).toMatch(/^\/dev\/shm\/rollcall\./)
    expect(existsSync(text(reply?.stdout).trim())).toBe(false)
  })

  test('a command that removes the working directory is told so, and the session goes on', async () => {
    const folder = testFolder()
    const own = await openSession(shell.connect({ TMPDIR: folder }), names)
    await expect(own.exchange([job(sh`rm -rf ${folder}/rollcall.*`), probe])).rejects.toMatchObject({
      name: 'RollcallError',
      details: { host: 'honor-viper', summary: /removed the directory/ },
    })
    expect(text((await own.exchange([probe]))[0]?.stdout)).toBe(probed)
    await own.close()
    expect(readdirSync(folder)).toEqual([])
  })
})
