import { spawn } from 'node:child_process'
import { hostname, userInfo } from 'node:os'
import { RollcallError, UnreachableError } from '../model/errors.ts'
import type { Connection, Exit, RemoteProcess } from './connection.ts'

/** What a local connection may be told; the defaults are the controller's own shell and environment. */
export interface LocalOptions {
  readonly shell?: string
  readonly env?: NodeJS.ProcessEnv
}

/** A connection to the machine that Rollcall runs on: the same interface as a remote one, without a network. */
export function connectLocal(options: LocalOptions = {}): Connection {
  const processes = new Set<RemoteProcess>()
  return {
    description: `${userInfo().username}@${hostname()} (local)`,
    async start(command, { pty = false } = {}) {
      if (pty) throw new RollcallError({ summary: 'A local connection has no terminal to give', fix: 'Use a connection over ssh.' })
      const process = await startLocal(options, command.text)
      processes.add(process)
      const forget = () => processes.delete(process)
      process.exit.then(forget, forget)
      return process
    },
    async close() {
      for (const process of processes) process.kill()
      await Promise.allSettled([...processes].map((process) => process.exit))
    },
  }
}

async function startLocal(options: LocalOptions, command: string): Promise<RemoteProcess> {
  const shell = options.shell ?? 'sh'
  const child = spawn(shell, ['-c', command], { stdio: 'pipe', env: options.env ?? process.env })
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', (error) =>
      reject(
        new UnreachableError({ summary: 'The local shell could not be started', detail: `${shell}: ${error.message}` }, { cause: error }),
      ),
    )
  })
  exit.catch(() => undefined)
  if (child.pid === undefined) await exit
  // A process that ends early closes its input; its exit says so already.
  child.stdin.on('error', () => undefined)
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, exit, kill: () => void child.kill() }
}
