import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolders } from '../util/make-folders.ts'

/** Writes a file, unless it holds that text already. Two processes may do so at once: it appears whole or not at all. */
export function writeWhole(path: string, text: string): void {
  try {
    if (readFileSync(path, 'utf8') === text) return
  } catch {
    makeFolders(dirname(path), 0o700)
  }
  const temporary = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}`
  writeFileSync(temporary, text, { mode: 0o600 })
  renameSync(temporary, path)
}
