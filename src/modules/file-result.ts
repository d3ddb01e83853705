import type { StepOutcome } from '../dsl/definition.ts'
import type { FileState } from '../resources/file.ts'

/** What Ansible's users know of a file that a task left. Absent where there is no file, or check mode cannot tell. */
export interface FileResult {
  readonly state?: 'file' | 'directory' | 'other'
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
  readonly uid?: number
  readonly gid?: number
  readonly size?: number
  /** SHA-256 of its content, where the task read it. */
  readonly checksum?: string
  /** Where the old content is kept, if `backup` was asked for and there was any. */
  readonly backupFile?: string
  readonly before: { readonly file: FileState }
  readonly after: { readonly file: FileState }
}

/** What a module left that edits a text file. */
export interface EditResult extends FileResult {
  readonly path: string
  /** What was done, as in `line added`; empty where nothing was. */
  readonly msg: string
}

interface FileChange {
  readonly before: { readonly file: FileState }
  readonly after: { readonly file: FileState }
  readonly outcomes?: readonly StepOutcome[]
}

/** Fields of a file's state as results give them; what is unknown in check mode, and size of what is only planned, is left out. */
export function attributesOf(state: FileState): Omit<FileResult, 'backupFile' | 'before' | 'after'> {
  if (!state.exists) return {}
  const { type, mode, owner, group, uid, gid, size, sha256, content } = state
  const length = content instanceof Uint8Array ? content.length : size
  const all = { state: type, mode, owner, group, uid, gid, size: length, checksum: sha256 }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && typeof value !== 'symbol'))
}

/** The result of a module that writes one file. */
export function fileResult({ before, after, outcomes = [] }: FileChange): FileResult {
  const kept = outcomes.map(({ stdout }) => Buffer.from(stdout).toString('utf8')).find((text) => text !== '')
  return { ...attributesOf(after.file), ...(kept !== undefined && { backupFile: kept }), before, after }
}
