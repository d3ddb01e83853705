import type { Playbook } from '../dsl/playbook.ts'
import { importPlaybook, type PlaybookChoice } from './import.ts'
import type { Project } from './project.ts'
import { typeCheckPlaybook } from './type-check.ts'

export interface LoadRequest extends PlaybookChoice {
  readonly project: Project
}

export interface LoadedPlaybook {
  /** Its `inventory` is the chosen one. */
  readonly playbook: Playbook
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
export async function loadPlaybook({ project, ...choice }: LoadRequest): Promise<LoadedPlaybook> {
  const checked = typeCheckPlaybook(project, choice)
  checked.catch(() => {})
  try {
    return { playbook: await importPlaybook(project, choice), checked }
  } catch (error) {
    await checked
    throw error
  }
}
