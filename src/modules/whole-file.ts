import { type FoundSoFar, Refusal, type ResolvedInput } from '../dsl/definition.ts'
import type { Read, WantedState } from '../dsl/resource.ts'
import { type Step, write } from '../dsl/step.ts'
import { type FileState, file } from '../resources/file.ts'
import type { Script } from '../util/sh.ts'
import { type Attributes, attributeSteps, exactMode, wantedAttributes } from './attributes.ts'

/** What modules that write a whole file have in common. */
export interface WholeFile extends Attributes {
  readonly validate?: ((path: string) => Script) | undefined
  readonly backup?: boolean | undefined
  readonly unsafeWrites?: boolean | undefined
  /** False: a file that is there is left alone. */
  readonly force?: boolean | undefined
}

/** What a file shall hold: bytes, or only their hash, where a file of the host is copied. */
export interface WholeContent {
  readonly sha256: string
  readonly bytes?: Uint8Array
  /** That file of the host. */
  readonly from?: string
}

/** Longer contents are compared by their hash and shown by it. */
const largestDiff = 1024 * 1024

/** The hash first, for that is all an unchanged file costs; its content, for the diff, once it is known to change. */
export function readWholeFile(dest: string, found: FoundSoFar, content: ResolvedInput): Read<FileState> {
  const bySum = file(dest, 'sha256')
  const state = found.get(bySum)
  if (state === undefined || content.bytes.length > largestDiff) return bySum
  if (!state.exists) return file(dest, 'content')
  return state.type === 'file' && state.sha256 !== content.sha256 && state.size <= largestDiff ? file(dest, 'content') : bySum
}

/** What the file shall be. A kept owner or mode is not named. */
export function planWholeFile(dest: string, params: WholeFile, found: FileState, content: WholeContent): WantedState<FileState> {
  if (found.exists && found.type === 'directory') throw new Refusal(`${dest} is a directory on this host`, 'Name the file in it.')
  if (found.exists && found.type === 'other')
    throw new Refusal(`${dest} is neither a file nor a directory on this host (it leads to ${found.realPath})`)
  if (found.exists && params.force === false) return {}
  const attributes = wantedAttributes(exactMode(params, found))
  if (found.exists && found.sha256 === content.sha256) return attributes
  const shown = content.bytes !== undefined && content.bytes.length <= largestDiff && (!found.exists || found.content !== undefined)
  return {
    ...(!found.exists && ({ exists: true, type: 'file', mode: '0644' } as const)),
    ...attributes,
    sha256: content.sha256,
    // A copy: states hold plain bytes, and a Buffer would never equal them.
    ...(shown && { content: new Uint8Array(content.bytes!) }),
  }
}

/** Writes what is there already once more, for `--force`. */
export function rewriteSteps(params: WholeFile, found: FileState, content: WholeContent): readonly Step[] {
  if (!found.exists || found.type !== 'file' || params.force === false) return []
  return wholeFileSteps({ ...params, backup: false }, found, { sha256: content.sha256 }, content)
}

/** An atomic write where content changes; where only owner or mode do, just those. */
export function wholeFileSteps(
  params: WholeFile,
  found: FileState,
  wanted: WantedState<FileState>,
  content: WholeContent,
): readonly Step[] {
  const { owner, group, mode, validate, backup, unsafeWrites } = exactMode(params, found)
  if (wanted.sha256 === undefined) return attributeSteps(found.realPath, found, { owner, group, mode })
  return [
    write(found.realPath, content.bytes ?? new Uint8Array(), {
      ...(content.from !== undefined && { from: content.from }),
      ...(mode !== undefined && { mode }),
      ...(owner !== undefined && { owner }),
      ...(group !== undefined && { group }),
      ...(validate !== undefined && { validate }),
      ...(backup !== undefined && { backup }),
      ...(unsafeWrites !== undefined && { unsafeWrites }),
    }),
  ]
}
