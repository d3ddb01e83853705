import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { Inventory } from '../dsl/inventory.ts'
import type { Playbook } from '../dsl/playbook.ts'
import { RollcallError } from '../model/errors.ts'
import type { FactCache } from '../model/fact-cache.ts'
import { suggest } from '../util/suggest.ts'
import { shortPath } from './code-frame.ts'
import { fileError, type Loading, loadError } from './load-error.ts'
import type { Project } from './project.ts'
import { registerLoader } from './register.ts'
import { refuseUncheckedTemplates } from './templates.ts'

/** Paths, as findPlaybook and findInventory give them. */
export interface PlaybookChoice {
  readonly playbook: string
  /** What `#inventory` means; the same throughout a process. */
  readonly inventory: string
  /** The inventory as the user named it, where a module stands for it. */
  readonly named?: string
  readonly settle?: Settle | undefined
}
/** Completes an inventory with what is not known from its file alone, before a playbook over it is loaded. */
export type Settle = (inventory: Inventory) => Promise<void>

/**
 * Runs a playbook's body once and gives what it collected.
 * @throws RollcallError that shows the user's own line, whatever went wrong.
 */
export async function importPlaybook(project: Project, choice: PlaybookChoice): Promise<Playbook> {
  const loading: Loading = { root: project.root, path: choice.playbook, word: 'playbook' }
  if (choice.settle) await importInventory(project, choice.inventory, choice.settle)
  const exports = await importFile(loading, choice.inventory)
  const fix = `Export it so:\nexport default definePlaybook('name', inventory, (play) => { … })`
  if (!('default' in exports)) throw fileError(loading, { summary: 'The playbook has no default export', detail: namesOf(exports), fix })
  const playbook = exports.default
  if (!isKind<Playbook>(playbook, 'playbook'))
    throw fileError(loading, { summary: 'The default export is not a playbook', detail: describe(playbook), fix })
  if (playbook.inventory !== (await importInventory(project, choice.inventory))) throw otherInventory(project, choice, playbook)
  refuseUncheckedTemplates(project)
  return playbook
}

/**
 * The playbook with its body run, where it needs inputs.
 * @throws RollcallError as {@link importPlaybook} does: it is user code as well.
 */
export async function fillPlaybook({ root }: Project, path: string, playbook: Playbook, inputs: object): Promise<Playbook> {
  try {
    return playbook.withInputs?.(inputs) ?? playbook
  } catch (error) {
    throw loadError(error, { root, path, word: 'playbook' })
  }
}

/** A playbook that names an inventory file would ignore `-i`: it would act on other hosts than those asked for. */
function otherInventory({ root }: Project, { playbook, inventory, named = inventory }: PlaybookChoice, loaded: Playbook): RollcallError {
  return new RollcallError({
    summary: 'The playbook uses another inventory than the one chosen for this run',
    detail: `chosen: ${shortPath(root, named)}`,
    at: { file: shortPath(root, playbook), line: loaded.at?.line ?? 1 },
    fix: `Import the chosen one, whichever it is:\nimport { inventory } from '#inventory'`,
    exitCode: 1,
  })
}

/**
 * The `inventory` that an inventory file exports.
 * @param settle Asks its sources.
 * @param standsFor The inventory of this process, where the file is a copy that is only looked at.
 */
export async function importInventory({ root }: Project, path: string, settle?: Settle, standsFor = path): Promise<Inventory> {
  const loading: Loading = { root, path, word: 'inventory' }
  const exports = await importFile(loading, standsFor)
  const meant = suggest('inventory', Object.keys(exports))
  const fix = meant
    ? `Is it '${meant}'? Name it inventory.`
    : 'Export it so:\nexport const inventory = defineInventory({ groups: { … }, hosts: { … } })'
  if (!('inventory' in exports))
    throw fileError(loading, { summary: `The inventory file exports no 'inventory'`, detail: namesOf(exports), fix })
  if (!isKind<Inventory>(exports.inventory, 'inventory'))
    throw fileError(loading, { summary: `The export 'inventory' is not an inventory`, detail: describe(exports.inventory), fix })
  const { inventory } = exports
  await settle?.(inventory).catch((error: unknown) => {
    throw loadError(error, loading)
  })
  return inventory
}

/**
 * What the project's own fact cache exports.
 * @throws RollcallError for a module that exports none: a project that names one means it.
 */
export async function importFactCache({ root, factCache = '' }: Project, inventory: string): Promise<FactCache> {
  const loading: Loading = { root, path: factCache, word: 'fact cache' }
  const exports = await importFile(loading, inventory)
  if (isKind<FactCache>(exports.default, 'factCache')) return exports.default
  throw fileError(loading, {
    summary: 'The default export is not a fact cache',
    detail: 'default' in exports ? describe(exports.default) : namesOf(exports),
    fix: 'Export it so:\nexport default defineFactCache({ load: …, save: … })',
  })
}

async function importFile(loading: Loading, inventory: string): Promise<Record<string, unknown>> {
  if (!existsSync(loading.path))
    throw fileError(loading, { summary: `There is no such ${loading.word}`, detail: loading.path, fix: 'Check the path.' })
  const importer = registerLoader(inventory)
  try {
    return await importer(pathToFileURL(loading.path).href)
  } catch (error) {
    throw loadError(error, loading)
  }
}

function isKind<T extends { readonly kind: string }>(value: unknown, kind: T['kind']): value is T {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === kind
}

const namesOf = (exports: object) =>
  Object.keys(exports).length === 0 ? 'it exports nothing' : `it exports ${Object.keys(exports).join(', ')}`

function describe(value: unknown): string {
  if (typeof value === 'function') return 'it is a function: was the call forgotten?'
  const kind = (value as { kind?: unknown } | null)?.kind
  const article = /^[aeiou]/.test(String(kind)) ? 'an' : 'a'
  return `it is ${typeof kind === 'string' ? `${article} ${kind}` : value === null ? 'null' : `of type ${typeof value}`}`
}
