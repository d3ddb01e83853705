import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connection, Exit, RemoteProcess } from '../../src/transport/connection.ts'
import { openSession } from '../../src/transport/session.ts'
import { type Script, sh } from '../../src/util/sh.ts'
import { testFolder } from '../helpers/folder.ts'

/** What the suite needs to know of an implementation. */
export interface ConnectionSubject {
  connect(): Promise<Connection>
  /** Ends the link without closing the connection; only where there is a link. */
  cut?(): void
  stop?(): Promise<void>
}

interface Outcome {
  readonly exit: Exit
  readonly stdout: string
  readonly stderr: string
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
  { name: 'gives the exit code', script: sh`exit 42`, outcome: { exit: { code: 42, signal: null } } },
  { name: 'gives the signal that killed the process', script: sh`kill -9 $$`, outcome: { exit: { code: null, signal: 'SIGKILL' } } },
  {
    name: 'carries every byte of the input',
    script: sh`cat`,
    input: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
    outcome: { stdout: String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte)) },
  },
  {
    name: 'keeps a hostile word in one piece',
    script: sh`printf %s ${"it's; $(id) `id` \\ \n *"}`,
    outcome: { stdout: "it's; $(id) `id` \\ \n *" },
  },
]

/** The behaviour of every implementation of {@link Connection}; with a `link`, also of one that can be lost. */
export function connectionContract(name: string, kind: { readonly link: boolean }, start: () => Promise<ConnectionSubject>): void {
  describe(`connection: ${name}`, () => {
    let subject: ConnectionSubject
    const folder = testFolder()
    /** Runs until the tests are over, so that none leaves a process behind. */
    const staying = sh`while [ -d ${folder} ]; do sleep 0.1; done`
    beforeAll(async () => {
      subject = await start()
    })
    afterAll(async () => {
      rmSync(folder, { recursive: true })
      await subject.stop?.()
    })

    test.each(cases)('$name', async ({ script, input, outcome }) => {
      const connection = await subject.connect()
      expect(await finish(await connection.start(script), input)).toMatchObject(outcome)
      await connection.close()
    })

    test('carries megabytes in both directions', async () => {
      const connection = await subject.connect()
      const big = Buffer.alloc(3_000_000, 'roll\0call\n')
      const { stdout } = await finish(await connection.start(sh`cat`), big)
      expect(Buffer.from(stdout, 'latin1').equals(big)).toBe(true)
      await connection.close()
    })

    test('runs several processes at a time', async () => {
      const connection = await subject.connect()
      const processes = await Promise.all([1, 2, 3].map((number) => connection.start(sh`read line; echo ${number} "$line"`)))
      const outcomes = await Promise.all(processes.map((process, at) => finish(process, Buffer.from(`${at}\n`))))
      expect(outcomes.map(({ stdout }) => stdout)).toEqual(['1 0\n', '2 1\n', '3 2\n'])
      await connection.close()
    })

    test('kill ends a process that would stay', async () => {
      const connection = await subject.connect()
      const process = await connection.start(staying)
      process.kill()
      const exit = await process.exit
      expect(exit.code).not.toBe(0)
      await connection.close()
    })

    test('close ends what still runs', async () => {
      const connection = await subject.connect()
      const process = await connection.start(staying)
      await connection.close()
      await expect(process.exit.catch(() => 'ended')).resolves.toBeDefined()
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
      await session.exchange([{ script: sh`( until [ -e ${`${mark}.go`} ]; do sleep 0.1; done; : >${mark} ) & exit 0` }])
      await session.close()
      await connection.close()
      writeFileSync(`${mark}.go`, '')
      await expect.poll(() => existsSync(mark), { timeout: 20_000 }).toBe(true)
    })

    test('carries a session', async () => {
      const connection = await subject.connect()
      const session = await openSession(connection, { host: 'honor-viper', user: 'admin' })
      const replies = await session.exchange([{ script: sh`cat; echo err >&2; exit 7`, stdin: Buffer.from('a\0b') }])
      expect(replies).toEqual([{ ran: true, code: 7, stdout: Buffer.from('a\0b'), stderr: Buffer.from('err\n') }])
      await session.close()
      await connection.close()
    })

    if (!kind.link) return
    test('a lost link fails what is pending with UnreachableError', async () => {
      const connection = await subject.connect()
      const session = await openSession(connection, { host: 'honor-viper', user: 'admin' })
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
