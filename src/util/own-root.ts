import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

let found: string | undefined

/** Rollcall's own folder, the same when the code runs from `src/` and from `dist/`. */
export function ownRoot(): string {
  found ??= climb(dirname(fileURLToPath(import.meta.url)))
  return found
}

function climb(folder: string): string {
  const path = join(folder, 'package.json')
  if (existsSync(path) && (JSON.parse(readFileSync(path, 'utf8')) as { name?: string }).name === 'rollcall') return folder
  if (dirname(folder) === folder) throw new Error('rollcall runs outside its own package: no package.json named rollcall above its code')
  return climb(dirname(folder))
}

/** Rollcall's version, from its package.json. */
export function ownVersion(): string {
  return (JSON.parse(readFileSync(join(ownRoot(), 'package.json'), 'utf8')) as { version: string }).version
}
