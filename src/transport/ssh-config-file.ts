import { readdir, readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { rememberLast } from '../util/remember-last.ts'
import { sh } from '../util/sh.ts'
import { parseSshConfig, type SshConfig, wrongConfig } from './ssh-config-parse.ts'
import { matchesWildcard } from './wildcard.ts'

/** Where relative names of Include begin, and whether `~` may stand in them. */
interface Place {
  readonly base: string
  readonly user: boolean
}

/** OpenSSH's limit of Include below Include. */
const maxDepth = 16

const parsed = rememberLast((text: string, file: string) => parseSshConfig(text, file))

/** The user's configuration and behind it the system's: of two values the first counts. */
export async function readSshConfig(home = homedir(), system = '/etc/ssh'): Promise<readonly SshConfig[]> {
  const user = join(home, '.ssh')
  return Promise.all([
    readOne(join(user, 'config'), { base: user, user: true }, true, 0),
    readOne(join(system, 'ssh_config'), { base: system, user: false }, false, 0),
  ])
}

/** One file and what it includes, as `ssh -F` takes it. */
export async function readSshConfigFile(file: string): Promise<SshConfig> {
  return readOne(file, { base: join(homedir(), '.ssh'), user: true }, false, 0)
}

async function readOne(file: string, place: Place, guarded: boolean, depth: number): Promise<SshConfig> {
  const text = await readText(file, guarded)
  return Promise.all(
    parsed(file, text).map(async (directive) => {
      if (directive.keyword !== 'include') return directive
      if (depth >= maxDepth)
        throw new RollcallError({
          summary: 'The ssh configuration includes itself',
          detail: `${file}:${directive.line}`,
          fix: 'Remove the Include line.',
        })
      const files = await Promise.all(
        directive.words.map((word) => {
          if (word.startsWith('~') && !place.user) throw wrongConfig('a file of the system includes one of a home', word, directive)
          return glob(resolve(place.base, word.replace(/^~(?=\/|$)/, homedir())))
        }),
      )
      // What an included file may do is the same whoever includes it: it can name commands to run.
      const included = await Promise.all(files.flat().map((path) => readOne(path, place, true, depth + 1)))
      return { ...directive, included }
    }),
  )
}

/** Like OpenSSH, none that others may write: a ProxyCommand in it would run as us. */
async function readText(file: string, guarded: boolean): Promise<string> {
  try {
    if (guarded) {
      const { uid, mode } = await stat(file)
      if ((uid !== 0 && uid !== process.getuid?.()) || (mode & 0o022) !== 0)
        throw new RollcallError({
          summary: 'The ssh configuration may be written by others',
          detail: file,
          fix: `Take that right away; ssh itself would not read it, either:\n${sh`chmod go-w ${file}`.text}`,
        })
    }
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof RollcallError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw new RollcallError(
      { summary: 'The ssh configuration cannot be read', detail: (error as Error).message, fix: `Make it readable:\nls -l ${file}` },
      { cause: error },
    )
  }
}

/** The files that a path with wildcards means, in the order of their names; a path without any as it is. */
async function glob(path: string): Promise<readonly string[]> {
  let found: readonly string[] = ['/']
  for (const part of path.split('/').filter((each) => each !== '')) {
    if (!/[*?[]/.test(part)) {
      found = found.map((folder) => join(folder, part))
      continue
    }
    const below = await Promise.all(
      found.map(async (folder) => {
        const names = await readdir(folder).catch(() => [])
        return names
          .filter((name) => matchesWildcard(part, name, true) && (part.startsWith('.') || !name.startsWith('.')))
          .map((name) => join(folder, name))
      }),
    )
    found = below.flat().sort()
  }
  return found
}
