import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A directory tree as one line a file: type, mode, owners, time, content. Two equal lists mean nothing was written. */
export function treeOf(root: string): readonly string[] {
  const lines: string[] = []
  // Names are bytes: a text would not lead back to one that is no UTF-8.
  const visit = (path: Buffer) => {
    const state = lstatSync(path, { bigint: true })
    const content = state.isSymbolicLink() ? readlinkSync(path, 'buffer') : state.isFile() ? readFileSync(path) : Buffer.alloc(0)
    const sum = createHash('sha256').update(content).digest('hex')
    lines.push(
      [JSON.stringify(path.toString('utf8')), state.mode.toString(8), state.uid, state.gid, state.ino, state.mtimeNs, sum].join(' '),
    )
    if (state.isDirectory())
      for (const name of readdirSync(path, 'buffer').sort(Buffer.compare)) visit(Buffer.concat([path, Buffer.from('/'), name]))
  }
  visit(Buffer.from(root))
  return lines
}

/** The lines of a tree that were not there before, and those that are gone. */
export function writtenSince(before: readonly string[], after: readonly string[]): readonly string[] {
  const [old, now] = [new Set(before), new Set(after)]
  return [...after.filter((line) => !old.has(line)), ...before.filter((line) => !now.has(line)).map((line) => `no longer: ${line}`)]
}
