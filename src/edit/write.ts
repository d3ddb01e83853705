import { chownSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { writeAtomic } from '../store/write-atomic.ts'
import { refuse } from './plan.ts'
import { type ChangedText, realPath } from './source.ts'

/**
 * Writes what was edited: each file whole or not at all, with its mode and its owner, behind the link where it is one.
 * @throws RollcallError where one is another by now than when it was read.
 */
export async function writeAll(changed: readonly ChangedText[], short: (path: string) => string): Promise<void> {
  for (const { path, before } of changed)
    if (readFileSync(path, 'utf8') !== before)
      refuse('A file was changed meanwhile', `${short(path)}: nothing was written`, 'Run it again.')
  for (const { path, after } of changed) {
    const target = realPath(path)
    const { mode, uid, gid } = statSync(target)
    removeLeftOvers(target)
    try {
      await writeAtomic(target, after, mode & 0o7777)
      const now = statSync(target)
      if (now.uid !== uid || now.gid !== gid) chownSync(target, uid, gid)
    } catch (cause) {
      throw new RollcallError(
        {
          summary: 'The inventory cannot be written',
          detail: `${short(path)}: ${(cause as Error).message}`,
          fix: 'Run it as a user who may write there.',
          exitCode: 1,
        },
        { cause },
      )
    }
  }
}

/** Of an edit that was killed while it wrote. Nobody else writes now. */
function removeLeftOvers(path: string): void {
  const name = `.${basename(path).slice(0, 100)}.`
  for (const each of readdirSync(dirname(path)))
    if (each.startsWith(name) && /^[0-9a-f]{12}$/.test(each.slice(name.length))) rmSync(join(dirname(path), each), { force: true })
}
