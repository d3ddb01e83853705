import { createHash } from 'node:crypto'
import { existsSync, lstatSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { makeFolders } from '../util/make-folders.ts'

/**
 * Makes a directory that only its owner may use, and refuses one that another user could have prepared: what lies in
 * it is believed (facts, keys, compiled code).
 * @throws RollcallError when it cannot be made, belongs to someone else, or others may write to it.
 */
export function privateDirectory(path: string): string {
  try {
    makeFolders(path, 0o700)
  } catch (cause) {
    throw new RollcallError(
      {
        summary: 'A directory of Rollcall cannot be made',
        detail: `${path}\n${(cause as Error).message}`,
        fix: 'Make it by hand, or let XDG_STATE_HOME and XDG_CACHE_HOME name folders in which you may write.',
      },
      { cause },
    )
  }
  const { uid, mode } = statSync(path)
  const me = process.getuid?.() ?? uid
  if (uid !== me) {
    throw new RollcallError({
      summary: 'A directory of Rollcall belongs to another user',
      detail: `${path} belongs to the user with number ${uid}, and you are number ${me}`,
      fix: 'Remove it, or run as its owner.',
    })
  }
  if ((mode & 0o022) !== 0) {
    throw new RollcallError({
      summary: 'Others may write to a directory of Rollcall',
      detail: `${path} has mode ${(mode & 0o7777).toString(8).padStart(4, '0')}`,
      fix: `Look at what is in it, then take the right away:\nchmod 700 ${path}`,
    })
  }
  return path
}

/** The base directory specification says to ignore a relative path. */
function base(variable: string, ...fallback: string[]): string {
  const given = process.env[variable]
  return given !== undefined && isAbsolute(given) ? given : join(homedir(), ...fallback)
}

/** Its path, whether it is there or not. */
export const stateDirPath = () => join(base('XDG_STATE_HOME', '.local', 'state'), 'rollcall')

/** Where things live that cannot be made again, such as facts of a host that is down. Created when missing. */
export function userStateDir(): string {
  return privateDirectory(stateDirPath())
}

/** Where things live that may be deleted at any time. Created when missing. */
export function userCacheDir(): string {
  return privateDirectory(join(base('XDG_CACHE_HOME', '.cache'), 'rollcall'))
}

/** The longest path that every system takes for a Unix socket. */
const longestSocketPath = 103

/**
 * Where sockets of kept connections lie: the state folder, or one that stands for it where a socket's path would get too
 * long there. Created when missing.
 * @param nameLength What stands behind the folder in a socket's path, in bytes.
 * @throws RollcallError when it cannot be made, belongs to someone else, or others may write to it.
 */
export function userSocketDir(nameLength: number): string {
  const path = socketDirPath(nameLength)
  if (path === socketDirIn(stateDirPath())) userStateDir() // Whoever may write to it could put another in place of ours.
  // In /tmp anybody may have put a link there.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
    throw new RollcallError({
      summary: 'A directory of Rollcall is a symbolic link',
      detail: path,
      fix: `See where it leads, then remove it:\nls -l ${path}`,
    })
  return privateDirectory(path)
}

/** The same for who only looks: undefined where there is none. */
export function userSocketDirIfThere(nameLength: number): string | undefined {
  return existsSync(socketDirPath(nameLength)) ? userSocketDir(nameLength) : undefined
}

function socketDirPath(nameLength: number): string {
  const state = stateDirPath()
  const fits = (folder: string) => Buffer.byteLength(folder) + nameLength <= longestSocketPath
  if (fits(socketDirIn(state))) return socketDirIn(state)
  const name = `rollcall-${process.getuid?.() ?? 0}-${createHash('sha256').update(state).digest('hex').slice(0, 8)}`
  const runtime = process.env.XDG_RUNTIME_DIR ?? ''
  return isAbsolute(runtime) && fits(join(runtime, name)) ? join(runtime, name) : join('/tmp', name)
}

const socketDirIn = (state: string) => join(state, 'connections')
