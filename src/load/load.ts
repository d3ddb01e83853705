import type { Inventory } from '../dsl/inventory.ts'
import type { Playbook } from '../dsl/playbook.ts'
import { definedTemplates } from '../dsl/template.ts'
import { RollcallError } from '../model/errors.ts'
import { shortPath } from './code-frame.ts'
import { compileError } from './diagnostics.ts'
import { importInventory, importPlaybook } from './import.ts'
import type { Project } from './project.ts'
import { checkableTemplates } from './templates.ts'
import { typeCheck } from './type-check.ts'

export interface LoadRequest {
  readonly project: Project
  /** Paths, as findPlaybook and findInventory give them. */
  readonly playbook: string
  readonly inventory: string
}

export interface LoadedPlaybook {
  readonly playbook: Playbook
  readonly inventory: Inventory
  /**
   * The compiler's verdict, still running when this is handed out so that connecting may go on meanwhile: before it is
   * in, no closure, query or step may run. Rejects with a RollcallError (exit code 1).
   */
  readonly checked: Promise<{ readonly cached: boolean }>
}

/**
 * Loads a playbook while the compiler checks it. When both fail the compiler's message is the one thrown: it shows more.
 * @throws RollcallError with the user's own line.
 */
export async function loadPlaybook({ project, playbook, inventory }: LoadRequest): Promise<LoadedPlaybook> {
  const checked = check({ project, playbook, inventory })
  checked.catch(() => {})
  try {
    const loaded = await importPlaybook(playbook, { root: project.root, inventory })
    const chosen = await importInventory(inventory, project.root)
    refuseUncheckedTemplates(project)
    refuseOtherInventory(loaded, chosen, { project, playbook, inventory })
    return { playbook: loaded, inventory: chosen, checked }
  } catch (error) {
    await checked
    throw error
  }
}

async function check({ project, playbook, inventory }: LoadRequest): Promise<{ cached: boolean }> {
  const verdict = await typeCheck({ project, files: [playbook], inventory })
  if (!verdict.ok) throw compileError(project.root, verdict.diagnostics, playbook)
  return { cached: verdict.cached }
}

/** The search for templates reads source text; one it did not see, but that is there now, was not checked. */
function refuseUncheckedTemplates(project: Project): void {
  const seen = new Set(checkableTemplates(project).map((template) => template.eta))
  const unseen = [...definedTemplates].filter((path) => !seen.has(path))
  if (unseen.length === 0) return
  throw new RollcallError({
    summary: 'A template is defined where the type-check does not see it',
    detail: unseen.map((path) => shortPath(project.root, path)).join('\n'),
    fix: `Define it in templates/ or modules/ as an exported constant:\nexport const name = defineTemplate({ file: '…', input: { … }, data: ({ … }) => ({ … }) })`,
    exitCode: 1,
  })
}

/** A playbook that names an inventory file would ignore `-i`: it would act on other hosts than those asked for. */
function refuseOtherInventory(loaded: Playbook, chosen: Inventory, { project, playbook, inventory }: LoadRequest): void {
  if (loaded.inventory === chosen) return
  throw new RollcallError({
    summary: 'The playbook uses another inventory than the one chosen for this run',
    detail: `chosen: ${shortPath(project.root, inventory)}`,
    at: { file: shortPath(project.root, playbook), line: loaded.at?.line ?? 1 },
    fix: `Import the chosen one, whichever it is:\nimport { inventory } from '#inventory'`,
    exitCode: 1,
  })
}
