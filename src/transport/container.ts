import type { ContainerSettings } from '../model/inventory.ts'
import type { Connection, Exit } from './connection.ts'
import { askEngine, type Container, engineNotStarted, explainState, lost, noTerminal } from './container-engine.ts'
import { connectSpawned } from './spawned.ts'
import { placesOf } from './user-places.ts'

/** The killed processes of a container are told of a moment before its own end is. */
const noticedMs = 500

/**
 * A connection into a running container: each process is one of the engine's client, started by Rollcall itself, with no shell of this
 * machine between. The client's end is that of the process inside; when the client is killed, that sees the end of its input.
 * @throws UnreachableError when the engine does not answer or the container does not run.
 */
export async function connectContainer(
  host: string,
  settings: Pick<ContainerSettings, 'program' | 'container' | 'user' | 'args' | 'becomeMethod'>,
): Promise<{ readonly connection: Connection; readonly user: string }> {
  const { program, args = [], becomeMethod } = settings
  const container: Container = { host, program, args, name: settings.container ?? host }
  const found = await askEngine(container)
  if (found.status !== 'running') throw explainState(container, found.status)
  const user = settings.user ?? found.user
  const exec = (as: string | undefined) => [
    program,
    ...args,
    'exec',
    '-i',
    ...(as === undefined ? [] : ['-u', as]),
    container.name,
    'sh',
    '-c',
  ]
  const judge = async (exit: Exit): Promise<Exit> => {
    for (const pause of exit.code === 137 ? [0, noticedMs] : [0]) {
      await new Promise((resolve) => setTimeout(resolve, pause))
      const { status } = await askEngine(container)
      if (status !== 'running') throw lost(container, status)
    }
    return exit
  }
  const connection = connectSpawned({
    description: `${user}@${container.name} (${program})`,
    env: process.env,
    others: becomeMethod === undefined,
    // Without -u the image's environment is that of its own user already.
    argv: (command, other) => (other === undefined ? [...exec(settings.user), command] : [...exec(other), `${placesOf(other)}${command}`]),
    notStarted: (_, error) => engineNotStarted(container, error),
    noTerminal: noTerminal(host),
    judge,
  })
  return { connection, user }
}
