import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { makeFolders } from '../util/make-folders.ts'

/**
 * Writes a file, unless it holds that text already. Two processes may do so at once: it appears whole or not at all.
 * @throws RollcallError where it cannot be written.
 */
export function writeWhole(path: string, text: string, mode = 0o600): void {
  try {
    if (readFileSync(path, 'utf8') === text) return
  } catch {
    // Not there yet.
  }
  try {
    makeFolders(dirname(path), mode === 0o600 ? 0o700 : 0o755)
    const temporary = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}`
    writeFileSync(temporary, text, { mode })
    renameSync(temporary, path)
  } catch (cause) {
    throw cannotBeWritten(path, cause as Error)
  }
}

/** Most often the project was used by root before, whose folder nobody else may enter. */
function cannotBeWritten(path: string, cause: Error): RollcallError {
  const own = /^.*\/\.rollcall(?=\/)/.exec(path)?.[0]
  return new RollcallError(
    {
      summary: 'A file that Rollcall needs for itself cannot be written',
      detail: `${path}\n${cause.message}`,
      fix:
        own !== undefined && existsSync(own)
          ? `What is in that folder is made anew when it is gone. Let its owner remove it:\nrm -r ${own}`
          : 'Run it as a user who may write there, or give this one the right.',
    },
    { cause },
  )
}
