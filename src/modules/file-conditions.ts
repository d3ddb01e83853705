import type { Read } from '../dsl/resource.ts'
import { type GlobState, whatIsThere } from '../resources/glob.ts'

/** Patterns of files of the host that decide whether a task runs, as Ansible has them. */
export interface FileConditions {
  readonly creates?: string | undefined
  readonly removes?: string | undefined
}
/** What there was of them on the host. */
export interface FileConditionsFound {
  readonly creates?: GlobState
  readonly removes?: GlobState
}

/** The reads that tell. */
export function fileConditions({ creates, removes }: FileConditions): { readonly [name: string]: Read<GlobState> } {
  return {
    ...(creates !== undefined && { creates: whatIsThere(creates) }),
    ...(removes !== undefined && { removes: whatIsThere(removes) }),
  }
}

/** True, or why there is nothing to run. */
export function dueByFiles({ creates, removes }: FileConditions, found: FileConditionsFound): true | string {
  if (found.creates?.exists) return `${creates} is there`
  return found.removes && !found.removes.exists ? `${removes} is not there` : true
}
