import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { Inventory } from '../dsl/inventory.ts'
import type { Playbook } from '../dsl/playbook.ts'
import { suggest } from '../util/suggest.ts'
import { fileError, type Loading, loadError } from './load-error.ts'
import { registerLoader } from './register.ts'

export interface ImportOptions {
  readonly root: string
  /** What `#inventory` means; the same throughout a process. */
  readonly inventory: string
}

/**
 * Runs a playbook's body once and gives what it collected.
 * @throws RollcallError that shows the user's own line, whatever went wrong.
 */
export async function importPlaybook(path: string, { root, inventory }: ImportOptions): Promise<Playbook> {
  const loading: Loading = { root, path, word: 'playbook' }
  const exports = await importFile(loading, inventory)
  const fix = `Export it so:\nexport default definePlaybook('name', inventory, (play) => { … })`
  if (!('default' in exports)) throw fileError(loading, { summary: 'The playbook has no default export', detail: namesOf(exports), fix })
  if (!isKind<Playbook>(exports.default, 'playbook'))
    throw fileError(loading, { summary: 'The default export is not a playbook', detail: describe(exports.default), fix })
  return exports.default
}

/** The `inventory` that an inventory file exports. */
export async function importInventory(path: string, root: string): Promise<Inventory> {
  const loading: Loading = { root, path, word: 'inventory' }
  const exports = await importFile(loading, path)
  const meant = suggest('inventory', Object.keys(exports))
  const fix = meant ? `Is it '${meant}'? Name it inventory.` : 'Export it so:\nexport const inventory = defineInventory({ groups: { … }, hosts: { … } })'
  if (!('inventory' in exports)) throw fileError(loading, { summary: `The inventory file exports no 'inventory'`, detail: namesOf(exports), fix })
  if (!isKind<Inventory>(exports.inventory, 'inventory'))
    throw fileError(loading, { summary: `The export 'inventory' is not an inventory`, detail: describe(exports.inventory), fix })
  return exports.inventory
}

async function importFile(loading: Loading, inventory: string): Promise<Record<string, unknown>> {
  if (!existsSync(loading.path)) throw fileError(loading, { summary: `There is no such ${loading.word}`, detail: loading.path, fix: 'Check the path.' })
  registerLoader(inventory)
  try {
    return (await import(/* @vite-ignore */ pathToFileURL(loading.path).href)) as Record<string, unknown>
  } catch (error) {
    throw loadError(error, loading)
  }
}

function isKind<T extends { readonly kind: string }>(value: unknown, kind: T['kind']): value is T {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === kind
}

const namesOf = (exports: object) => (Object.keys(exports).length === 0 ? 'it exports nothing' : `it exports ${Object.keys(exports).join(', ')}`)

function describe(value: unknown): string {
  if (typeof value === 'function') return 'it is a function: was the call forgotten?'
  const kind = (value as { kind?: unknown } | null)?.kind
  return `it is ${typeof kind === 'string' ? `a ${kind}` : value === null ? 'null' : `of type ${typeof value}`}`
}
