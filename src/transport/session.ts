import { randomBytes } from 'node:crypto'
import { RollcallError } from '../model/errors.ts'
import { within } from '../util/within.ts'
import { type Become, becomeCommand, randomPrompt, sudoWords, usesTerminal } from './become.ts'
import { NeedsTerminal } from './become-errors.ts'
import { StreamEnded } from './byte-reader.ts'
import type { Connection, RemoteProcess } from './connection.ts'
import { endOf, settled } from './remote-process.ts'
import { lostAnswer, noShell, notKept, startedLate } from './session-errors.ts'
import { encodeExchange, isOwn, lateInput, ownDriver, readAnswer } from './session-frame.ts'
import { goodbye, isShort, loopAfter, loopCommand } from './session-loop.ts'
import { greeted, listenFor, type SessionOptions, type Shell, startShell, startTimeoutMs } from './session-shell.ts'
import type { Job, Reply, Running, Session } from './session-types.ts'

/** A session, and its answer to the jobs that it was opened with. */
export interface Started {
  readonly session: Session
  /** Rejects as {@link Session.exchange} does. */
  readonly replies: Promise<readonly Reply[]>
}

/** {@link startSession} without jobs. */
export async function openSession(connection: Connection, options: SessionOptions): Promise<Session> {
  return (await startSession(connection, options, [])).session
}

/**
 * Opens one long-lived `sh` on a host, for an exchange that is at hand. Own reads of the login user that are open to
 * everybody go with the command that starts it, so that both cost one round trip.
 * @throws RollcallError when the host is there but gives no usable shell (sudo refuses, no writable directory).
 * @throws UnreachableError when the link is lost meanwhile.
 */
export async function startSession(connection: Connection, options: SessionOptions, jobs: readonly Job[]): Promise<Started> {
  const { become } = options
  try {
    return await start(connection, options, jobs)
  } catch (error) {
    if (!become || !(error instanceof NeedsTerminal)) throw error
    return start(connection, { ...options, become: { ...become, terminal: true } }, jobs)
  }
}

async function start(connection: Connection, options: SessionOptions, jobs: readonly Job[]): Promise<Started> {
  const { become } = options
  const nonce = randomBytes(16).toString('hex')
  const prompt = randomPrompt()
  const driver = become === undefined && jobs.length > 0 && jobs.every(isOpen) ? ownDriver(jobs) : undefined
  const whole = driver === undefined ? undefined : loopCommand(nonce, driver)
  const along = whole !== undefined && isShort(whole) ? whole : undefined
  const command = along ?? (become === undefined ? loopCommand(nonce) : becomeCommand(become, prompt, nonce))
  const shell = await startShell(connection, command, nonce, become !== undefined && usesTerminal(become))
  const pid = await greeted(shell, options, prompt, listenFor(shell, options, prompt))
  const { session, answerTo } = serve(shell, options, pid)
  return { session, replies: along === undefined ? session.exchange(jobs) : answerTo(jobs, driver!.length) }
}

/** What is known of a session that opens while the login user is asked. */
export interface Becoming {
  /** The login user's answers. Rejects when there are none, whatever the reason. */
  readonly replies: Promise<readonly Reply[]>
  /** Rejects as {@link startSession} does. Its first exchange are the replies. */
  readonly session: Promise<Session>
}

/**
 * Asks the login user, and opens the session of another user in the same process: one channel and one login shell for both.
 * @returns undefined, at once, where the jobs do not allow that.
 */
export function startBecoming(
  connection: Connection,
  options: SessionOptions & { readonly become: Become },
  jobs: readonly Job[],
): Promise<Becoming> | undefined {
  const { become } = options
  if (become.method !== 'sudo' || usesTerminal(become) || jobs.length === 0 || !jobs.every(isOpen)) return undefined
  const nonce = randomBytes(16).toString('hex')
  const prompt = randomPrompt()
  const driver = ownDriver(jobs)
  const command = loopAfter(nonce, driver, sudoWords(become, prompt, nonce))
  if (!isShort(command)) return undefined
  return startShell(connection, command, nonce, false).then((shell) => {
    const asked = listenFor(shell, options, prompt) // The prompt may come before the answers are read.
    const replies = firstAnswer(shell, options, jobs.length)
    const session = replies.then(async () => {
      const pid = await greeted(shell, options, prompt, asked)
      return serve(shell, options, pid, { exchanges: 1, bytesSent: driver.length }).session
    })
    session.catch(() => undefined)
    return { replies, session }
  })
}

function isOpen(job: Job): boolean {
  return isOwn(job) && job.open === true
}

async function firstAnswer(shell: Shell, options: SessionOptions, jobs: number): Promise<readonly Reply[]> {
  const { process, reader, nonce, stderr, link } = shell
  const { host, user } = options
  const limit = options.startTimeoutMs ?? startTimeoutMs
  try {
    const said = await within(
      readAnswer(reader, nonce, 1, jobs, () => undefined),
      limit,
    )
    if (said === undefined) throw startedLate(host, user, limit)
    if (said.kind !== 'replies') throw notKept(said.kind, host)
    return said.replies
  } catch (error) {
    if (error instanceof RollcallError) {
      process.kill()
      throw error
    }
    const ended = await endOf(process)
    process.kill()
    if (ended instanceof RollcallError) throw ended
    if (error instanceof StreamEnded) throw noShell(host, user, ended, [reader.leftover(), stderr()])
    throw lostAnswer(error, { host, link, progress: undefined, ended, stderr: stderr() })
  }
}

interface Served {
  readonly session: Session
  /** The answer to jobs that went with the command. */
  answerTo(jobs: readonly Job[], bytes: number): Promise<readonly Reply[]>
}

