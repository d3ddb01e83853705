import { spawn } from 'node:child_process'

export { identify, isAlive } from '../util/process-id.ts'

/** How a local process ended, with all it wrote. `code` follows the shell: 128 + n for a signal, 127 when it could not start. */
export interface Finished {
  readonly code: number
  readonly stdout: Buffer
  readonly stderr: Buffer
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array
  readonly env?: NodeJS.ProcessEnv
  readonly timeoutMs?: number
  /** Called for each complete line of standard error, as it comes. */
  readonly onLine?: (line: string) => void
}

const signalNumbers: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGPIPE: 13, SIGTERM: 15 }

/** Runs a program to its end and never rejects: a program that is missing is code 127 with the reason in `stderr`. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [file = '', ...args] = argv
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: 'pipe', ...(options.env && { env: options.env }) })
    const out: Buffer[] = []
    const err: Buffer[] = []
    let line = ''
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), options.timeoutMs)
    const finish = (code: number, reason?: Error) => {
      clearTimeout(timer)
      resolve({ code, stdout: Buffer.concat(out), stderr: reason === undefined ? Buffer.concat(err) : Buffer.from(reason.message) })
    }
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => {
      err.push(chunk)
      if (options.onLine === undefined) return
      const lines = (line + chunk.toString()).split('\n')
      line = lines.pop() ?? ''
      for (const complete of lines) options.onLine(complete)
    })
    child.once('error', (error) => finish(127, error))
    child.once('close', (code, signal) => finish(code ?? 128 + (signal === null ? 0 : (signalNumbers[signal] ?? 0))))
    // A program that does not read its input is no error: its exit code tells.
    child.stdin.on('error', () => {})
    child.stdin.end(options.stdin)
  })
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
