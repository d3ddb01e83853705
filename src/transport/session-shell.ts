import { RollcallError } from '../model/errors.ts'
import type { Script } from '../util/sh.ts'
import { within } from '../util/within.ts'
import { type Asked, answerPrompt } from './answer-prompt.ts'
import type { Become } from './become.ts'
import { explainBecome } from './become-errors.ts'
import { type ByteReader, byteReader, StreamEnded } from './byte-reader.ts'
import type { Connection, RemoteProcess } from './connection.ts'
import { endOf, firstOf, tailOf } from './remote-process.ts'
import { noShell, startedLate } from './session-errors.ts'
import { terminalBootLine } from './session-loop.ts'

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
export interface Shell {
  readonly process: RemoteProcess
  readonly reader: ByteReader
  readonly nonce: string
  /** The last of what the shell itself (not a job) wrote to standard error. */
  readonly stderr: () => string
  readonly link: string
  /** It stands at a terminal: both outputs are one, and no end of input can be told. */
  readonly terminal: boolean
  /** Bytes of the program that a shell of another user was given. */
  programSent: number
}

export const startTimeoutMs = 30_000

/** Starts the command of a session. */
export async function startShell(connection: Connection, command: Script, nonce: string, terminal: boolean): Promise<Shell> {
  const process = await connection.start(command, terminal ? { pty: true } : {})
  process.stdin.on('error', () => undefined) // a lost link shows at the output's end, with more to say
  return {
    process,
    reader: byteReader(process.stdout),
    nonce,
    stderr: tailOf(process),
    link: connection.description,
    terminal,
    programSent: 0,
  }
}

const nobody: Asked = { refused: new Promise<never>(() => undefined), stop: () => undefined }

/** Lets whoever asks for a password have it. */
export function listenFor({ process }: Shell, { become, host, user }: SessionOptions, prompt: string): Asked {
  return become === undefined ? nobody : answerPrompt(process, prompt, become, { host, login: user })
}

/** Waits for the shell's greeting, which says its process, and gives a shell at a terminal its program. */
export async function greeted(shell: Shell, options: SessionOptions, prompt: string, asked: Asked): Promise<number> {
  const { process, terminal, nonce } = shell
  const { become, host, user } = options
  const limit = options.startTimeoutMs ?? startTimeoutMs
  let word: string | undefined
  try {
    word = await within(firstOf([greeting(shell), asked.refused]), limit)
    if (word === undefined) throw startedLate(host, user, limit, become && saidBy(shell).replaceAll(prompt, ''))
  } catch (error) {
    const ended = error instanceof StreamEnded ? await endOf(process) : undefined
    process.kill()
    if (ended === undefined) throw error
    // The connection's own error: the link was lost, or no channel was opened.
    if (ended instanceof RollcallError) throw ended
    if (become !== undefined) throw explainBecome(saidBy(shell), prompt, become, terminal, { host, login: user })
    throw noShell(host, user, ended, [shell.reader.leftover(), shell.stderr()])
  } finally {
    asked.stop()
  }
  const pid = Number(word.split(' ')[1])
  // Behind sudo it goes with the first exchange.
  if (become === undefined || (become.method === 'sudo' && !terminal)) return pid
  const program = terminalBootLine(nonce)
  shell.programSent = program.length
  process.stdin.write(program)
  return pid
}

function saidBy({ terminal, reader, stderr }: Shell): string {
  return terminal ? reader.leftover() : stderr()
}

async function greeting({ reader, nonce }: Shell): Promise<string> {
  await reader.seek(Buffer.from(`\n${nonce} `))
  return reader.line()
}
