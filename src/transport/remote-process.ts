import { within } from '../util/within.ts'
import type { Exit, RemoteProcess } from './connection.ts'

/** The first to settle decides; the rest may fail later, unheard. */
export function firstOf<T>(promises: readonly Promise<T>[]): Promise<T> {
  for (const promise of promises) promise.catch(() => undefined)
  return Promise.race(promises)
}

/** The last of what a process wrote to standard error. */
export function tailOf(process: RemoteProcess): () => string {
  let tail = ''
  process.stderr.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString('utf8')).slice(-4096)
  })
  process.stderr.on('error', () => undefined)
  return () => tail.trim()
}

/** How the process ended; a link that was lost comes back as the connection's own error. */
export function settled(process: RemoteProcess): Promise<Exit | Error> {
  return process.exit.catch((error: Error) => error)
}

/** The same, of a process that is about to end. */
export async function endOf(process: RemoteProcess): Promise<Exit | Error> {
  return (await within(settled(process), 2000)) ?? { code: null, signal: null }
}
