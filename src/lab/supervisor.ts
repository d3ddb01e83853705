import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import type { ErrorDetails } from '../model/errors.ts'
import { errorDetails, type Request, serveControl } from './control.ts'
import { stateFolder } from './paths.ts'
import { serveRepository } from './repository-server.ts'
import { type Lab, type SupervisorSettings, startLab } from './supervise.ts'

/** What the supervisor says, once, to the process that started it. */
export type SupervisorGreeting = { readonly ready: true } | { readonly error: ErrorDetails }

// The program that outlives the command which started a lab. It holds the lab's life line, so that killing it, with
// whatever signal, ends the lab.

/** Ends when the lab has; the state folder goes last, as its absence means "down". */
async function untilOver(lab: Lab, settings: SupervisorSettings, folder: string): Promise<void> {
  let finish = () => {}
  const over = new Promise<void>((resolve) => {
    finish = resolve
  })
  let queue: Promise<unknown> = Promise.resolve()
  const handle = (request: Request) => {
    const result = queue.then(() => lab.handle(request))
    // A request that fails must not fail those behind it.
    queue = result.catch(() => {})
    return result
  }
  const server = await serveControl(async (request) => {
    if (request.verb !== 'down') return handle(request)
    finish()
    return []
  })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, finish)
  const timer = setTimeout(finish, settings.lifetimeMs)
  process.send?.({ ready: true } satisfies SupervisorGreeting)
  await Promise.race([over, lab.ended])
  clearTimeout(timer)
  server.close()
  await lab.end()
  await rm(folder, { recursive: true, force: true })
}

async function supervise(): Promise<void> {
  const [settings] = (await once(process, 'message')) as [SupervisorSettings]
  const folder = stateFolder(settings)
  process.chdir(folder)
  try {
    await untilOver(await startLab(settings), settings, folder)
    process.exit(0)
  } catch (error) {
    const details = errorDetails(error)
    process.stderr.write(`${JSON.stringify(details)}\n`)
    // Not before the message is out.
    if (process.send === undefined) process.exit(1)
    process.send({ error: details } satisfies SupervisorGreeting, () => process.exit(1))
  }
}

const [, , mode, folder = '', address = ''] = process.argv
if (mode === 'repository') serveRepository(folder, address)
else await supervise()
