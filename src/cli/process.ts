import { colours, wantsColour } from '../report/index.ts'
import { type Engine, engine as rollcall } from './engine.ts'
import { failureOf } from './failure.ts'
import { onInterrupt } from './interrupt.ts'
import { commandLine } from './yargs.ts'

const interrupted = 130

/** Ties the command line to this process: streams, signals, errors nobody caught, exit code. */
export async function main(argv: readonly string[], engine: Engine = rollcall): Promise<void> {
  const { stdout, stderr, env } = process
  const cwd = process.cwd()
  // Whoever read us has gone (`| head`). A run that is changing hosts goes on to its end all the same.
  for (const stream of [stdout, stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  const fail = (error: unknown) => {
    const { lines, exitCode } = failureOf(error, colours(wantsColour(env, stderr.isTTY)), cwd)
    stderr.write(`${lines.join('\n')}\n`)
    void exit(exitCode)
  }
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)
  let asked = false
  onInterrupt(() => {
    // Where nobody reads our output we would wait for ever to have it written; a second Ctrl-C does not wait.
    if (asked) process.exit(interrupted)
    asked = true
    stderr.write('\ninterrupted: a step that is running on a host goes on to its end there; run it again to see what is left to do\n')
    void exit(interrupted)
  })
  const ask = process.stdin.isTTY && stderr.isTTY ? { ask: askAtTerminal } : {}
  await exit(await commandLine(argv, { stdout, stderr, env, cwd, engine, ...ask }))
}

/** Only `y` and `yes` are a yes. */
async function askAtTerminal(question: string): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises')
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
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))))
  process.exit(code)
}
