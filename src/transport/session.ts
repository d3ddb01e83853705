import { randomBytes } from 'node:crypto'
import { RollcallError } from '../model/errors.ts'
import { answerPrompt, type Become, explainSudo, randomPrompt, sudoCommand } from './become.ts'
import { type ByteReader, byteReader, StreamEnded } from './byte-reader.ts'
import type { Connection, Exit, RemoteProcess } from './connection.ts'
import { lostAnswer, noDirectory, noShell, notKept, startedLate } from './session-errors.ts'
import { encodeExchange, lateInput, readAnswer } from './session-frame.ts'
import { loopCommand } from './session-loop.ts'
import type { Job, Reply, Session } from './session-types.ts'

/** Whose shell to open, and how it is called in messages. */
export interface SessionOptions {
  readonly host: string
  /** The user that the connection is logged in as. */
  readonly user: string
  readonly become?: Become
  /** How long the shell may take until it says hello (a slow profile counts); 30 s by default. */
  readonly startTimeoutMs?: number
}

/** A shell that runs on the host, before and after it has said hello. */
interface Shell {
  readonly process: RemoteProcess
  readonly reader: ByteReader
  readonly nonce: string
  /** The last of what the shell itself (not a job) wrote to standard error. */
  readonly stderr: () => string
  readonly link: string
}

/**
 * Opens one long-lived `sh` on a host.
 * @throws RollcallError when the host is there but gives no usable shell (sudo refuses, no writable directory).
 * @throws UnreachableError when the link is lost meanwhile.
 */
export async function openSession(connection: Connection, options: SessionOptions): Promise<Session> {
  const { become, host, user } = options
  const nonce = randomBytes(16).toString('hex')
  const prompt = randomPrompt()
  const process = await connection.start(become === undefined ? loopCommand(nonce) : sudoCommand(become, prompt, nonce))
  process.stdin.on('error', () => undefined) // a lost link shows at the output's end, with more to say
  const shell: Shell = { process, reader: byteReader(process.stdout), nonce, stderr: tailOf(process), link: connection.description }
  const limit = options.startTimeoutMs ?? 30_000
  const refused = become === undefined ? [] : [answerPrompt(process, prompt, become, { host, login: user })]
  try {
    const word = await within(firstOf([greeting(shell), ...refused]), limit)
    if (word === undefined) throw startedLate(host, user, limit)
    if (word !== 'ready') throw noDirectory(host)
  } catch (error) {
    const ended = error instanceof StreamEnded ? await endOf(process) : undefined
    process.kill()
    if (ended === undefined) throw error
    // The connection's own error: the link was lost, or no channel was opened.
    if (ended instanceof RollcallError) throw ended
    if (become !== undefined) throw explainSudo(shell.stderr(), prompt, become, { host, login: user })
    throw noShell(host, user, ended, [shell.reader.leftover(), shell.stderr()])
  }
  return serve(shell, options)
}

function serve(shell: Shell, options: SessionOptions): Session {
  const { process, reader, nonce, stderr, link } = shell
  const { host } = options
  let exchanges = 0
  let bytesSent = 0
  let over: RollcallError | undefined
  let closing: Promise<void> | undefined
  let queue: Promise<unknown> = Promise.resolve()

  async function turn(jobs: readonly Job[]): Promise<readonly Reply[]> {
    if (over !== undefined) throw over
    exchanges += 1
    const bytes = encodeExchange(exchanges, jobs)
    bytesSent += bytes.length
    let running: number | undefined
    process.stdin.write(bytes)
    try {
      const answer = await readAnswer(reader, nonce, exchanges, jobs.length, (step) => {
        running = step
        const input = lateInput(jobs[step - 1]!)
        if (input === undefined) return
        bytesSent += input.length
        feed(process, input)
      })
      if (answer.kind === 'replies') return answer.replies
      throw notKept(answer.kind, host)
    } catch (error) {
      if (error instanceof RollcallError) throw error
      const progress = running === undefined ? undefined : `while job ${running} of ${jobs.length} was running`
      over ??= lostAnswer(error, { host, link, progress, ended: await endOf(process), stderr: stderr() })
      process.kill()
      throw over
    }
  }

  async function end(): Promise<void> {
    over ??= new RollcallError({ summary: 'The session is closed', host })
    process.stdin.end()
    if ((await within(settled(process), 5000)) === undefined) process.kill()
  }

  return {
    user: options.become?.user ?? options.user,
    get stats() {
      return { exchanges, bytesSent, bytesReceived: reader.received }
    },
    exchange(jobs) {
      if (jobs.length === 0) return Promise.resolve([])
      const answer = queue.then(() => turn(jobs))
      queue = answer.catch(() => undefined)
      return answer
    },
    close() {
      closing ??= end()
      return closing
    },
  }
}

const piece = 256 * 1024

/** In pieces, so that only what is on its way is held twice. A link that is lost shows at the output's end. */
function feed({ stdin }: RemoteProcess, input: Uint8Array): void {
  let at = 0
  const more = () => {
    while (at < input.length && !stdin.destroyed) {
      const flows = stdin.write(input.subarray(at, at + piece))
      at += piece
      if (!flows) return stdin.once('drain', more)
    }
  }
  more()
}

async function greeting({ reader, nonce }: Shell): Promise<string> {
  await reader.seek(Buffer.from(`\n${nonce} `))
  return reader.line()
}

/** The first to settle decides; the rest may fail later, unheard. */
function firstOf<T>(promises: readonly Promise<T>[]): Promise<T> {
  for (const promise of promises) promise.catch(() => undefined)
  return Promise.race(promises)
}

function tailOf(process: RemoteProcess): () => string {
  let tail = ''
  process.stderr.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString('utf8')).slice(-4096)
  })
  process.stderr.on('error', () => undefined)
  return () => tail.trim()
}

/** What the promise gives, or undefined when it takes longer than the limit. */
async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds)
  })
  try {
    return await Promise.race([promise, limit])
  } finally {
    clearTimeout(timer)
  }
}

/** How the process ended; a link that was lost comes back as the connection's own error. */
function settled(process: RemoteProcess): Promise<Exit | Error> {
  return process.exit.catch((error: Error) => error)
}

async function endOf(process: RemoteProcess): Promise<Exit | Error> {
  return (await within(settled(process), 2000)) ?? { code: null, signal: null }
}
