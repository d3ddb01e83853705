import { spawn } from 'node:child_process'
import { Duplex, type Readable, type Writable } from 'node:stream'

/** A way to a host, and what there is to say about its end. */
export interface Way {
  readonly stream: Duplex
  /** Why it ended, in its own words; undefined where it has none. Waits a moment for them. */
  readonly why?: () => Promise<string | undefined>
}

/** How long a command that has closed its output may take to end. */
const patienceMs = 1000

/**
 * Runs a ProxyCommand as OpenSSH does: by the user's shell, in place of it. It ends with the stream, and is never asked to
 * end by Ctrl-C at our terminal, which is Rollcall's to handle.
 */
export async function startProxyCommand(command: string): Promise<Way> {
  const shell = process.env.SHELL || '/bin/sh'
  const child = spawn(shell, ['-c', `exec ${command}`], { stdio: 'pipe', detached: true })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-2048)
  })
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`))
  })
  await new Promise<void>((resolve) => {
    child.once('spawn', resolve)
    child.once('error', () => resolve())
  })
  const stream = duplexOf(child.stdin, child.stdout, () => end(child.pid))
  child.once('error', (error) => stream.destroy(error))
  return {
    stream,
    why: async () => {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<string>((resolve) => {
        timer = setTimeout(resolve, patienceMs, 'it still runs')
      })
      const how = await Promise.race([ended, late]).finally(() => clearTimeout(timer))
      return [`ProxyCommand: ${command}`, how, ...said.trim().split('\n')].filter((line) => line !== '').join('\n')
    },
  }
}

function duplexOf(stdin: Writable, stdout: Readable, over: () => void): Duplex {
  const stream = new Duplex({
    allowHalfOpen: false,
    read: () => void stdout.resume(),
    write: (chunk, _, done) => void stdin.write(chunk, done),
    // ssh2 writes each packet in three parts.
    writev: (chunks, done) => void stdin.write(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), done),
    // Of a command that has ended there is no input to end.
    final: (done) => void (stdin.destroyed ? done() : stdin.end(() => done())),
    destroy: (error, done) => {
      stdin.destroy()
      stdout.destroy()
      over()
      done(error)
    },
  })
  // A command that ended is seen by its output, which says more.
  stdin.on('error', () => undefined)
  stdout.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) stdout.pause()
  })
  stdout.on('end', () => stream.push(null))
  // Without its output the way is of no use, whatever is still to be written to it.
  stream.on('end', () => stream.destroy())
  stdout.on('error', (error: Error) => stream.destroy(error))
  return stream
}

/** With all that it has started, which belongs to its group. */
function end(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGHUP')
  } catch {
    // It has ended already.
  }
}
