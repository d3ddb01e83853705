import { resolve } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { frameOf, shortPath } from './code-frame.ts'
import type { CheckedTemplate } from './templates.ts'

/** One message of the compiler. */
export interface Diagnostic {
  /** Relative to the project's root where it lies inside; absent for a message about the settings. */
  readonly file?: string
  readonly line: number
  readonly column: number
  readonly code: string
  /** The whole chain; its further lines are indented. */
  readonly message: string
}

const start = /^(?:(.+?)\((\d+),(\d+)\): )?error (TS\d+): (.*)$/

/** Messages of the compiler, and the files that it read. */
export interface CompilerOutput {
  readonly diagnostics: readonly Diagnostic[]
  readonly files: readonly string[]
}

/** Reads what `tsc --pretty false --listFiles` prints. */
export function parseCompilerOutput(output: string): CompilerOutput {
  const diagnostics: Diagnostic[] = []
  const files: string[] = []
  for (const line of output.split(/\r?\n/)) {
    const match = start.exec(line)
    const last = diagnostics.at(-1)
    if (match) {
      const [, file, row, column, code, message] = match
      diagnostics.push({
        ...(file !== undefined && { file }),
        line: Number(row ?? 1),
        column: Number(column ?? 1),
        code: code!,
        message: message!,
      })
    } else if (line.startsWith(' ') && last) diagnostics[diagnostics.length - 1] = { ...last, message: `${last.message}\n${line}` }
    else if (line !== '') files.push(line)
  }
  return { diagnostics, files }
}

/** Messages about a generated file become messages about the template it was made from; the user's own files come first. */
export function mapDiagnostics(diagnostics: readonly Diagnostic[], root: string, templates: readonly CheckedTemplate[]): Diagnostic[] {
  const generated = new Map(templates.map((template) => [template.generated, template]))
  const mapped = diagnostics.map((diagnostic): Diagnostic => {
    if (diagnostic.file === undefined) return diagnostic
    const file = resolve(root, diagnostic.file)
    const template = generated.get(file)
    if (template === undefined) return { ...diagnostic, file: shortPath(root, file) }
    const column = diagnostic.line === 1 ? Math.max(1, diagnostic.column - template.headerLength) : diagnostic.column
    return { ...diagnostic, file: shortPath(root, template.eta), column }
  })
  const unique = new Map(mapped.map((each) => [JSON.stringify([each.file, each.line, each.column, each.code, each.message]), each]))
  const isOurs = (each: Diagnostic) =>
    Number(each.file === undefined || each.file.startsWith('/') || each.file.includes('node_modules/') || each.file.startsWith('src/'))
  return [...unique.values()].sort((a, b) => isOurs(a) - isOurs(b))
}

const shownInFull = 5

/** All messages as one error, each with its own lines of code. */
export function compileError(
  root: string,
  diagnostics: readonly Diagnostic[],
  playbook: string,
  word: 'playbook' | 'inventory' = 'playbook',
): RollcallError {
  const shown = diagnostics.slice(0, shownInFull).map(({ file, line, column, code, message }) => {
    if (file === undefined) return `${code} ${message}`
    const frame = frameOf({ file: resolve(root, file), line, column })
    return `${file}:${line}:${column} ${message}  (${code})${frame && `\n${frame.replace(/^/gm, '  ')}`}`
  })
  const more = diagnostics.length - shown.length
  const hint = diagnostics.some(({ file, code }) => file?.endsWith('.eta') && code === 'TS2345')
    ? ['A template prints text, numbers and secrets only: use a condition for anything that may be absent, false or an object.']
    : []
  const first = diagnostics[0]
  const inPlaybook = first?.file === undefined || first.file === shortPath(root, playbook)
  return new RollcallError({
    summary: `The ${word} does not compile`,
    detail: [...(inPlaybook ? [] : [shortPath(root, playbook)]), ...shown, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n'),
    fix: [...hint, `${word === 'playbook' ? 'Nothing was run. ' : ''}Correct the code and run again.`].join('\n'),
    exitCode: 1,
  })
}
