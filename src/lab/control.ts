import { once } from 'node:events'
import { createConnection, createServer, type Server } from 'node:net'
import { createInterface } from 'node:readline'
import { type ErrorDetails, RollcallError } from '../model/errors.ts'
import type { LabHost, LabState, ProcessId, Progress } from './types.ts'

/** What can be asked of a supervisor. */
export type Request =
  | { readonly verb: 'hosts'; readonly hosts: readonly LabHost[] }
  | { readonly verb: 'stop' | 'start'; readonly host: string }
  | { readonly verb: 'reset'; readonly hosts?: readonly string[] | undefined }
  | { readonly verb: 'answered'; readonly hosts: readonly { readonly name: string; readonly init: ProcessId }[] }
  | { readonly verb: 'down' }

type Answer = { readonly progress: string } | { readonly done: readonly string[] } | { readonly error: ErrorDetails }

/** Carries out a request and returns the names of the hosts that it (re)started. */
export type Handler = (request: Request, progress: Progress) => Promise<readonly string[]>

/** Any error as data, so that it can cross to another process. */
export function errorDetails(error: unknown): ErrorDetails {
  if (error instanceof RollcallError) return error.details
  return { summary: 'The lab failed', detail: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}

/** Listens at `control` in the current directory, a name short enough for a Unix socket wherever the state folder is. */
export async function serveControl(handle: Handler): Promise<Server> {
  const server = createServer((socket) => {
    const answer = (value: Answer) => void (socket.writable && socket.write(`${JSON.stringify(value)}\n`))
    socket.on('error', () => {})
    createInterface({ input: socket }).once('line', async (line) => {
      try {
        answer({ done: await handle(JSON.parse(line) as Request, (text) => answer({ progress: text })) })
      } catch (error) {
        answer({ error: errorDetails(error) })
      }
      socket.end()
    })
  })
  server.listen('control')
  await once(server, 'listening')
  return server
}

/** Asks a lab's supervisor. Reached through its working directory in /proc: short, and certainly this very process's. */
export function request(lab: LabState, question: Request, progress: Progress): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(`/proc/${lab.supervisor.pid}/cwd/control`)
    const gone = (cause?: unknown) =>
      reject(
        new RollcallError({ summary: 'The supervisor of the lab did not answer', detail: lab.name, fix: 'rollcall lab up' }, { cause }),
      )
    socket.once('error', gone)
    socket.write(`${JSON.stringify(question)}\n`)
    createInterface({ input: socket })
      .on('line', (line) => {
        const answer = JSON.parse(line) as Answer
        if ('progress' in answer) progress(answer.progress)
        else if ('error' in answer) reject(new RollcallError(answer.error))
        else resolve(answer.done)
      })
      .once('close', () => gone())
      // readline repeats the socket's error; it is handled above.
      .once('error', () => {})
  })
}
