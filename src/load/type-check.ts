import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync, utimesSync } from 'node:fs'
import { join, sep } from 'node:path'
import { ownRoot } from '../util/own-root.ts'
import { type CheckSettings, checkSettings, leanSettings } from './check-settings.ts'
import { type Compiler, compile, findCompiler } from './compiler.ts'
import { type CompilerOutput, compileError, type Diagnostic, mapDiagnostics, parseCompilerOutput } from './diagnostics.ts'
import type { PlaybookChoice } from './import.ts'
import { leanGlobals } from './lean-globals.ts'
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
  /** Node's declarations were not needed. Where they were, the next check begins with them. */
  readonly lean: boolean
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
  const given: CheckSettings = { project, roots, inventory, types }
  const folder = join(project.root, '.rollcall/type-check', digest(checkSettings(given)).slice(0, 16))
  const compiler = findCompiler()
  const installed = installedPackages(project)
  const past = pastVerdict(folder)
  if (past !== undefined && stillHolds(past, compiler, installed)) return { ok: true, cached: true }

  const before = beforeCheck(folder)
  const tried = types === undefined || past?.lean === false ? undefined : await leanCheck(compiler, folder, given)
  const output = tried ?? (await checked(compiler, project, join(folder, 'tsconfig.json'), checkSettings(given)))
  const diagnostics = mapDiagnostics(output.diagnostics, project.root, templates)
  if (diagnostics.length > 0) return { ok: false, diagnostics }
  // A build's declarations never change: its folder is another one then. So is that of this check, which holds its own.
  const settled = [folder, ...(types === undefined ? [] : [types])].map((path) => path + sep)
  const read = output.files.filter((file) => !file.includes('/node_modules/') && !settled.some((path) => file.startsWith(path)))
  remember(folder, { compiler: compiler.version, installed, lean: tried !== undefined }, [...read, ...settingFiles(project)], before)
  return { ok: true, cached: false }
}

/**
 * The check without the declarations of Node, which costs less than half. Only its yes counts: with messages, which may be about
 * what is missing, and where packages are imported whose declarations may need Node's, it is no verdict.
 */
async function leanCheck(compiler: Compiler, folder: string, given: CheckSettings): Promise<CompilerOutput | undefined> {
  const globals = join(folder, 'globals.d.ts')
  writeWhole(globals, leanGlobals)
  const output = await checked(compiler, given.project, join(folder, 'tsconfig.lean.json'), leanSettings(given, globals))
  const foreign = (file: string) => file.includes('/node_modules/') && !/\/node_modules\/(typebox|@typescript|rollcall)\//.test(file)
  return output.diagnostics.length > 0 || output.files.some(foreign) ? undefined : output
}

async function checked(compiler: Compiler, project: Project, path: string, config: string): Promise<CompilerOutput> {
  writeWhole(path, config)
  return parseCompilerOutput(await compile(compiler, project.root, path))
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

function settingFiles(project: Project): string[] {
  return [join(project.root, 'package.json'), join(project.root, 'tsconfig.json')].filter((path) => existsSync(path))
}

/** Now, by the file system's own clock: this process's may be a fraction of a millisecond behind it. */
function beforeCheck(folder: string): number {
  const path = join(folder, 'began')
  writeWhole(path, '')
  utimesSync(path, new Date(), new Date())
  return statSync(path).ctimeMs
}

/** npm's own records stand for everything in node_modules. */
function installedPackages(project: Project): string {
  const records = [project.root, ownRoot()].map((root) => join(root, 'node_modules/.package-lock.json'))
  return digest(records.map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : '')).join('\0'))
}

function pastVerdict(folder: string): Remembered | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'verdict.json'), 'utf8')) as Remembered
  } catch {
    // No verdict yet, or a record half written by a full disk: check anew.
    return undefined
  }
}

function stillHolds(past: Remembered, compiler: Compiler, installed: string): boolean {
  if (past.compiler !== compiler.version || past.installed !== installed) return false
  try {
    return Object.entries(past.inputs).every(([path, hash]) => digest(readFileSync(path)) === hash)
  } catch {
    // A file is gone.
    return false
  }
}

/** Files changed while the compiler ran may not be the ones it read: then nothing is remembered. */
function remember(folder: string, verdict: Omit<Remembered, 'inputs'>, files: readonly string[], before: number): void {
  const changedMeanwhile = files.some((path) => statSync(path).ctimeMs > before)
  if (changedMeanwhile) return
  const inputs = Object.fromEntries(files.map((path) => [path, digest(readFileSync(path))]))
  writeWhole(join(folder, 'verdict.json'), JSON.stringify({ ...verdict, inputs } satisfies Remembered))
}

function digest(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
