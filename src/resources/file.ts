import { type Read, type ResourceKind, readOf } from '../dsl/resource.ts'
import { describeFile } from './file-describe.ts'
import { parseFiles } from './file-parse.ts'
import { fileScript } from './file-script.ts'
import { canonicalPath, isBelow, movedBy } from './path.ts'

/** What a path leads to, at the end of all symbolic links. */
export interface FileAbsent {
  readonly exists: false
  /** Where a file written to the path would lie. */
  readonly realPath: string
}
export interface FilePresent {
  readonly exists: true
  readonly type: 'file' | 'directory' | 'other'
  /** Four octal digits, special bits included: `0644`, `4755`. */
  readonly mode: string
  /** Names; the number as text where the host has no name for it. */
  readonly owner: string
  readonly group: string
  readonly uid: number
  readonly gid: number
  readonly size: number
  /** The path without any symbolic link in it. */
  readonly realPath: string
  /** Lower-case hex; of regular files, when asked for. */
  readonly sha256?: string
  /** Of regular files, when asked for. */
  readonly content?: Uint8Array
}
export type FileState = FileAbsent | FilePresent
export type FileNeed = 'stat' | 'sha256' | 'content'

/** Files and directories, as seen through symbolic links; a link itself is of the kind `link`. */
export const fileKind: ResourceKind<FileState> = {
  name: 'file',
  needs: ['stat', 'sha256', 'content'],
  adds: { sha256: ['sha256'], content: ['content'] },
  freshness: 'own',
  sharesShell: true,
  script: fileScript,
  parse: parseFiles,
  describe: describeFile,
  contentFields: ['content', 'sha256'],
  canonical: (state, id) => (typeof state.realPath === 'string' ? state.realPath : id),
  absent: (state) => !state.exists,
  liesAt: (id) => [id],
  absentIsAll: true,
  overlaps: (changed, other) => changed === other || isBelow(other, changed),
  // Plans name `exists` only where it changes: then nothing can lie below, neither in what goes nor in what is new.
  follows: (id, changed, planned) => (isBelow(id, changed) && planned.exists !== undefined ? { exists: false, realPath: id } : undefined),
  // Where a link goes, or what stood in its place, nothing is left. Of what a new one leads to only the name is known here.
  followsFrom: (id, { kind, id: changed, planned: { exists, target } }, now) => {
    if (kind === 'link' && (id === changed || isBelow(id, changed))) {
      if (exists === false) return { state: { exists: false, realPath: id } }
      if (typeof target === 'string') return { state: { ...now, realPath: movedBy(id, changed, target) }, assumed: true }
    }
    // Directories above what is planned are made along with it; with which mode is not known here.
    const above = (kind === 'file' || kind === 'link') && exists === true && isBelow(changed, id) && !now.exists
    return above ? { state: { exists: true, type: 'directory', realPath: id } as FilePresent, assumed: true } : undefined
  },
}

/**
 * Reads what a path leads to. A file that may not be read is an error, never absent.
 * @throws Refusal when the path is not absolute or holds `..`.
 */
export function file(path: string, need: FileNeed = 'stat'): Read<FileState> {
  return readOf(fileKind, canonicalPath(path), need)
}
