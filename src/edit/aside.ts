import { existsSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { compileError } from '../load/diagnostics.ts'
import { importInventory } from '../load/import.ts'
import type { Project } from '../load/project.ts'
import { typeCheck } from '../load/type-check.ts'
import { writeWhole } from '../load/write-whole.ts'
import { type ErrorDetails, RollcallError } from '../model/errors.ts'
import type { InventoryModel } from '../model/inventory.ts'
import { makeFolders } from '../util/make-folders.ts'
import { filesFrom, importsOf } from './find.ts'
import { refuse } from './plan.ts'
import { realPath, type Sources } from './source.ts'

/** Texts that are not written yet, as files of their own, in folders that look like those of the project. */
export interface Aside {
  /** The inventory's file there. */
  readonly entry: string
  /** Says of an error in it where it will stand. */
  readonly told: (error: unknown) => unknown
  readonly remove: () => void
}

/**
 * Lays an edited inventory aside. What is edited, and what imports it, are copies; all else around them are links, so
 * that the code finds its neighbours.
 */
export function layAside({ root }: Project, entry: string, sources: Sources): Aside {
  const files = filesFrom(sources, entry)
  const edited = new Set(sources.changed().map(({ path }) => realPath(path)))
  const copied = reaching(files, sources, edited)
  const inside = copied.every((path) => path.startsWith(`${root}/`))
  const base = inside ? root : '/'
  const folder = join(root, '.rollcall/edit')
  const place = (path: string) => join(folder, relative(base, path))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  // One that was killed may have left its own.
  remove()
  for (const path of copied) writeWhole(place(path), sources.read(path).text)
  const folders = new Set<string>()
  for (const path of copied)
    for (let each = dirname(path); !folders.has(each) && each.startsWith(base); each = dirname(each)) {
      folders.add(each)
      if (each === base) break
    }
  for (const each of inside ? folders : new Set(copied.map((path) => dirname(path)))) linkNeighbours(each, place(each), each === root)
  const here = `${relative(root, folder)}/`
  const told = (text: string) => text.replaceAll(`${folder}/`, base === '/' ? '/' : `${base}/`).replaceAll(here, base === '/' ? '/' : '')
  return {
    entry: place(entry),
    remove,
    told: (error) => (error instanceof RollcallError ? new RollcallError(movedTo(error.details, told), { cause: error }) : error),
  }
}

/** At the root of a project, what decides the meaning of imports stays where it is. */
const rootOnly = new Set(['.rollcall', 'node_modules', 'package.json', 'tsconfig.json', '.git'])

function linkNeighbours(from: string, to: string, isRoot: boolean): void {
  makeFolders(to, 0o700)
  for (const name of readdirSync(from))
    if (!existsSync(join(to, name)) && !(isRoot && rootOnly.has(name))) symlinkSync(join(from, name), join(to, name))
}

/** The files that are edited, or import one that is, over however many others. */
function reaching(files: readonly string[], sources: Sources, edited: ReadonlySet<string>): readonly string[] {
  const reached = new Set(edited)
  for (let size = -1; size !== reached.size; ) {
    size = reached.size
    for (const path of files) if (importsOf(sources.read(path)).some((each) => reached.has(realPath(each)))) reached.add(realPath(path))
  }
  return files.filter((path) => reached.has(realPath(path)))
}

function movedTo(details: ErrorDetails, told: (text: string) => string): ErrorDetails {
  return {
    ...details,
    ...(details.detail !== undefined && { detail: told(details.detail) }),
    ...(details.fix !== undefined && { fix: told(details.fix) }),
    ...(details.at && { at: { ...details.at, file: told(details.at.file) } }),
  }
}

/** The model of an inventory that is laid aside. @throws RollcallError with the compiler's words, or those of loading. */
export async function loadAside(project: Project, path: string, aside: Aside): Promise<InventoryModel> {
  try {
    const verdict = await typeCheck({ project, files: [], inventory: aside.entry, templates: false })
    if (!verdict.ok) throw await notCompiled(project, path, compileError(project.root, verdict.diagnostics, aside.entry, 'inventory'))
    return (await importInventory(project, aside.entry, undefined, path)).model
  } catch (error) {
    throw refused(aside.told(error))
  }
}

async function notCompiled(project: Project, path: string, error: RollcallError): Promise<RollcallError> {
  const before = await typeCheck({ project, files: [], inventory: path, templates: false })
  return before.ok
    ? error
    : new RollcallError({
        ...error.details,
        fix: 'It does not compile without the edit either. Correct it first:\nrollcall inventory validate',
      })
}

function refused(error: unknown): unknown {
  if (!(error instanceof RollcallError)) return error
  const { summary, detail, fix } = error.details
  return new RollcallError(
    {
      ...error.details,
      summary: 'The edit was refused, and no file was changed',
      detail: `${summary}${detail === undefined ? '' : `\n${detail}`}`,
      fix:
        fix === 'Correct the code and run again.'
          ? 'Give another value, or change the file in an editor.'
          : (fix ?? 'Change the file in an editor.'),
      exitCode: 1,
    },
    { cause: error },
  )
}

/** @throws RollcallError where a changed file is not reached by what can be copied. */
export function mustReach(sources: Sources, entry: string): void {
  const files = new Set(filesFrom(sources, entry).map(realPath))
  const lost = sources.changed().find(({ path }) => !files.has(realPath(path)))
  if (lost)
    refuse('The file of this host cannot be tried out', `${lost.path} is not imported by a relative path`, 'Change it in an editor.')
}
