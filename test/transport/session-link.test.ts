import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { write } from '../../src/dsl/step.ts'
import { stepJob } from '../../src/resources/step-job.ts'
import type { Connection } from '../../src/transport/connection.ts'
import { connectLocal } from '../../src/transport/local.ts'
import { openSession } from '../../src/transport/session.ts'
import { encodeExchange } from '../../src/transport/session-frame.ts'
import { loopCommand } from '../../src/transport/session-loop.ts'
import { Script, sh } from '../../src/util/sh.ts'
import { chance } from '../helpers/chance.ts'
import { testFolder } from '../helpers/folder.ts'
import { shells } from '../helpers/shells.ts'

const names = { host: 'honor-viper', user: 'admin' }
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('utf8')

/** A host whose login shell does something before it runs what it was asked to. */
function loginThat(before: Script, connection: Connection): Connection {
  return { ...connection, start: (command, options) => connection.start(new Script(`${before.text}\n${command.text}`), options) }
}

const noise: readonly { readonly name: string; readonly before: Script }[] = [
  { name: 'a banner', before: sh`echo 'Welcome to honor-viper'; echo 'Last login: today' >&2` },
  { name: 'a banner without a newline', before: sh`printf 'no newline'; printf 'none either' >&2` },
  { name: 'half a megabyte with NUL bytes', before: sh`head -c 500000 /dev/zero` },
  { name: 'what looks like a greeting', before: sh`printf '\n00000000000000000000000000000000 ready\n\n 1 done 0\n'` },
  { name: 'tracing', before: sh`set -x; set -v` },
  {
    name: 'odd settings',
    before: sh`umask 0; CDPATH=/usr:/; ENV=/etc/passwd; BASH_ENV=/etc/passwd; IFS=/; TMPDIR=; rc_n=x; rc_k=1; rc_e=full; LC_ALL=xx; export CDPATH ENV BASH_ENV IFS TMPDIR rc_n rc_k rc_e LC_ALL; cd /usr`,
  },
  { name: 'an old trap and ignored signals', before: sh`trap 'echo old' EXIT; trap '' PIPE HUP` },
]

