import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { ownRoot } from '../util/own-root.ts'
import { type Compiler, compile, findCompiler } from './compiler.ts'
import { compileError, type Diagnostic, mapDiagnostics, parseCompilerOutput } from './diagnostics.ts'
import type { PlaybookChoice } from './import.ts'
import { ownTypes } from './own-types.ts'
import type { Project } from './project.ts'
import { checkableTemplates } from './templates.ts'
import { writeWhole } from './write-whole.ts'

export interface TypeCheckRequest {
  readonly project: Project
  /** The playbooks to check; what they import is checked with them. */
  readonly files: readonly string[]
  /** What `#inventory` means in this run. */
  readonly inventory: string
  /** Whether the project's templates are checked, too; default true. */
  readonly templates?: boolean
  /** Declarations of Rollcall itself; default those of the program that runs. Without any the compiler reads the sources. */
  readonly types?: string | undefined
}

export type Verdict = { readonly ok: true; readonly cached: boolean } | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }

/** A verdict without errors, and what it was given for. */
interface Remembered {
  readonly compiler: string
  readonly installed: string
  readonly inputs: Readonly<Record<string, string>>
}

/**
 * Checks playbooks, the chosen inventory and every template with TypeScript's native compiler. A verdict without errors
 * holds until a file that the compiler read has changed, and then costs only the reading of those files.
 * @throws RollcallError when a template cannot be read or is bound by nothing, or the compiler is missing.
 */
export async function typeCheck({
  project,
  files,
  inventory,
  templates: withTemplates = true,
  types = ownTypes(),
}: TypeCheckRequest): Promise<Verdict> {
  const templates = withTemplates ? checkableTemplates(project) : []
  const roots = [
    ...files,
    inventory,
    ...(project.factCache === undefined ? [] : [project.factCache]),
    ...templates.map((template) => template.generated),
  ]
  const config = settings(project, roots, inventory, types)
  const folder = join(project.root, '.rollcall/type-check', digest(config).slice(0, 16))
  const compiler = findCompiler()
  const installed = installedPackages(project)
  if (stillHolds(folder, compiler, installed)) return { ok: true, cached: true }

  writeWhole(join(folder, 'tsconfig.json'), config)
  const before = touched(join(folder, 'tsconfig.json'))
  const output = parseCompilerOutput(await compile(compiler, project.root, join(folder, 'tsconfig.json')))
  const diagnostics = mapDiagnostics(output.diagnostics, project.root, templates)
  if (diagnostics.length > 0) return { ok: false, diagnostics }
  remember(
    folder,
    compiler,
    installed,
    [...output.files.filter((file) => !file.includes('/node_modules/')), ...settingFiles(project)],
    before,
  )
  return { ok: true, cached: false }
}

/**
 * {@link typeCheck} of one playbook, as a run needs it.
 * @throws RollcallError (exit code 1) that shows each of the compiler's messages at the user's own line.
 */
export async function typeCheckPlaybook(project: Project, { playbook, inventory }: PlaybookChoice): Promise<{ readonly cached: boolean }> {
  const verdict = await typeCheck({ project, files: [playbook], inventory })
  if (!verdict.ok) throw compileError(project.root, verdict.diagnostics, playbook)
  return { cached: verdict.cached }
}

/**
 * {@link typeCheck} of an inventory alone.
 * @throws RollcallError (exit code 1) as {@link typeCheckPlaybook} does.
 */
export async function typeCheckInventory(project: Project, inventory: string): Promise<void> {
  const verdict = await typeCheck({ project, files: [], inventory, templates: false })
  if (!verdict.ok) throw compileError(project.root, verdict.diagnostics, inventory, 'inventory')
}

/** What the checks rest on: without `strict` the fleet's brands would not hold. */
const required = {
  noEmit: true,
  strict: true,
  skipLibCheck: true,
  erasableSyntaxOnly: true,
  verbatimModuleSyntax: true,
  allowImportingTsExtensions: true,
  module: 'nodenext',
  moduleResolution: 'nodenext',
  customConditions: ['rollcall-source'],
  incremental: false,
  composite: false,
}

function settings(project: Project, files: readonly string[], inventory: string, types: string | undefined): string {
  const own = join(project.root, 'tsconfig.json')
  const defaults = {
    target: 'es2023',
    lib: ['es2023'],
    types: ['node'],
    typeRoots: [join(ownRoot(), 'node_modules/@types')],
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
  }
  const rollcall =
    types === undefined ? {} : { rollcall: [join(types, 'index.d.ts')], 'rollcall/testing': [join(types, 'testing/index.d.ts')] }
  const compilerOptions = { ...(existsSync(own) ? {} : defaults), ...required, paths: { '#inventory': [inventory], ...rollcall } }
  return `${JSON.stringify({ ...(existsSync(own) && { extends: own }), compilerOptions, files, include: [] }, null, 2)}\n`
}

function settingFiles(project: Project): string[] {
  return [join(project.root, 'package.json'), join(project.root, 'tsconfig.json')].filter((path) => existsSync(path))
}

/** Now, by the file system's own clock: this process's may be a fraction of a millisecond behind it. */
function touched(path: string): number {
  utimesSync(path, new Date(), new Date())
  return statSync(path).ctimeMs
}

/** npm's own records stand for everything in node_modules. */
function installedPackages(project: Project): string {
  const records = [project.root, ownRoot()].map((root) => join(root, 'node_modules/.package-lock.json'))
  return digest(records.map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : '')).join('\0'))
}

function stillHolds(folder: string, compiler: Compiler, installed: string): boolean {
  try {
    const past = JSON.parse(readFileSync(join(folder, 'verdict.json'), 'utf8')) as Remembered
    if (past.compiler !== compiler.version || past.installed !== installed) return false
    return Object.entries(past.inputs).every(([path, hash]) => digest(readFileSync(path)) === hash)
  } catch {
    // No verdict yet, a file gone, or a record half written by a full disk: check anew.
    return false
  }
}

/** Files changed while the compiler ran may not be the ones it read: then nothing is remembered. */
function remember(folder: string, compiler: Compiler, installed: string, files: readonly string[], before: number): void {
  const changedMeanwhile = files.some((path) => statSync(path).ctimeMs > before)
  if (changedMeanwhile) return
  const inputs = Object.fromEntries(files.map((path) => [path, digest(readFileSync(path))]))
  writeWhole(join(folder, 'verdict.json'), JSON.stringify({ compiler: compiler.version, installed, inputs } satisfies Remembered))
}

function digest(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
