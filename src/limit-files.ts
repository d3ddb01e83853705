import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { RollcallError } from './model/errors.ts'

/** Reads what `@file` in a pattern names; a relative path begins in the folder the command was given in. */
export function limitFiles(root: string): (path: string) => string {
  return (path) => {
    // The shell puts the home folder in only where ~ stands first, and here an @ does.
    const full = path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(root, path)
    try {
      return readFileSync(full, 'utf8')
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException
      throw new RollcallError(
        {
          summary: 'A file of hosts cannot be read',
          detail: `${full}: ${code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message}`,
          fix: 'Behind the @ stands a file with one host, group or pattern a line. A relative path begins in the folder you stand in.',
          exitCode: 1,
        },
        { cause },
      )
    }
  }
}
