import { stat } from 'node:fs'
import { RollcallError } from '../model/errors.ts'
import { colours, createScreen, printable, wantsColour } from '../report/index.ts'
import { importModule } from '../util/import-module.ts'
import { redact } from '../util/redact.ts'
import { type Engine, engine as rollcall } from './engine.ts'
import { failureOf } from './failure.ts'
import { interrupted, interruptWork, onInterrupt } from './interrupt.ts'
import { commandLine } from './yargs.ts'

/** Ties the command line to this process: streams, signals, errors nobody caught, exit code. */
export async function main(argv: readonly string[], engine: Engine = rollcall): Promise<void> {
  const { stdout, stderr, env } = process
  const cwd = process.cwd()
  for (const stream of [stdout, stderr]) keepGoing(stream)
  const screen = createScreen(stdout, stderr)
  const fail = (error: unknown) => {
    screen.hold()
    const { lines, exitCode } = failureOf(error, colours(wantsColour(env, stderr.isTTY)), cwd)
    stderr.write(`${lines.join('\n')}\n`)
    void exit(exitCode)
  }
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)
  wakeThreads()
  let idle = false
  process.once('beforeExit', () => {
    idle = true
  })
  process.once('exit', (code) => {
    screen.hold() // However we end, nothing half-done is left standing.
    // A signal's own code is no surprise.
    if (ending || code > 128) return
    // Else a playbook that ends the process would look as if all had been done.
    process.exitCode = 1
    const { lines } = failureOf(endedEarly(idle, code), colours(wantsColour(env, stderr.isTTY)), cwd)
    stderr.write(`${lines.join('\n')}\n`)
  })
  let asked = false
  onInterrupt(() => {
    const said = interruptWork()
    if (said !== undefined) return screen.note(`\n${printable(redact(said))}`)
    // Where nobody reads our output we would wait for ever to have it written; a second Ctrl-C does not wait.
    if (asked) process.exit(interrupted)
    asked = true
    screen.note('\ninterrupted: a step that is running on a host goes on to its end there; run it again to see what is left to do')
    void exit(interrupted)
  })
  const ask = process.stdin.isTTY && stderr.isTTY ? { ask: askAtTerminal } : {}
  await exit(await commandLine(argv, { stdout, stderr, env, cwd, engine, screen, ...ask }))
}

/**
 * glibc 2.27 to 2.40 may lose the signal that wakes a thread of Node's pool (https://sourceware.org/bugzilla/show_bug.cgi?id=25847), under load
 * and seldom: the file that it was to read is then waited for without end. The next request wakes it.
 */
function wakeThreads(): void {
  setInterval(() => stat('/', () => undefined), 1000).unref()
}

/** Whether the process ends because we end it. */
let ending = false

function endedEarly(waits: boolean, code: number): RollcallError {
  return new RollcallError({
    summary: 'The process ended before Rollcall was done',
    detail: waits ? 'something waits for what can never come' : `something called process.exit(${code})`,
    fix: waits
      ? 'Look for an await in the inventory, the playbook or what they import, whose promise nobody settles.'
      : 'Look for it in the inventory, the playbook or what they import, and throw an Error in its place.',
  })
}

const lost = new Map<NodeJS.WriteStream, NodeJS.ErrnoException>()

/**
 * Whoever read us may have gone (`| head`), or the disk of a file be full: then what is written is lost, but a run that is
 * changing hosts goes on to its end. To a file Node writes at once, and what fails is thrown where somebody only reports.
 */
function keepGoing(stream: NodeJS.WriteStream): void {
  const lose = (error: NodeJS.ErrnoException) => void (lost.has(stream) || lost.set(stream, error))
  stream.on('error', lose)
  const write = stream.write.bind(stream) as (...given: unknown[]) => boolean
  stream.write = (...given: unknown[]) => {
    const done = given.at(-1)
    try {
      if (!lost.has(stream)) return write(...given)
    } catch (error) {
      lose(error as NodeJS.ErrnoException)
    }
    if (typeof done === 'function') done()
    return true
  }
}

/** Only `y` and `yes` are a yes. */
async function askAtTerminal(question: string): Promise<boolean> {
  const { createInterface } = (await importModule('node:readline/promises')) as typeof import('node:readline/promises')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  // Ctrl-C here is as anywhere, and the end of input is a no.
  terminal.on('SIGINT', () => process.emit('SIGINT'))
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')))
  try {
    return /^y(es)?$/i.test((await Promise.race([terminal.question(`${question} [y/N] `), closed])).trim())
  } finally {
    terminal.close()
  }
}

/** Ends the process once all was written: process.exit alone cuts off what a pipe has not taken yet. */
async function exit(code: number): Promise<never> {
  const written = () => Promise.all([process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))))
  await written()
  ending = true
  const error = lost.get(process.stdout)
  if (error === undefined || error.code === 'EPIPE') process.exit(code)
  const { lines } = failureOf(
    new RollcallError({
      summary: 'What was to be told could not all be written',
      detail: error.message,
      fix: 'What was asked for was done all the same. Make room where the output goes, and look again.',
    }),
    colours(false),
    process.cwd(),
  )
  process.stderr.write(`${lines.join('\n')}\n`)
  await written()
  process.exit(code === 0 ? 1 : code)
}
