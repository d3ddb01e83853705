import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, extname, join, resolve, sep } from 'node:path'
import type { Eta } from 'eta'
import type { Rendering } from '../dsl/template.ts'
import { RollcallError, type SourceLine } from '../model/errors.ts'
import { userFrame } from '../util/caller.ts'
import { suggest } from '../util/suggest.ts'
import { type Compiled, compileTemplate, makeEta, templateLine } from './compile.ts'
import { messageOf, placed, shownPath } from './errors.ts'
import { collectSecrets } from './secrets.ts'
import { strict } from './strict.ts'

/** A file as it would be written. */
export interface Rendered {
  readonly bytes: Uint8Array
  /** Hexadecimal. */
  readonly sha256: string
  /** Where a secret stands in it, or went into it: the same with `[secret]`. */
  readonly shown?: Uint8Array
  /** Its code revealed a secret: what it made of it is in the file, and nobody can tell where. */
  readonly opaque?: true
}

const compiled = new Map<string, { readonly modified: number; readonly size: number; readonly template: Compiled }>()

function missingFile(path: string, root: string, at: SourceLine | undefined): RollcallError {
  let there: string[] = []
  try {
    there = readdirSync(dirname(path)).filter((name) => name.endsWith('.eta'))
  } catch {
    there = []
  }
  const meant = suggest(basename(path), there)
  return new RollcallError({
    summary: 'The file of a template does not exist',
    detail: shownPath(path, root),
    fix:
      meant === undefined
        ? `Write it, or correct the name: a template's file is relative to the file that defines it.`
        : `Did you mean '${meant}'?`,
    ...(at && { at }),
  })
}

/** Eta says where in its message; a syntax error of Node says it at the top of its stack. */
function syntaxError(error: unknown, path: string): RollcallError {
  const eta = /^(.*) at line (\d+) col (\d+):/.exec(error instanceof Error ? error.message : '')
  const at = eta
    ? { file: path, line: Number(eta[2]), column: Number(eta[3]) }
    : (templateLine(error instanceof Error ? (error.stack ?? '') : '') ?? { file: path, line: 1 })
  return placed(error, at, {
    summary: 'A template has an error in its syntax',
    detail: eta?.[1] ?? messageOf(error),
    fix: 'Correct the tag: <% code %>, <%= value %>, <%~ include(…) %>.',
  })
}

function load(path: string, root: string, at: SourceLine | undefined): Compiled {
  const status = statSync(path, { throwIfNoEntry: false })
  if (status?.isFile() !== true) throw missingFile(path, root, at)
  const known = compiled.get(path)
  if (known && known.modified === status.mtimeMs && known.size === status.size) return known.template
  let source: string
  try {
    source = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch (error) {
    throw new RollcallError(
      {
        summary: 'A template is not UTF-8 text',
        detail: shownPath(path, root),
        fix: 'Convert it to UTF-8, or send the file with copy({ src }), which keeps every byte.',
        ...(at && { at }),
      },
      { cause: error },
    )
  }
  try {
    const template = compileTemplate(path, source)
    compiled.set(path, { modified: status.mtimeMs, size: status.size, template })
    return template
  } catch (error) {
    throw syntaxError(error, path)
  }
}

/** Eta with files of our own: `include('part')` is looked for beside the template that includes it, inside the project. */
function etaFor(root: string): Eta {
  const eta = makeEta()
  eta.render = (name, data, meta) => {
    const from = meta?.filepath ?? root
    const path = resolve(dirname(from), extname(String(name)) === '' ? `${String(name)}.eta` : String(name))
    if (!path.startsWith(join(root, sep))) {
      throw new RollcallError({
        summary: 'A template includes a file outside the project',
        detail: String(name),
        fix: 'Put the part beside the template that includes it.',
      })
    }
    return load(path, root, undefined).run.call(eta, strict(data, 'it'), { filepath: path })
  }
  return eta
}

function dataOf(rendering: Rendering, root: string): object {
  const wrong = (what: string): RollcallError =>
    new RollcallError({
      summary: `A template's data function returned no object`,
      detail: `${shownPath(rendering.path, root)}: it returned ${what}`,
      fix: 'Return an object of the names that the template reads; the function cannot be async.',
      ...(rendering.at && { at: rendering.at }),
    })
  let data: unknown
  try {
    data = rendering.data()
  } catch (error) {
    const line = error instanceof Error ? userFrame(error.stack) : undefined
    throw placed(error, line ?? rendering.at, {
      summary: `A template's data function failed`,
      detail: `${shownPath(rendering.path, root)}: ${messageOf(error)}`,
      fix: 'Correct the function at this line.',
    })
  }
  if (typeof data !== 'object' || data === null) throw wrong(data === null ? 'null' : typeof data)
  if (Array.isArray(data)) throw wrong('a list')
  if (data instanceof Promise) throw wrong('a promise')
  return data
}

/**
 * Renders a template. Every error is a RollcallError whose `at` is the line that made it: in the `.eta`, or in the
 * data function of the user. `root` is the project's folder; templates include nothing from outside it.
 */
export function renderTemplate(rendering: Rendering, options: { readonly root: string }): Rendered {
  // The lines are found in the stack, and helpers between the template and the error may be many.
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 100
  try {
    const { text, shown, opaque } = collectSecrets(() => {
      const data = dataOf(rendering, options.root)
      const template = load(rendering.path, options.root, rendering.at)
      return runTemplate(template, data, rendering, options.root)
    })
    const bytes = Buffer.from(text, 'utf8')
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    return { bytes, sha256, ...(shown !== undefined && { shown: Buffer.from(shown, 'utf8') }), ...(opaque && { opaque }) }
  } finally {
    Error.stackTraceLimit = limit
  }
}

function runTemplate(template: Compiled, data: object, rendering: Rendering, root: string): string {
  try {
    return template.run.call(etaFor(root), strict(data, 'it'), { filepath: rendering.path })
  } catch (error) {
    const at = templateLine(error instanceof Error ? (error.stack ?? '') : '')
    const own = error instanceof RollcallError ? error.details.at : undefined
    throw placed(error, own?.file.endsWith('.eta') ? own : (at ?? { file: rendering.path, line: 1 }), {
      summary: 'A template failed',
      detail: `${shownPath(rendering.path, root)}: ${messageOf(error)}`,
      fix: 'Correct the template at this line.',
    })
  }
}
