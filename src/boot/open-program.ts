import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Script } from 'node:vm'

/** What a build's one file gives: each part of it is evaluated when it is first asked for. */
export interface Program {
  readonly cli: () => unknown
  readonly index: () => Record<string, unknown>
  readonly testing: () => Record<string, unknown>
}
/** Node's own, of the file that opens the program. */
export interface Modules {
  readonly require: NodeJS.Require
  readonly import: (specifier: string, options?: ImportCallOptions) => Promise<unknown>
}
type Wrapped = (
  exports: object,
  require: Modules['require'],
  module: object,
  filename: string,
  dirname: string,
  importModule: Modules['import'],
) => void

/** Commands with each of their options are few; what is asked with ever new ones must not fill the disk. */
const mostCaches = 64

/**
 * Opens the program of a build. Compiling it would be most of what a start costs, so the code that V8 makes of it is kept
 * beside it, as of the first run that went well: also of functions that are compiled when first called. There is one cache
 * for each command with its options, because these run the same functions. A cache fits one version of V8, its flags and
 * the processor; without one, and where the folder cannot be written to, all is compiled as usual.
 * @param folder Of the build. Whoever can write there can change the program, with or without caches.
 * @param started The arguments, where the process was started to be this program; its caches are for that alone.
 */
export function openProgram(folder: string, modules: Modules, started: readonly string[] | undefined): Program {
  const file = join(folder, 'rollcall.cjs')
  const kept = started === undefined ? undefined : join(folder, 'code', `${nameOf(started)}.${process.versions.v8}`)
  const cachedData = kept === undefined ? undefined : codeIn(kept)
  const script = new Script(readFileSync(file, 'latin1'), { filename: file, ...(cachedData !== undefined && { cachedData }) })
  if (kept !== undefined && (cachedData === undefined || script.cachedDataRejected === true)) {
    // A function that has not been called for a while would lose its code, and be missing in the cache. Not with a cache: Node's
    // own does not fit other flags.
    const { setFlagsFromString } = modules.require('node:v8') as typeof import('node:v8')
    setFlagsFromString('--no-flush-bytecode')
    process.once('exit', (code) => {
      setFlagsFromString('--flush-bytecode')
      // What ends by a mistake of the user's has not run what comes after.
      if (code !== 1 && code < 128) keep(kept, script)
    })
  }
  const module = { exports: {} }
  ;(script.runInThisContext() as Wrapped)(module.exports, modules.require, module, file, folder, modules.import)
  return module.exports as Program
}

/** `run --check --limit` of `run site --limit x --check`; behind `--` stand the words of another program. */
function nameOf(all: readonly string[]): string {
  const words = all.includes('--') ? all.slice(0, all.indexOf('--')) : all
  const options = words.flatMap((word) => /^(--[a-z][a-z-]*|-[a-z])/i.exec(word)?.[1] ?? [])
  const command = words.find((word) => /^[a-z][a-z-]*$/.test(word))
  return [command ?? 'nothing', ...new Set(options.sort())].join(' ').slice(0, 200)
}

const digestOf = (code: Uint8Array) => createHash('sha256').update(code).digest()
const digestLength = 32

/** V8 trusts what it is given: one wrong bit may crash the process or change what it does. So a digest stands before it. */
function codeIn(path: string): Buffer | undefined {
  let content: Buffer
  try {
    content = readFileSync(path)
  } catch {
    return undefined
  }
  const code = content.subarray(digestLength)
  return digestOf(code).equals(content.subarray(0, digestLength)) ? code : undefined
}

/** In place as a whole, or not at all. */
function keep(path: string, script: Script): void {
  const folder = join(path, '..')
  const temporary = `${path}.${process.pid}`
  try {
    mkdirSync(folder, { recursive: true })
    if (readdirSync(folder).length >= mostCaches) return
    const code = script.createCachedData()
    try {
      writeFileSync(temporary, Buffer.concat([digestOf(code), code]), { flag: 'wx' })
      renameSync(temporary, path)
    } finally {
      rmSync(temporary, { force: true })
    }
  } catch {
    // Then the next run compiles it again.
  }
}
