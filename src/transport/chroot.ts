import { lstatSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { UnreachableError } from '../model/errors.ts'
import type { ChrootSettings } from '../model/inventory.ts'
import { sh } from '../util/sh.ts'
import type { Connection } from './connection.ts'
import { connectSpawned } from './spawned.ts'
import { placesOf } from './user-places.ts'

/** Nothing of the controller's environment is for the system inside: its PATH least of all. */
const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', SHELL: '/bin/sh', TERM: 'dumb' }

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
    env: environment,
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

function problemOf(directory: string) {
  if (process.geteuid?.() !== 0)
    return {
      summary: 'Only root may enter a chroot',
      detail: `${directory}, by the user with number ${process.geteuid?.()}`,
      fix: 'Run Rollcall as root on this machine, or leave this host out (--limit).',
    }
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    return {
      summary: 'The directory of the chroot is not there',
      detail: directory,
      fix: 'Make it, for example by debootstrap, or correct `directory`.',
    }
  if (!entry(directory, 'bin/sh'))
    return {
      summary: 'The directory of the chroot holds no system',
      detail: `${join(directory, 'bin/sh')} is not there`,
      fix: 'Fill it, for example by debootstrap, or correct `directory`: it is what is / inside.',
    }
  // Scripts of root that write to a /dev/null that is none would make a file of that name.
  if (!entry(directory, 'dev/null')?.isCharacterDevice())
    return {
      summary: 'The chroot has no /dev/null',
      detail: `${join(directory, 'dev/null')} is no device`,
      fix: `Give it its devices; many programs want /proc, too:\n${sh`mount --bind /dev ${join(directory, 'dev')}`.text}\n${sh`mount -t proc proc ${join(directory, 'proc')}`.text}`,
    }
  return undefined
}

/** By way of the links inside the directory's own /bin and /dev alone; a link that is absolute means another file inside. */
function entry(directory: string, path: string) {
  try {
    return lstatSync(join(directory, path))
  } catch {
    return undefined
  }
}