function serve(shell: Shell, options: SessionOptions, pid: number, before = { exchanges: 0, bytesSent: 0 }): Served {
  const { process, reader, nonce, stderr, link, terminal } = shell
  const { host } = options
  let { exchanges, bytesSent } = before
  bytesSent += shell.programSent
  // Where no program was sent yet it goes with the first exchange.
  let booted = options.become === undefined || shell.programSent > 0
  // Nothing was made on the host that its shell would have to clear away, and nothing runs.
  let tidy = true
  // A step of the last exchange is recorded on the host, unless it hears that its answer has come.
  let recorded = false
  let running = 0
  let latest: Pick<Running, 'step' | 'task' | 'since'> = { since: new Date() }
  let over: RollcallError | undefined
  let closing: Promise<void> | undefined
  let queue: Promise<unknown> = Promise.resolve()

  async function turn(jobs: readonly Job[]): Promise<readonly Reply[]> {
    if (over !== undefined) throw over
    exchanges += 1
    const bytes = encodeExchange(exchanges, jobs, randomBytes(12).toString('hex'), {
      boot: !booted,
      user: options.become?.user ?? options.user,
    })
    booted = true
    bytesSent += bytes.length
    if (!jobs.every(isOwn)) tidy = false
    recorded = jobs.some(({ about }) => about !== undefined)
    process.stdin.write(bytes)
    return again(jobs, await answer(jobs))
  }

  async function answer(jobs: readonly Job[]): Promise<readonly Reply[]> {
    let step: number | undefined
    const starts = new Map<number, Date>()
    const ends = new Map<number, Date>()
    latest = { since: new Date() }
    const begun = (started: number) => {
      step = started
      const job = jobs[started - 1]!
      starts.set(started - 1, new Date())
      latest = watched(jobs, started, starts)
      const input = lateInput(job)
      if (input === undefined) return
      bytesSent += input.length
      feed(process, input)
    }
    const ended = (step: number) => {
      ends.set(step - 1, new Date())
      const left = [...starts.keys()].findLast((index) => jobs[index]!.beside && !ends.has(index))
      if (latest.step === step && left !== undefined) latest = watched(jobs, left + 1, starts)
    }
    try {
      const said = await readAnswer(reader, nonce, exchanges, jobs.length, begun, ended)
      if (said.kind === 'replies') return withTimes(said.replies, starts, ends, new Date())
      const problem = notKept(said.kind, host)
      if (said.kind === 'nodir') over = problem
      throw problem
    } catch (error) {
      if (error instanceof RollcallError) throw error
      const progress = step === undefined ? undefined : `while job ${step} of ${jobs.length} was running`
      over ??= lostAnswer(error, { host, link, progress, ended: await endOf(process), stderr: stderr() })
      process.kill()
      throw over
    }
  }

  /** Own reads that failed are run once more, each in a shell of its own; not those before a step, which saw another host. */
  async function again(jobs: readonly Job[], replies: readonly Reply[]): Promise<readonly Reply[]> {
    const lastStep = jobs.findLastIndex(({ step }) => step === true)
    const failed = jobs.flatMap((job, at) => (at > lastStep && isOwn(job) && replies[at]!.code !== 0 ? [at] : []))
    if (failed.length === 0) return replies
    const second = await turn(failed.map((at) => ({ script: jobs[at]!.script })))
    return replies.map((reply, at) => second[failed.indexOf(at)] ?? reply)
  }

  /** One after the other. */
  function inTurn(work: () => Promise<readonly Reply[]>): Promise<readonly Reply[]> {
    running += 1
    const done = queue.then(work).finally(() => {
      running -= 1
    })
    queue = done.catch(() => undefined)
    return done
  }

  async function end(): Promise<void> {
    over ??= new RollcallError({ summary: 'The session is closed', host })
    if (recorded && running === 0)
      process.stdin.write('bye\n') // The last answer has come.
    else if (terminal && !process.stdin.destroyed) process.stdin.write(goodbye)
    process.stdin.end()
    if (tidy && running === 0) return
    if ((await within(settled(process), 5000)) === undefined) process.kill()
  }

  const session: Session = {
    user: options.become?.user ?? options.user,
    get stats() {
      return { exchanges, bytesSent, bytesReceived: reader.received }
    },
    get running() {
      return running === 0 || over !== undefined ? undefined : { pid, nonce, exchange: exchanges, ...latest }
    },
    exchange: (jobs) => (jobs.length === 0 ? Promise.resolve([]) : inTurn(() => turn(jobs))),
    close() {
      closing ??= end()
      return closing
    },
  }
  return {
    session,
    answerTo(jobs, bytes) {
      exchanges += 1
      bytesSent += bytes
      return inTurn(async () => again(jobs, await answer(jobs)))
    },
  }
}

type Times = ReadonlyMap<number, Date>

/** A step as whoever watches the session sees it. */
function watched(jobs: readonly Job[], step: number, starts: Times): Pick<Running, 'step' | 'task' | 'since'> {
  const { task } = jobs[step - 1]!
  return { step, since: starts.get(step - 1)!, ...(task !== undefined && { task }) }
}

/** A step has ended when it says so, or when the next one begins. */
function withTimes(replies: readonly Reply[], starts: Times, said: Times, end: Date): readonly Reply[] {
  const all = [...starts.values(), end]
  const ends = new Map([...starts.keys()].map((index, at) => [index, said.get(index) ?? all[at + 1]!]))
  return replies.map((reply, index) => {
    const start = starts.get(index)
    return start ? { ...reply, time: { start, end: ends.get(index)! } } : reply
  })
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
