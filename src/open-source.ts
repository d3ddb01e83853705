import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import { vaultSecret } from './dsl/secrets.ts'
import { keepSourceInventory } from './dsl/source-inventory.ts'
import { shortPath } from './load/code-frame.ts'
import type { Project } from './load/project.ts'
import { type SourcePlace, sourcePlaces } from './load/sources/places.ts'
import { type ReadSource, readSource } from './load/sources/read-source.ts'
import { modelOf, type SourceModel } from './load/sources/to-model.ts'
import { typesModule } from './load/sources/types-module.ts'
import { writeWhole } from './load/write-whole.ts'

/** An inventory that is read as Ansible reads it. */
export interface OpenedSource extends SourceModel {
  readonly read: ReadSource
  /** The module that stands for it; a file of TypeScript that exports `inventory`. */
  readonly module: string
  readonly placeOf: (keys: readonly string[]) => SourcePlace
}

const opened = new Map<string, Promise<OpenedSource>>()

/**
 * Reads an inventory that is not written in TypeScript, once, and writes the module that stands for it. Values that are encrypted by
 * themselves stay locked; files that are encrypted as a whole are opened, for nobody knows what else is in them.
 */
export function openSource(project: Project, path: string): Promise<OpenedSource> {
  const known = opened.get(path) ?? open(project, path)
  opened.set(path, known)
  return known
}

async function open(project: Project, path: string): Promise<OpenedSource> {
  const read = await readSource(path, async (text, file) => {
    const { openVault } = await import('./secrets/index.ts')
    return (await openVault(text, shortPath(project.root, file), { env: process.env })).toString('utf8')
  })
  const made = modelOf(read, path, { addressVars: project.addressVars, secretOf: ({ text, at }) => vaultSecret(text, at) })
  keepSourceInventory(path, made.model)
  const id = createHash('sha256').update(path).digest('hex').slice(0, 12)
  const module = join(project.root, '.rollcall/inventories', `${basename(path).replace(/[^\w-]/g, '_')}-${id}.ts`)
  writeWhole(module, typesModule(made.model, path, shortPath(project.root, path)))
  return { ...made, read, module, placeOf: sourcePlaces(read.data, made.model, project.addressVars) }
}
