import { Refusal } from '../dsl/definition.ts'
import { unknown, type WantedState } from '../dsl/resource.ts'
import type { Step } from '../dsl/step.ts'
import { type FileState, file } from '../resources/file.ts'
import { bytesOfText, textOfBytes } from '../util/lossless-text.ts'
import { sha256 } from '../util/sha256.ts'
import { exactMode, wantedAttributes } from './attributes.ts'
import { planWholeFile, rewriteSteps, type WholeFile, wholeFileSteps } from './whole-file.ts'

/** What an edit makes of a text, and a sentence about it; the same text where there is nothing to do. */
export interface Edited {
  readonly text: string
  readonly msg: string
  /** How many lines were removed, where lines are. */
  readonly found?: number
}

/** Modules that change part of a file: they see its text, and what they make of it is a function of that text alone. */
export interface FileEdit extends WholeFile {
  readonly path: string
  /** Of a file that is not there: `fail`, `create` it from nothing, or `leave` it absent. */
  readonly ifAbsent: 'fail' | 'create' | 'leave'
  /** How to say it when it fails. */
  readonly fix: string
  readonly edit: (text: string) => Edited
}

function edited({ edit }: FileEdit, found: FileState): Edited {
  return edit(found.exists && found.content instanceof Uint8Array ? textOfBytes(found.content) : '')
}

/** The file after the edit. */
function planEdit(of: FileEdit, found: FileState): WantedState<FileState> {
  if (found.exists && found.type === 'file') {
    // Check mode, after a file too large for plans to carry: what there will be to edit is not known.
    if (!(found.content instanceof Uint8Array) || sha256(found.content) !== found.sha256) return { sha256: unknown, content: unknown }
    const before = textOfBytes(found.content)
    const { text } = of.edit(before)
    return text === before ? wantedAttributes(exactMode(of, found)) : planWholeFile(of.path, of, found, input(text))
  }
  if (!found.exists && of.ifAbsent === 'leave') return {}
  if (!found.exists && of.ifAbsent === 'fail') throw new Refusal(`${of.path} is not there`, of.fix)
  return planWholeFile(of.path, of, found, input(edited(of, found).text))
}

/** The steps to that file. */
function editSteps(of: FileEdit, found: FileState, wanted: WantedState<FileState>): readonly Step[] {
  return wholeFileSteps(of, found, wanted, input(edited(of, found).text))
}

/** How all modules that edit a file read, plan and write it: `editOf` makes of parameters what they ask for, or refuses them. */
export function editing<Given>(editOf: (given: Given) => FileEdit) {
  return {
    reads: (given: Given) => ({ file: file(editOf(given).path, 'content') }),
    plan: (given: Given, found: { readonly file: FileState }) => ({ file: planEdit(editOf(given), found.file) }),
    steps: (
      given: Given,
      { found, wanted }: { readonly found: { readonly file: FileState }; readonly wanted: { readonly file?: WantedState<FileState> } },
    ) => editSteps(editOf(given), found.file, wanted.file ?? {}),
    again: (given: Given, { found: { file: state } }: { readonly found: { readonly file: FileState } }) =>
      state.exists && state.content instanceof Uint8Array
        ? rewriteSteps(editOf(given), state, { bytes: state.content, sha256: sha256(state.content) })
        : [],
  }
}

/** What the edit tells, of the file as it was. */
export function editedBy(of: FileEdit, before: FileState): Omit<Edited, 'text'> {
  return before.exists || of.ifAbsent === 'create' ? edited(of, before) : { msg: '' }
}

/** What the edit says, of the file as it was. */
export function messageOf(of: FileEdit, before: FileState): string {
  return editedBy(of, before).msg
}

function input(text: string) {
  const bytes = bytesOfText(text)
  return { bytes, sha256: sha256(bytes) }
}
