import { relative } from 'node:path'
import type { Playbook } from './dsl/playbook.ts'
import { type Selection, select } from './engine/select.ts'
import { type Project, findInventory, findPlaybook, findProject, importPlaybook, typeCheckPlaybook } from './load/index.ts'

/** Which playbook, on which inventory, narrowed how. */
export interface PlaybookRequest {
  readonly root: string
  readonly playbook: string
  readonly inventory?: string
  readonly limit?: string
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
}

/** A playbook that is loaded and narrowed; its type-check is under way. */
export interface OpenedPlaybook {
  readonly project: Project
  readonly playbook: Playbook
  readonly inventoryPath: string
  /** The three sets. Worked out without contacting a host. */
  readonly selection: Selection
  /** Settles with the compiler's verdict: rejects with a RollcallError that shows the user's own lines. */
  readonly compiled: Promise<void>
  /** Paths in messages: relative to the project. */
  readonly relative: (file: string) => string
}

/**
 * Finds, loads and narrows a playbook while the compiler looks at it. An unknown playbook, host or tag ends here, before
 * any connection.
 */
export async function openPlaybook(request: PlaybookRequest): Promise<OpenedPlaybook> {
  const project = await findProject(request.root)
  const path = await findPlaybook(project, request.playbook)
  const inventoryPath = await findInventory(project, request.inventory)
  const compiled = typeCheckPlaybook(project, { playbook: path, inventory: inventoryPath })
  compiled.catch(() => {})
  try {
    const playbook = await importPlaybook(project, { playbook: path, inventory: inventoryPath })
    const selection = select(playbook, request)
    return { project, playbook, inventoryPath, selection, compiled, relative: (file) => shorten(project.root, file) }
  } catch (error) {
    await compiled // What the compiler says of a broken playbook is clearer than how it broke.
    throw error
  }
}

/** Files of the project relative to its root; others as they are. */
function shorten(root: string, file: string): string {
  const short = relative(root, file)
  return short.startsWith('..') ? file : short
}