describe.each(shells)('the ends of a session through $name', (shell) => {
  test.each(noise)('a profile that prints or sets $name is harmless', async ({ before }) => {
    const session = await openSession(loginThat(before, shell.connect()), names)
    for (const round of [1, 2]) {
      const replies = await session.exchange([
        { script: sh`echo ${round}; pwd; umask`, step: true },
        { script: sh`cat`, stdin: Buffer.from('in') },
      ])
      expect(replies.map(({ stdout }) => text(stdout))).toEqual([`${round}\n/\n0077\n`, 'in'])
    }
    await session.close()
  })

  test('a profile that goes on printing between the exchanges is harmless', async () => {
    const session = await openSession(shell.connect(), names)
    // The loop's own output, as a background child of the profile would have it.
    const noisy = sh`printf 'late noise\n' >/proc/$PPID/fd/1 && printf 'more' >/proc/$PPID/fd/1`
    for (const _ of [1, 2, 3]) {
      const replies = await session.exchange([{ script: noisy }, { script: sh`echo mine` }])
      expect(text(replies[1]?.stdout)).toBe('mine\n')
    }
    await session.close()
  })

  test('an exchange that is cut off on its way runs nothing at all', async () => {
    const folder = testFolder()
    const ran = join(folder, 'ran')
    const bytes = encodeExchange(
      1,
      [
        { script: sh`touch ${ran}`, step: true },
        { script: sh`touch ${ran}`, stdin: Buffer.from('payload\n') },
        { script: sh`touch ${ran}` },
      ],
      'mark',
    )
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 2 }), async (length) => {
        const process = await shell.connect({ TMPDIR: folder }).start(loopCommand('nonce'))
        process.stdout.resume()
        process.stderr.resume()
        process.stdin.end(bytes.subarray(0, length))
        await process.exit
        expect(readdirSync(folder)).toEqual([])
      }),
      { ...chance(40), examples: [[bytes.length - 2], [bytes.length - 3], [0]] },
    )
    expect(existsSync(ran)).toBe(false)
  })

  test('a long file that is cut off on its way changes nothing and leaves nothing', async () => {
    const folder = testFolder()
    const [target, runtime] = [join(folder, 'target'), join(folder, 'tmp')]
    mkdirSync(runtime)
    writeFileSync(target, 'old')
    const process = await shell.connect({ TMPDIR: runtime }).start(loopCommand('nonce'))
    process.stderr.resume()
    const job = stepJob(write(target, Buffer.alloc(4_000_000, 'new')), 'n0nce')
    const started = new Promise<void>((resolve) => {
      process.stdout.on('data', (data: Buffer) => void (data.includes('nonce 1 at 1') && resolve()))
    })
    process.stdin.write(encodeExchange(1, [job], 'f'.repeat(24)))
    await started
    process.stdin.end(Buffer.alloc(1_000_000, 'new'))
    await process.exit
    expect([readdirSync(folder), readdirSync(runtime), readFileSync(target, 'utf8')]).toEqual([['target', 'tmp'], [], 'old'])
  })

  test('a shell that is killed fails what is pending and what comes after', async () => {
    const folder = testFolder()
    const session = await openSession(shell.connect({ TMPDIR: folder }), names)
    const killed = session.exchange([
      { script: sh`true`, step: true },
      { script: sh`kill -9 $PPID`, step: true },
    ])
    const queued = session.exchange([{ script: sh`true` }])
    await expect(killed).rejects.toMatchObject({
      name: 'UnreachableError',
      details: { host: 'honor-viper', detail: expect.stringContaining('job 2 of 2') },
    })
    await expect(queued).rejects.toMatchObject({ name: 'UnreachableError' })
    await expect(session.exchange([{ script: sh`true` }])).rejects.toMatchObject({ name: 'UnreachableError' })
    await session.close()
  })

  test('no step begins after the link is lost, and the directory goes', async () => {
    const folder = testFolder()
    const gate = join(folder, 'gate')
    const late = join(folder, 'late')
    const process = await shell.connect({ TMPDIR: folder }).start(loopCommand('nonce'))
    process.stderr.resume()
    const started = new Promise<void>((resolve) => {
      process.stdout.on('data', (data: Buffer) => void (data.includes('nonce 1 at 1') && resolve()))
    })
    process.stdin.end(
      encodeExchange(
        1,
        [
          { script: sh`while [ ! -e ${gate} ]; do sleep 0.05; done`, step: true },
          { script: sh`touch ${late}`, step: true },
        ],
        'mark',
      ),
    )
    await started
    process.stdout.destroy()
    writeFileSync(gate, '')
    await process.exit
    expect(readdirSync(folder)).toEqual(['gate'])
  })

  test('close is final, and may be called twice', async () => {
    const session = await openSession(shell.connect(), names)
    await Promise.all([session.close(), session.close()])
    await expect(session.exchange([{ script: sh`true` }])).rejects.toMatchObject({ details: { summary: 'The session is closed' } })
  })

  test('a host without room says so', async () => {
    // A limit on the size of files stands in for a full disk: the same tools fail in the same places.
    const session = await openSession(loginThat(sh`trap '' XFSZ; ulimit -f 100`, shell.connect()), names)
    await expect(session.exchange([{ script: sh`cat >/dev/null`, stdin: Buffer.alloc(1_000_000) }])).rejects.toMatchObject({
      name: 'RollcallError',
      details: { host: 'honor-viper', summary: /no room/ },
    })
    await session.close()
  })

  test('a login that is no shell is an error with what it said', async () => {
    const nologin = loginThat(sh`echo 'This account is currently not available.'; exit 1`, shell.connect())
    await expect(openSession(nologin, names)).rejects.toMatchObject({
      name: 'RollcallError',
      details: { host: 'honor-viper', detail: expect.stringContaining('This account is currently not available.') },
    })
  })

  test('a login that hangs is given up', async () => {
    const folder = testFolder()
    const stuck = loginThat(sh`while [ -d ${folder} ]; do sleep 0.1; done`, shell.connect())
    await expect(openSession(stuck, { ...names, startTimeoutMs: 200 })).rejects.toMatchObject({
      name: 'UnreachableError',
      details: { host: 'honor-viper', detail: expect.stringContaining('0.2 s') },
    })
  })
})

test('a login shell that cannot be started is an error, not a crash', async () => {
  await expect(openSession(connectLocal({ shell: '/nonexistent/sh' }), names)).rejects.toMatchObject({ name: 'UnreachableError' })
})

test('the command that starts a session means the same to login shells that are not POSIX (csh, fish)', () => {
  const { text: command } = loopCommand('nonce')
  expect(command.split(`'`)).toHaveLength(3)
  expect(command).not.toMatch(/[!\n]/)
})
