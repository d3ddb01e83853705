import { spawn } from 'node:child_process'
import { hostname, userInfo } from 'node:os'
import { RollcallError, UnreachableError } from '../model/errors.ts'
import { quote } from '../util/sh.ts'
import type { Connection, Exit, RemoteProcess } from './connection.ts'
import { runProgram } from './openssh-program.ts'

/** What a local connection may be told; the defaults are the controller's own shell and environment. */
export interface LocalOptions {
  readonly shell?: string
  readonly env?: NodeJS.ProcessEnv
}

/** Long enough for a shell to clean up, short enough to wait for. */
const patienceMs = 2000

/** The user that Rollcall runs as. A number without an entry in the user database is called by the number. */
export function localUser(): string {
  if (process.getuid?.() === 0) return 'root'
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.())
  }
}

/** A connection to the machine that Rollcall runs on: the same interface as a remote one, without a network. */
export function connectLocal(options: LocalOptions = {}): Connection {
  const processes = new Set<LocalProcess>()
  let closed = false
  const description = `${localUser()}@${hostname()} (local)`
  return {
    description,
    async start(command, { pty = false } = {}) {
      if (closed) throw new UnreachableError({ summary: 'The connection is closed', detail: description })
      const process = await startLocal(options, pty ? await onTerminal(options, command.text) : [shellOf(options), '-c', command.text])
      processes.add(process)
      const forget = () => processes.delete(process)
      process.exit.then(forget, forget)
      return process
    },
    async close() {
      closed = true
      await Promise.all([...processes].map(end))
    },
  }
}

interface LocalProcess extends RemoteProcess {
  signal(name: 'SIGTERM' | 'SIGKILL'): void
}

/** Asks a process to end, then makes it. One of another user (by sudo) that does neither is let go: its input has ended. */
async function end(process: LocalProcess): Promise<void> {
  process.kill()
  if (await ended(process)) return
  process.signal('SIGKILL')
  await ended(process)
  process.stdout.destroy()
  process.stderr.destroy()
}

async function ended({ exit }: LocalProcess): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), patienceMs)
  })
  const over = exit.then(
    () => true,
    () => true,
  )
  try {
    return await Promise.race([over, late])
  } finally {
    clearTimeout(timer)
  }
}

const shellOf = ({ shell = 'sh' }: LocalOptions) => shell

/** Node has no terminals to give; `script` of util-linux has, and passes every byte on. It asks SHELL for the shell. */
async function onTerminal(options: LocalOptions, command: string): Promise<readonly string[]> {
  const said = await runProgram('script', ['--version']).catch(() => undefined)
  if (said?.stdout.includes('util-linux')) return ['script', '-qefc', `exec ${quote(shellOf(options))} -c ${quote(command)}`, '/dev/null']
  throw new RollcallError({
    summary: 'A local connection has no terminal to give',
    detail: 'this machine has no script(1) of util-linux, which makes one',
    fix: 'Install util-linux (bsdutils), or become by a program that asks no password (sudo with NOPASSWD, doas with nopass).',
  })
}

async function startLocal(options: LocalOptions, [program, ...words]: readonly string[]): Promise<LocalProcess> {
  // A session of its own: Ctrl-C on our terminal ends Rollcall, and a step that is running goes on to its end, as it
  // does on a remote host. The shell itself ends with its input.
  const child = spawn(program!, words, { stdio: 'pipe', env: options.env ?? process.env, detached: true })
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', (error) =>
      reject(
        new UnreachableError({ summary: 'The local shell could not be started', detail: `${program}: ${error.message}` }, { cause: error }),
      ),
    )
  })
  exit.catch(() => undefined)
  if (child.pid === undefined) await exit
  // A process that ends early closes its input; its exit says so already.
  child.stdin.on('error', () => undefined)
  const { pid } = child
  const signal = (name: 'SIGTERM' | 'SIGKILL') => {
    if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    try {
      process.kill(-pid, name) // Its group: a shell alone would wait for what it runs.
    } catch {
      // It has ended meanwhile, or belongs to another user.
    }
  }
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exit,
    signal,
    kill: () => {
      signal('SIGTERM')
      child.stdin.destroy()
    },
  }
}
