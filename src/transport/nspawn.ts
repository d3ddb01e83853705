import { realpathSync } from 'node:fs'
import { UnreachableError } from '../model/errors.ts'
import type { NspawnSettings } from '../model/inventory.ts'
import type { Connection } from './connection.ts'
import { directoryProblem, guestEnvironment } from './guest-directory.ts'
import { type NspawnContainer, takeContainer } from './nspawn-container.ts'
import { containerEnded, mountPointProblem } from './nspawn-errors.ts'
import { connectSpawned } from './spawned.ts'
import { placesOf } from './user-places.ts'

/**
 * A connection into a directory of this machine that holds a system, as a container of systemd-nspawn: one for all connections of this
 * process, which lives until the last of them is closed, or this process ends, however it ends. With it ends all that runs in it.
 * @throws UnreachableError when this user may not, when it is no system or another container's, when systemd-nspawn is not installed.
 */
export async function connectNspawn(
  host: string,
  { directory, user = 'root', args = [], becomeMethod }: Pick<NspawnSettings, 'directory' | 'user' | 'args' | 'becomeMethod'>,
): Promise<{ readonly connection: Connection; readonly user: string }> {
  const problem = directoryProblem(directory, 'a container of systemd-nspawn', 'container') ?? mountPointProblem(directory)
  if (problem) throw new UnreachableError({ ...problem, host })
  const container = await takeContainer(host, realpathSync(directory), args)
  const spawned = connectSpawned({
    description: `${user}@${directory} (nspawn)`,
    env: { ...guestEnvironment, container: 'systemd-nspawn' },
    others: becomeMethod === undefined,
    argv: (command, other = user) => wordsOf(container, other, `${placesOf(other)}${command}`),
    notStarted: (program, error) =>
      new UnreachableError(
        {
          summary: 'nsenter could not be started',
          detail: `${program}: ${error.message}`,
          host,
          fix: 'Install util-linux on this machine.',
        },
        { cause: error },
      ),
    judge: async (exit) => {
      const said = await container.hasEnded()
      if (said !== undefined) throw containerEnded(host, directory, said)
      return exit
    },
  })
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= spawned.close().finally(container.release)
    return closing
  }
  const { as } = spawned
  return { connection: { ...spawned, close, ...(as && { as: (other: string) => ({ ...as(other), close }) }) }, user }
}

/*
 * The programs are this machine's until chroot starts the shell: the container needs none of them. nsenter stays in this machine's files
 * and has the container's root as working directory, which is what chroot takes; the user is looked up inside then, by chroot itself.
 */
function wordsOf({ enter, restrict }: NspawnContainer, user: string, command: string): readonly string[] {
  const as = user === 'root' ? [] : [`--userspec=${user}`]
  return ['nsenter', ...enter, '--root=/', '--', 'setpriv', ...restrict, 'chroot', ...as, '.', '/bin/sh', '-c', command]
}
