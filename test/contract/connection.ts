import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connection, Exit, RemoteProcess } from '../../src/transport/connection.ts'
import { openSession } from '../../src/transport/session.ts'
import { Secret } from '../../src/util/secret.ts'
import { type Script, sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'
import { writeBecomePrograms } from '../helpers/sudo.ts'

/** What the suite needs to know of an implementation. */
export interface ConnectionSubject {
  connect(): Promise<Connection>
  /** Ends the link without closing the connection; only where there is a link. */
  cut?(): void
  stop?(): Promise<void>
}

/** What an implementation has, and others have not. */
export interface ConnectionKind {
  /** There is a link, which can be lost. */
  readonly link: boolean
  /** The name of the signal that killed a process is passed on; `code`: as a shell has it, in the exit code. */
  readonly signals: boolean | 'code'
  readonly pty: boolean
  /** Much may come on both outputs at a time. The server that ssh2 brings repeats and loses data then; OpenSSH's does not. */
  readonly bothOutputs: boolean
  /**
   * What a process said arrives also when it ends with input that it never read. Podman's client loses it now and then (4.3: 2 of 60
   * on a busy machine); the exit code arrives.
   */
  readonly unreadInput: boolean
  /** What a session leaves running ends with the connection, as it is the host that ends. Absent: it goes on. */
  readonly endsAll?: boolean
}

/** What the host's environment must hold: a folder with `sudo` first in PATH, and what the stand-in reads. */
export type HostEnvironment = Readonly<Record<string, string>>

interface Outcome {
  readonly exit: Exit
  readonly stdout: string
  readonly stderr: string
}

/** Those of this machine, in whichever namespace, that have this in their words. */
function processesWith(word: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^[0-9]+$/.test(pid)) return false
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word)
    } catch {
      return false
    }
  })
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('latin1')
}

async function finish(process: RemoteProcess, input: Uint8Array = new Uint8Array(0)): Promise<Outcome> {
  const output = Promise.all([text(process.stdout), text(process.stderr)])
  process.stdin.end(input)
  const [exit, [stdout, stderr]] = await Promise.all([process.exit, output])
  return { exit, stdout, stderr }
}

const everyByte = Array.from({ length: 256 }, (_, byte) => byte)
const hostile = "it's; $(id) `id` \\ \n * ! \u00e4"

const cases: readonly {
  readonly name: string
  readonly script: Script
  readonly input?: Uint8Array
  readonly outcome: Partial<Outcome>
}[] = [
  {
    name: 'gives both outputs apart',
    script: sh`echo out; echo err >&2`,
    outcome: { stdout: 'out\n', stderr: 'err\n', exit: { code: 0, signal: null } },
  },
  ...[1, 42, 127, 130, 254, 255].map((code) => ({
    name: `gives the exit code ${code}, and adds nothing to the outputs`,
    script: sh`exit ${code}`,
    outcome: { stdout: '', stderr: '', exit: { code, signal: null } },
  })),
  {
    name: 'carries every byte of the input',
    script: sh`cat`,
    input: Buffer.from(everyByte),
    outcome: { stdout: String.fromCharCode(...everyByte) },
  },
  {
    name: 'gives an end to the input of a process that gets none',
    script: sh`cat; echo end`,
    outcome: { stdout: 'end\n' },
  },
  {
    name: 'keeps a hostile word in one piece',
    script: sh`printf %s ${hostile}`,
    outcome: { stdout: Buffer.from(hostile).toString('latin1') },
  },
  { name: 'passes on output without a newline at its end', script: sh`printf a; printf b >&2`, outcome: { stdout: 'a', stderr: 'b' } },
  {
    name: 'has no terminal',
    script: sh`for fd in 0 1 2; do if [ -t $fd ]; then echo "$fd is one"; fi; done`,
    outcome: { stdout: '' },
  },
]

