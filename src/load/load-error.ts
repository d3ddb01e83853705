import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RollcallError, type SourceLine } from '../model/errors.ts'
import { userFrame } from '../util/caller.ts'
import { errorText } from '../util/error-text.ts'
import { suggest } from '../util/suggest.ts'
import { atItsKeys } from './at-its-keys.ts'
import { frameOf, shortPath } from './code-frame.ts'
import { syntaxProblemOf } from './strip.ts'

/** What was being loaded, for messages. */
export interface Loading {
  readonly root: string
  readonly path: string
  readonly word: 'playbook' | 'inventory' | 'fact cache'
}

/** Anything that importing a user's file can throw, as an error that shows the user's own line. */
export function loadError(error: unknown, loading: Loading): RollcallError {
  if (error instanceof RollcallError) return known(atItsKeys(error, loading.root), loading)
  return syntaxError(error, loading) ?? missingImport(error, loading) ?? linkError(error, loading) ?? thrown(error, loading)
}

interface Told {
  readonly summary: string
  readonly message: string
  readonly at: SourceLine
  readonly fix: string
}

function tell({ root }: Loading, { summary, message, at, fix }: Told, cause: unknown): RollcallError {
  const frame = frameOf(at)
  const detail = frame ? `${message}\n${frame}` : message
  return new RollcallError({ summary, detail, at: { ...at, file: shortPath(root, at.file) }, fix, exitCode: 1 }, { cause })
}

/** An error of ours that user code ran into: its place gets its lines. */
function known(error: RollcallError, { root }: Loading): RollcallError {
  const { details } = error
  const at = details.at ?? userFrame(error.stack)
  if (at === undefined) return error
  const detail = [details.detail, frameOf({ ...at, file: resolve(root, at.file) })].filter(Boolean).join('\n')
  return new RollcallError(
    { ...details, ...(detail && { detail }), at: { ...at, file: shortPath(root, at.file) }, exitCode: details.exitCode ?? 1 },
    { cause: error },
  )
}

function syntaxError(error: unknown, loading: Loading): RollcallError | undefined {
  const problem = syntaxProblemOf(error)
  if (problem === undefined) return undefined
  const at = { file: problem.path, line: problem.line, column: problem.column }
  const fix = problem.unsupported
    ? 'Rollcall erases types and compiles nothing: use a plain object for an enum, an assignment for a parameter property, `as` for `<T>`.'
    : 'Correct the syntax.'
  return tell(loading, { summary: `The ${loading.word} cannot be read as TypeScript`, message: problem.message, at, fix }, error)
}

function missingImport(error: unknown, loading: Loading): RollcallError | undefined {
  if (!(error instanceof Error) || (error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') return undefined
  const [, kind, target, from] = /^Cannot find (module|package) '(.+?)' imported from (.+)$/m.exec(error.message) ?? []
  if (target === undefined || from === undefined) return undefined
  const importer = from.startsWith('file:') ? fileURLToPath(from) : from
  const matches = (specifier: string) =>
    kind === 'package' ? specifier === target || specifier.startsWith(`${target}/`) : resolve(dirname(importer), specifier) === target
  const at = findSpecifier(importer, matches)
  const summary = `The ${loading.word} imports something that does not exist`
  if (kind === 'package')
    return tell(loading, { summary, message: `package '${target}'`, at, fix: `Install it:\nnpm install ${target}` }, error)
  const meant = suggest(basename(target), siblings(target))
  const fix = meant ? `Did you mean '${meant}'?` : 'Imports name files with their ending, e.g. ./web.ts.'
  return tell(loading, { summary, message: shortPath(loading.root, target), at, fix }, error)
}

function findSpecifier(file: string, matches: (specifier: string) => boolean): SourceLine {
  try {
    const lines = readFileSync(file, 'utf8').split('\n')
    for (const [index, text] of lines.entries())
      for (const found of text.matchAll(/(['"])([^'"]+)\1/g))
        if (matches(found[2]!)) return { file, line: index + 1, column: found.index + 1 }
  } catch {
    // The importer itself is gone: its name has to do.
  }
  return { file, line: 1 }
}

function siblings(path: string): string[] {
  try {
    return readdirSync(dirname(path))
  } catch {
    return []
  }
}

/** What the engine finds when it links modules or parses plain JavaScript: the place stands before the stack. */
function linkError(error: unknown, loading: Loading): RollcallError | undefined {
  if (!(error instanceof SyntaxError)) return undefined
  const [, url, line, , caret] = /^(file:.+?):(\d+)\n(.*)\n(\s*)\^/m.exec(error.stack ?? '') ?? []
  if (url === undefined) return undefined
  const at = { file: fileURLToPath(url), line: Number(line), ...(caret !== undefined && { column: caret.length + 1 }) }
  const summary = error.message.includes('does not provide an export')
    ? `The ${loading.word} imports something that does not exist`
    : `The ${loading.word} cannot be read`
  return tell(loading, { summary, message: error.message, at, fix: 'Correct the line.' }, error)
}

function thrown(error: unknown, loading: Loading): RollcallError {
  const message = errorText(error)
  if (!(error instanceof Error)) {
    const details = { detail: message, fix: `Only an Error knows where it was thrown:\nthrow new Error('…')` }
    return fileError(loading, { summary: `The ${loading.word} threw while it was loaded`, ...details })
  }
  const at = userFrame(error.stack) ?? { file: loading.path, line: 1 }
  const fix = `Correct the code: the body of ${/^[aeiou]/.test(loading.word) ? 'an' : 'a'} ${loading.word} runs once, when it is loaded.`
  return tell(loading, { summary: `The ${loading.word} threw while it was loaded`, message, at, fix }, error)
}

/** For messages about a file as a whole. */
export function fileError(
  loading: Loading,
  details: { readonly summary: string; readonly detail: string; readonly fix: string },
): RollcallError {
  return new RollcallError({ ...details, at: { file: shortPath(loading.root, join(loading.path)), line: 1 }, exitCode: 1 })
}
