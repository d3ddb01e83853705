import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { Call } from '../dsl/call.ts'
import type { ResolvedInput } from '../dsl/definition.ts'
import type { TaskRecord } from '../dsl/record.ts'
import { modeBits } from './controller-files.ts'
import { pathOf } from './inputs.ts'
import type { SelectedPlay } from './select.ts'

/** Smaller files cost next to nothing; larger ones are read in one go or refused, as Node sees fit. */
const sizes = { least: 1024 * 1024, most: 1024 * 1024 * 1024 }
/** Hashing it takes half a millisecond, so that whatever comes from hosts is not kept waiting. */
const piece = 1024 * 1024

/**
 * Reads large files of the controller, and hashes them, while hosts are asked: there is nothing else to do meanwhile. Into
 * `files` come those of calls that are known before any host has answered; those in closures are read when their time has
 * come. Never rejects: what cannot be read now is refused then.
 */
export async function readAhead(plays: readonly SelectedPlay[], root: string, files: Map<string, ResolvedInput>): Promise<void> {
  const tasks = plays.flatMap((play) => (play.hosts.length > 0 ? play.tasks : []))
  for (const path of new Set(tasks.flatMap((task) => pathsIn(task, root)))) {
    const input = await readLarge(path).catch(() => undefined)
    if (input) files.set(path, input)
  }
}

function pathsIn({ action, when }: TaskRecord, root: string): string[] {
  if (when !== undefined || typeof action === 'function') return []
  try {
    return ([action].flat() as readonly Call[]).flatMap(({ definition, params }) => {
      const inputs = definition.kind === 'module' || definition.kind === 'action' ? definition.inputs?.(params) : undefined
      return Object.values(inputs ?? {}).flatMap((source) =>
        source !== undefined && 'kind' in source && source.kind === 'controllerFile' ? [pathOf(source, root)] : [],
      )
    })
  } catch {
    return [] // Neither the call nor its parameters are checked yet: what is wrong with them is said when they are.
  }
}

async function readLarge(path: string): Promise<ResolvedInput | undefined> {
  const file = await open(path)
  try {
    const before = await file.stat()
    if (!before.isFile() || before.size < sizes.least || before.size > sizes.most) return undefined
    const input = { ...(await readAndHash(file, before.size)), mode: modeBits(before.mode) }
    const after = await file.stat()
    return after.size === before.size && after.mtimeMs === before.mtimeMs ? input : undefined
  } finally {
    await file.close()
  }
}

/** Hashes each piece while the next one is read. */
async function readAndHash(file: FileHandle, size: number): Promise<ResolvedInput> {
  const bytes = Buffer.allocUnsafeSlow(size)
  const hash = createHash('sha256')
  let read = 0
  for (let hashed = 0; hashed < size; ) {
    const next = read < size ? file.read(bytes, read, Math.min(piece, size - read), read) : undefined
    hash.update(bytes.subarray(hashed, read))
    hashed = read
    const got = await next
    if (got?.bytesRead === 0) throw new Error('it became shorter')
    read += got?.bytesRead ?? 0
  }
  return { bytes, sha256: hash.digest('hex') }
}
