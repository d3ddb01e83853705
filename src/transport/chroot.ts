import { join } from 'node:path'
import { type ErrorDetails, UnreachableError } from '../model/errors.ts'
import type { ChrootSettings } from '../model/inventory.ts'
import { sh } from '../util/sh.ts'
import type { Connection } from './connection.ts'
import { directoryProblem, guestEntry, guestEnvironment } from './guest-directory.ts'
import { connectSpawned } from './spawned.ts'
import { placesOf } from './user-places.ts'

/**
 * A connection into a directory of this machine that holds a system.
 * @throws UnreachableError when this user may not enter it, or it is none.
 */
export function connectChroot(
  host: string,
  { directory, user = 'root', becomeMethod }: Pick<ChrootSettings, 'directory' | 'user' | 'becomeMethod'>,
): { readonly connection: Connection; readonly user: string } {
  const problem = problemOf(directory)
  if (problem) throw new UnreachableError({ ...problem, host })
  const connection = connectSpawned({
    description: `${user}@${directory} (chroot)`,
    env: guestEnvironment,
    others: becomeMethod === undefined,
    argv: (command, other = user) => {
      // By chroot itself, which looks the name up inside, and the user's other groups too.
      const as = other === 'root' ? [] : [`--userspec=${other}`]
      return ['chroot', ...as, directory, '/bin/sh', '-c', `${placesOf(other)}${command}`]
    },
    notStarted: (program, error) =>
      new UnreachableError(
        { summary: 'chroot could not be started', detail: `${program}: ${error.message}`, host, fix: 'Install coreutils on this machine.' },
        { cause: error },
      ),
  })
  return { connection, user }
}

function problemOf(directory: string): ErrorDetails | undefined {
  const problem = directoryProblem(directory, 'a chroot', 'chroot')
  // Scripts of root that write to a /dev/null that is none would make a file of that name.
  if (problem || guestEntry(directory, 'dev/null')?.isCharacterDevice()) return problem
  return {
    summary: 'The chroot has no /dev/null',
    detail: `${join(directory, 'dev/null')} is no device`,
    fix: `Give it its devices; many programs want /proc, too:\n${sh`mount --bind /dev ${join(directory, 'dev')}`.text}\n${sh`mount -t proc proc ${join(directory, 'proc')}`.text}`,
  }
}
