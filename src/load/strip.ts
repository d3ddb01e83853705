import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readFileSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { writeWhole } from './write-whole.ts'

/** A file that holds no TypeScript, or syntax that is more than types. Offsets count from 1. */
export interface SyntaxProblem {
  readonly path: string
  readonly message: string
  readonly line: number
  readonly column: number
  /** The syntax is valid, but would have to be compiled rather than erased. */
  readonly unsupported: boolean
}

const marker = 'rollcall cannot read this file: '

/** Its message carries the problem, because an error from Node's loader thread keeps little but its message. */
class SyntaxProblemError extends Error {
  constructor(problem: SyntaxProblem) {
    super(`${marker}${JSON.stringify(problem)}`)
  }
}

export function syntaxProblemOf(error: unknown): SyntaxProblem | undefined {
  const message = error instanceof Error ? error.message : ''
  return message.startsWith(marker) ? (JSON.parse(message.slice(marker.length)) as SyntaxProblem) : undefined
}

type Strip = (source: string) => string
interface Stripper {
  readonly name: string
  readonly load: () => Strip
}

/** Node 22.13 and newer can do it; for Node 20 there is the very parser that Node uses, as a package. */
const stripper: Stripper = (() => {
  const builtIn = (module as { stripTypeScriptTypes?: Strip }).stripTypeScriptTypes
  if (builtIn) return { name: `node-${process.version}`, load: () => quietly(builtIn) }
  return {
    name: 'swc-1',
    load: () => {
      const swc = createRequire(import.meta.url)('@swc/wasm-typescript') as typeof import('@swc/wasm-typescript')
      return (source) => swc.transformSync(source, { mode: 'strip-only' }).code
    },
  }
})()

/** Without the warning that the function is experimental. */
function quietly(builtIn: Strip): Strip {
  return (source) => {
    const { emitWarning } = process
    process.emitWarning = () => {}
    try {
      return builtIn(source)
    } finally {
      process.emitWarning = emitWarning
    }
  }
}

/**
 * TypeScript as JavaScript: types become spaces, so every line and column stays. The result is remembered by content
 * in the user's own cache folder, since loading the parser costs more than everything else in loading a playbook.
 */
export function stripTypes(path: string): string {
  const source = readFileSync(path, 'utf8')
  const folder = cacheFolder()
  const cached = folder && join(folder, `${createHash('sha256').update(`${stripper.name}\0${source}`).digest('hex')}.mjs`)
  if (cached !== undefined) {
    try {
      return readFileSync(cached, 'utf8')
    } catch {
      // Not there yet.
    }
  }
  const stripped = strip(path, source)
  if (cached !== undefined) writeWhole(cached, stripped)
  return stripped
}

function strip(path: string, source: string): string {
  try {
    return stripper.load()(source)
  } catch (error) {
    // swc throws plain objects with a place; Node's own function throws errors whose place stands in the stack.
    const thrown = error as { message?: string; code?: string; stack?: string; startLine?: number; startColumn?: number }
    const place = /^\s*at .*?:(\d+):(\d+)|^[^\n]*?:(\d+)\n[^\n]*\n( *)\^/m.exec(thrown.stack ?? '')
    throw new SyntaxProblemError({
      path,
      message: (thrown.message ?? String(error)).trim(),
      line: thrown.startLine ?? Number(place?.[3] ?? 1),
      column: thrown.startColumn === undefined ? (place?.[4]?.length ?? 0) + 1 : thrown.startColumn + 1,
      unsupported: /unsupported/i.test(thrown.code ?? ''),
    })
  }
}

let folderFound: string | false | undefined

/** Undefined when the folder is not ours alone: what is in it gets executed. */
function cacheFolder(): string | undefined {
  folderFound ??= privateFolder(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'rollcall/strip'))
  return folderFound || undefined
}

function privateFolder(path: string): string | false {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const found = lstatSync(path)
    return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0 ? path : false
  } catch {
    return false
  }
}