/** The behaviour of every implementation of {@link Connection}. */
export function connectionContract(
  name: string,
  kind: ConnectionKind,
  start: (host: HostEnvironment, folder: string) => Promise<ConnectionSubject>,
): void {
  describe(`connection: ${name}`, () => {
    let subject: ConnectionSubject
    const folder = testFolder()
    const password = `p'a"ss $(x) \\`
    /** Runs until the tests are over, so that none leaves a process behind. */
    const staying = sh`while [ -d ${folder} ]; do sleep 0.1; done`
    const names = { host: 'honor-viper', user: 'admin' }
    beforeAll(async () => {
      const programs = join(folder, 'bin')
      mkdirSync(programs)
      writeBecomePrograms(programs)
      const log = join(folder, 'sudo.log')
      subject = await start({ PATH: `${programs}:/usr/bin:/bin`, SUDO_KIND: 'password', SUDO_LOG: log, SUDO_PASSWORD: password }, folder)
    })
    afterAll(async () => {
      rmSync(folder, { recursive: true })
      await subject.stop?.()
    })
    const connected = async (work: (connection: Connection) => Promise<void>) => {
      const connection = await subject.connect()
      await work(connection)
      await connection.close()
    }

    test.each(cases)('$name', ({ script, input, outcome }) =>
      connected(async (connection) => {
        expect(await finish(await connection.start(script), input)).toMatchObject(outcome)
      }),
    )

    test('waits for no input from a process that reads none', () =>
      connected(async (connection) => {
        const process = await connection.start(sh`exec <&-; echo closed; exit 3`)
        const { exit, stdout } = await finish(process, Buffer.alloc(2_000_000, 'x'))
        expect(exit).toEqual({ code: 3, signal: null })
        expect(kind.unreadInput ? ['closed\n'] : ['closed\n', '']).toContain(stdout)
      }))

    test('tells a process that a signal killed from one that ended', () =>
      connected(async (connection) => {
        const { exit } = await finish(await connection.start(sh`kill -9 $$`))
        expect(exit).toEqual(
          kind.signals === 'code' ? { code: 137, signal: null } : { code: null, signal: kind.signals ? 'SIGKILL' : null },
        )
        expect(await finish(await connection.start(sh`echo still here`))).toMatchObject({ stdout: 'still here\n' })
      }))

    test('carries megabytes in all directions', () =>
      connected(async (connection) => {
        const big = Buffer.alloc(3_000_000, 'roll\0call\n')
        const copy = join(folder, 'copy')
        const both = sh`cat >${copy}; cat ${copy} & cat ${copy} >&2; wait`
        const { stdout, stderr } = await finish(await connection.start(kind.bothOutputs ? both : sh`cat`), big)
        for (const output of kind.bothOutputs ? [stdout, stderr] : [stdout]) expect(Buffer.from(output, 'latin1').equals(big)).toBe(true)
      }))

    test('holds back a process whose output nobody reads, and loses nothing of it', () =>
      connected(async (connection) => {
        const process = await connection.start(sh`head -c 5000000 /dev/zero; echo end >&2`)
        const other = await finish(await connection.start(sh`echo meanwhile`))
        expect(other.stdout).toBe('meanwhile\n')
        const { stdout, stderr } = await finish(process)
        expect([stdout.length, stderr]).toEqual([5_000_000, 'end\n'])
      }))

    test('runs many processes at a time, each with its own streams', () =>
      connected(async (connection) => {
        const numbers = Array.from({ length: 8 }, (_, number) => number)
        const processes = await Promise.all(
          numbers.map((number) => connection.start(sh`read line; echo ${number} "$line"; exit ${number}`)),
        )
        const outcomes = await Promise.all(processes.map((process, at) => finish(process, Buffer.from(`line ${at}\n`))))
        expect(outcomes.map(({ stdout, exit }) => [stdout, exit.code])).toEqual(numbers.map((at) => [`${at} line ${at}\n`, at]))
      }))

    test('gives a terminal where one is asked for', () =>
      connected(async (connection) => {
        const started = connection.start(sh`if [ -t 0 ] && [ -t 1 ]; then echo a terminal; fi`, { pty: true })
        if (kind.pty) expect((await finish(await started)).stdout).toMatch(/^a terminal\r?\n$/)
        else await expect(started).rejects.toMatchObject({ name: 'RollcallError', details: { fix: expect.any(String) } })
      }))

    test('kill ends a process that would stay, and no other', () =>
      connected(async (connection) => {
        const other = await connection.start(sh`read line; echo "$line"`)
        const process = await connection.start(staying)
        process.kill()
        expect((await process.exit).code).not.toBe(0)
        expect((await finish(other, Buffer.from('alive\n'))).stdout).toBe('alive\n')
      }))

    test('close ends what still runs, and may be called again', async () => {
      const connection = await subject.connect()
      const process = await connection.start(staying)
      await connection.close()
      await expect(process.exit.catch(() => 'ended')).resolves.toBeDefined()
      await connection.close()
    })

    test('close ends even what will not hear of it, with all that it started', async () => {
      const connection = await subject.connect()
      const process = await connection.start(sh`trap '' TERM HUP; echo up; ( while [ -d ${folder} ]; do sleep 0.1; done ); :`)
      await new Promise((resolve) => process.stdout.once('data', resolve))
      await connection.close()
      await expect(process.exit.catch(() => 'ended')).resolves.toBeDefined()
    })

    test('after close nothing is started', async () => {
      const connection = await subject.connect()
      await connection.close()
      await expect(connection.start(sh`true`)).rejects.toMatchObject({ name: 'UnreachableError' })
    })

    test('a job that goes on in the background does not end with the session', async () => {
      const connection = await subject.connect()
      const session = await openSession(connection, { host: 'honor-viper', user: 'admin' })
      const mark = `${folder}/mark-${name}`
      const waiting = 'until [ -e "$1" ]; do sleep 0.1; done; : >"$2"'
      await session.exchange([{ script: sh`sh -c ${waiting} waits ${`${mark}.go`} ${mark} & exit 0` }])
      await session.close()
      if (kind.endsAll) {
        expect(processesWith(mark)).toHaveLength(1)
        await connection.close()
        expect(processesWith(mark)).toEqual([])
        return
      }
      await connection.close()
      writeFileSync(`${mark}.go`, '')
      await expect.poll(() => existsSync(mark), { timeout: 20_000 }).toBe(true)
    })

    test('several connections at a time know nothing of each other', async () => {
      const [one, other] = await Promise.all([subject.connect(), subject.connect()])
      const process = await other.start(sh`read line; echo "$line"`)
      await one.close()
      expect((await finish(process, Buffer.from('alive\n'))).stdout).toBe('alive\n')
      await other.close()
    })

    const throughTerminals = kind.pty
      ? (['sudo', 'su', 'doas'] as const).map((method) => ({ method, through: `${method}, through a terminal` }))
      : []
    test.each([{ method: undefined, through: 'the login' }, ...throughTerminals])(
      'carries a session: frames, steps, reads ($through)',
      ({ method }) =>
        connected(async (connection) => {
          const become = method && { method, user: 'deploy', password: new Secret(password), terminal: true }
          const session = await openSession(connection, { ...names, ...(become && { become }) })
          const replies = await session.exchange([
            { script: sh`cat; echo err >&2; exit 7`, stdin: Buffer.from('a\0b') },
            { script: sh`echo first`, step: true },
            { script: sh`exit 9`, step: true },
            { script: sh`echo never`, step: true },
            { script: sh`echo read` },
          ])
          const none = new Uint8Array(0)
          expect(replies.map(({ time }) => time !== undefined)).toEqual([false, true, true, false, false])
          expect(replies.map(({ time: _, ...reply }) => reply)).toEqual([
            { ran: true, code: 7, stdout: Buffer.from('a\0b'), stderr: Buffer.from('err\n') },
            { ran: true, code: 0, stdout: Buffer.from('first\n'), stderr: none },
            { ran: true, code: 9, stdout: none, stderr: none },
            { ran: false, code: 0, stdout: none, stderr: none },
            { ran: true, code: 0, stdout: Buffer.from('read\n'), stderr: none },
          ])
          const bytes = Buffer.from([...everyByte, ...everyByte.toReversed()])
          expect(
            (await session.exchange([{ script: sh`cat`, stdin: bytes }])).map(({ stdout }) => Buffer.from(stdout).equals(bytes)),
          ).toEqual([true])
          const big = Buffer.alloc(1_000_000, 'x\n')
          const [echoed, killed] = await session.exchange([{ script: sh`cat`, stdin: big }, { script: sh`kill -9 $$` }])
          expect(Buffer.from(echoed?.stdout ?? []).equals(big)).toBe(true)
          expect(killed).toMatchObject({ ran: true, code: 137 })
          const long = Buffer.alloc(5_000_000, 'long\n')
          const [counted] = await session.exchange([{ script: sh`md5sum; echo done`, stdin: long, step: true, countsInput: true }])
          expect(Buffer.from(counted?.stdout ?? []).toString()).toBe(`${execFileSync('md5sum', { input: long })}done\n`)
          await session.close()
        }),
    )

    test('carries the session of another user beside the login user’s', () =>
      connected(async (connection) => {
        const login = await openSession(connection, names)
        const became = await openSession(connection, {
          ...names,
          become: { method: 'sudo', user: 'deploy', password: new Secret(password) },
        })
        const job = { script: sh`printf %s "$BECAME"` }
        const replies = await Promise.all([login.exchange([job]), became.exchange([job])])
        expect(replies.map(([reply]) => Buffer.from(reply?.stdout ?? []).toString())).toEqual(['', 'deploy'])
        await became.close()
        await login.close()
      }))

    test('a wrong password for sudo is told, and the connection lives on', () =>
      connected(async (connection) => {
        const become = { method: 'sudo', user: 'deploy', password: new Secret('wrong') } as const
        await expect(openSession(connection, { ...names, become })).rejects.toMatchObject({
          details: { summary: 'sudo did not accept the password' },
        })
        expect((await finish(await connection.start(sh`echo on`))).stdout).toBe('on\n')
      }))

    if (!kind.link) return
    test('a lost link fails what is pending with UnreachableError', async () => {
      const connection = await subject.connect()
      const session = await openSession(connection, names)
      const pending = session.exchange([{ script: staying }])
      const queued = session.exchange([{ script: sh`true` }])
      const process = await connection.start(staying)
      subject.cut?.()
      await expect(pending).rejects.toMatchObject({ name: 'UnreachableError', details: { host: 'honor-viper' } })
      await expect(queued).rejects.toMatchObject({ name: 'UnreachableError' })
      await expect(process.exit).rejects.toMatchObject({ name: 'UnreachableError', details: { host: 'honor-viper' } })
      await expect(connection.start(sh`true`)).rejects.toMatchObject({ name: 'UnreachableError' })
      await session.close()
      await connection.close()
    })
  })
}
