import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ControllerEntry, ResolvedInput } from '../dsl/definition.ts'

/** Bytes with their hash. */
export function digest(bytes: Uint8Array): ResolvedInput {
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** The four octal digits of a mode. */
export function modeBits(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0')
}

/**
 * Reads a file of the controller, or a directory with all that lies in it.
 * @throws Error of the file system, or one that names a circle of links.
 */
export function readController(at: string | URL): ResolvedInput {
  const path = at instanceof URL ? fileURLToPath(at) : at
  const { mode } = statSync(path)
  const bits = modeBits(mode)
  if ((mode & 0o170000) !== 0o040000) return { ...digest(readFileSync(path)), mode: bits }
  const entries = entriesBelow(path, '', [realpathSync(path)])
  const sum = createHash('sha256')
  for (const { path: name, type, content } of entries) sum.update(`${type} ${content.sha256} ${name}\0`)
  return { bytes: new Uint8Array(), sha256: sum.digest('hex'), mode: bits, entries }
}

/** `above`: the directories that lead here, so that a link to one of them is not followed for ever. */
function entriesBelow(root: string, below: string, above: readonly string[]): ControllerEntry[] {
  return readdirSync(join(root, below))
    .sort()
    .flatMap((name): ControllerEntry[] => {
      const path = below === '' ? name : `${below}/${name}`
      const full = join(root, path)
      const { mode } = statSync(full)
      const bits = modeBits(mode)
      if ((mode & 0o170000) === 0o100000) return [{ path, type: 'file', content: { ...digest(readFileSync(full)), mode: bits } }]
      if ((mode & 0o170000) !== 0o040000) throw new Error(`${full} is neither a file nor a directory`)
      const real = realpathSync(full)
      if (above.includes(real)) throw new Error(`${full} is a link to a directory it lies in`)
      return [
        { path, type: 'directory', content: { ...digest(new Uint8Array()), mode: bits } },
        ...entriesBelow(root, path, [...above, real]),
      ]
    })
}
