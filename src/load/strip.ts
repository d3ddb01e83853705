import { createHash } from 'node:crypto'
import { lstatSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { makeFolders } from '../util/make-folders.ts'
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

/** Part of each cache key: a parser that erases differently must not find the work of another. */
const parser = 'swc-1'

/**
 * TypeScript as JavaScript: types become spaces, so every line and column stays. The result is remembered by content
 * in the user's own cache folder, since loading the parser costs more than everything else in loading a playbook.
 */
export function stripTypes(path: string): string {
  const source = readFileSync(path, 'utf8')
  const folder = cacheFolder()
  const cached = folder && join(folder, `${createHash('sha256').update(`${parser}\0${source}`).digest('hex')}.mjs`)
  if (cached !== undefined) {
    try {
      return readFileSync(cached, 'utf8')
    } catch {
      // Not there yet.
    }
  }
  const stripped = strip(path, source)
  try {
    if (cached !== undefined) writeWhole(cached, stripped)
  } catch {
    // Then the next run strips it again.
  }
  return stripped
}

/**
 * TypeScript as JavaScript, with each character in its place. By the parser that Node itself uses, on every version of Node: Node 20 has none built in, and the built-in one of
 * newer versions does not tell where a syntax error stands.
 */
export function strip(path: string, source: string): string {
  const swc = createRequire(import.meta.url)('@swc/wasm-typescript') as typeof import('@swc/wasm-typescript')
  try {
    return swc.transformSync(source, { mode: 'strip-only' }).code
  } catch (error) {
    const { message, code, startLine, startColumn } = error as { message: string; code?: string; startLine: number; startColumn: number }
    throw new SyntaxProblemError({
      path,
      message: message.trim(),
      line: startLine,
      column: startColumn + 1,
      unsupported: code === 'UnsupportedSyntax',
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
    makeFolders(path, 0o700)
    const found = lstatSync(path)
    return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0 ? path : false
  } catch {
    return false
  }
}
