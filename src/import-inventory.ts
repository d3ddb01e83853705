import { existsSync } from 'node:fs'
import { basename, extname, join, resolve } from 'node:path'
import { shortPath } from './load/code-frame.ts'
import { findInventory, findProject } from './load/project.ts'
import { typedModule } from './load/sources/typed-module.ts'
import { typeCheckInventory } from './load/type-check.ts'
import { writeWhole } from './load/write-whole.ts'
import { formatLine, RollcallError } from './model/errors.ts'
import { openSource } from './open-source.ts'

export interface ImportRequest {
  /** The folder the command was given in. */
  readonly root: string
  /** An inventory of Ansible's. */
  readonly source: string
  /** The file to write; default one of the same name among the project's inventories. */
  readonly to?: string
  /** Overwrite it. */
  readonly force: boolean
}
export interface ImportedInventory {
  readonly written: string
  readonly hosts: number
  readonly groups: number
  /** What its reader should know: a sentence each. */
  readonly notes: readonly string[]
}

/**
 * Writes an inventory of Ansible's as a typed one, and type-checks it. Contacts no host.
 * @throws RollcallError (exit 1) where the file is there already, and for what a typed inventory cannot hold.
 */
export async function importInventoryFrom({ root, source, to, force }: ImportRequest): Promise<ImportedInventory> {
  const project = findProject(root)
  const path = findInventory(project, source, root)
  if (path.endsWith('.ts'))
    throw new RollcallError({
      summary: 'This inventory is in TypeScript already',
      detail: shortPath(project.root, path),
      fix: 'Name one of Ansible: INI, YAML, a script or a folder.',
      exitCode: 1,
    })
  const name = basename(path, extname(path))
  const target = to === undefined ? join(project.inventories, `${name}.ts`) : resolve(root, to.endsWith('.ts') ? to : `${to}.ts`)
  const written = shortPath(project.root, target)
  if (existsSync(target) && !force)
    throw new RollcallError({
      summary: 'The file to write is there already',
      detail: written,
      fix: 'Name another, by --to, or overwrite it with --force.',
      exitCode: 1,
    })
  const opened = await openSource(project, path)
  const { text, notes } = typedModule(opened, project.root, shortPath(project.root, path))
  writeWhole(target, text, 0o644)
  await typeCheckInventory(project, target)
  const { model, warnings } = opened
  return {
    written,
    hosts: model.hosts.size,
    groups: model.groups.size,
    notes: [
      ...notes,
      ...warnings.map(({ message, at }) => `${message} (${formatLine({ file: shortPath(project.root, at.file), line: at.line })})`),
    ],
  }
}
