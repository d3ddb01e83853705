import { spawn } from 'node:child_process'
import { RollcallError, UnreachableError } from '../model/errors.ts'
import { quote } from '../util/sh.ts'
import { within } from '../util/within.ts'
import type { Connection, Exit, RemoteProcess } from './connection.ts'
import { settled } from './remote-process.ts'

/** What is a process of a connection: a program of this machine. */
export interface Spawning {
  readonly description: string
  readonly env: NodeJS.ProcessEnv
  /** Which program, with which words, runs a command; as another user where one is named, see {@link Connection.as}. */
  argv(command: string, user?: string): readonly string[]
  /** Processes of other users are its own affair. */
  readonly others?: boolean
  /** Why there is no terminal; absent where `script` may give one. */
  readonly noTerminal?: RollcallError
  /** The program could not be started. */
  notStarted(program: string, error: NodeJS.ErrnoException): UnreachableError
  /** Looks into an end that may be that of the way, not of the process. @throws UnreachableError when it is. */
  judge?(exit: Exit): Promise<Exit>
}

/** Long enough for a shell to clean up, short enough to wait for. */
const patienceMs = 2000

/** A connection whose processes are programs of this machine. Once the way is lost (`judge`), nothing more is started. */
export function connectSpawned(spawning: Spawning): Connection {
  const processes = new Set<SpawnedProcess>()
  let over: UnreachableError | undefined
  const { description, others = false, noTerminal } = spawning
  const startAs =
    (user?: string): Connection['start'] =>
    async (command, { pty = false } = {}) => {
      if (over) throw over
      if (pty && noTerminal) throw noTerminal
      const argv = spawning.argv(command.text, user)
      const process = await startProcess(spawning, pty ? await onTerminal(argv) : argv, (lost) => {
        over ??= lost
      })
      processes.add(process)
      const forget = () => processes.delete(process)
      process.exit.then(forget, forget)
      return process
    }
  const connection: Connection = {
    description,
    start: startAs(),
    async close() {
      over = new UnreachableError({ summary: 'The connection is closed', detail: description })
      await Promise.all([...processes].map(end))
    },
  }
  return others ? { ...connection, as: (user) => ({ ...connection, start: startAs(user) }) } : connection
}

interface SpawnedProcess extends RemoteProcess {
  signal(name: 'SIGTERM' | 'SIGKILL'): void
}

/** Asks a process to end, then makes it. One of another user (by sudo) that does neither is let go: its input has ended. */
async function end(process: SpawnedProcess): Promise<void> {
  process.kill()
  if (await within(settled(process), patienceMs)) return
  process.signal('SIGKILL')
  await within(settled(process), patienceMs)
  process.stdout.destroy()
  process.stderr.destroy()
}

/** Node has no terminals to give; `script` of util-linux has, and passes every byte on. It asks SHELL for the shell. */
async function onTerminal(argv: readonly string[]): Promise<readonly string[]> {
  if (await hasScript()) return ['script', '-qefc', `exec ${argv.map(quote).join(' ')}`, '/dev/null']
  throw new RollcallError({
    summary: 'A connection without SSH has no terminal to give',
    detail: 'this machine has no script(1) of util-linux, which makes one',
    fix: 'Install util-linux (bsdutils), or become by a program that asks no password (sudo with NOPASSWD, doas with nopass).',
  })
}

function hasScript(): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('script', ['--version'], { stdio: ['ignore', 'pipe', 'ignore'], detached: true })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk
    })
    child.once('error', () => resolve(false))
    child.once('close', () => resolve(said.includes('util-linux')))
  })
}

async function startProcess(
  { env, notStarted, judge }: Spawning,
  [program, ...words]: readonly string[],
  onLost: (lost: UnreachableError) => void,
): Promise<SpawnedProcess> {
  // A session of its own: Ctrl-C on our terminal ends Rollcall, and a step that is running goes on to its end, as it
  // does on a remote host. The shell itself ends with its input.
  const child = spawn(program!, words, { stdio: 'pipe', env, detached: true })
  let killed = false
  const ended = new Promise<Exit>((resolve, reject) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', (error) => reject(notStarted(program!, error)))
  })
  const exit = ended
    .then((how) => (judge && how.code !== 0 && !killed ? judge(how) : how))
    .catch((error: unknown) => {
      if (error instanceof UnreachableError) onLost(error)
      throw error
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
      killed = true
      signal('SIGTERM')
      child.stdin.destroy()
    },
  }
}
