import { type RunStep, runQuick } from '../dsl/step.ts'
import type { FilePresent, FileState } from '../resources/file.ts'
import { sh } from '../util/sh.ts'
import { applySymbolic, isSymbolic } from '../util/symbolic-mode.ts'

/** Mode and owners as a user asks for them. */
export interface Attributes {
  readonly mode?: string | undefined
  readonly owner?: string | undefined
  readonly group?: string | undefined
}
type AttributeFields = { readonly [K in 'mode' | 'owner' | 'group' | 'uid' | 'gid']?: FilePresent[K] }

/** A mode as states hold it: `644` and `00644` are `0644`. */
export function fourDigits(mode: string): string {
  return mode.slice(-4).padStart(4, '0')
}

/**
 * Five digits, for `chmod` on what may be a directory: by four, GNU's leaves the set-ID bits that a directory has.
 */
export function exactDigits(mode: string): string {
  return `0${fourDigits(mode)}`
}

/** The attributes with a mode in digits: a symbolic one is worked out from the mode found, or from that of something new. */
export function exactMode<A extends Attributes>(asked: A, found: FileState, type: 'file' | 'directory' = 'file'): A {
  if (asked.mode === undefined) return asked
  if (!isSymbolic(asked.mode)) return { ...asked, mode: fourDigits(asked.mode) }
  const now = found.exists ? found.mode : type === 'file' ? '0644' : '0755'
  return { ...asked, mode: applySymbolic(asked.mode, now, (found.exists ? found.type : type) === 'directory') }
}

/** The fields wanted of a file's state: numbers are compared with the number, names with the name. */
export function wantedAttributes({ mode, owner, group }: Attributes): AttributeFields {
  return {
    ...(mode !== undefined && { mode: fourDigits(mode) }),
    ...(owner !== undefined && (isNumber(owner) ? { uid: Number(owner) } : { owner })),
    ...(group !== undefined && (isNumber(group) ? { gid: Number(group) } : { group })),
  }
}

/** The steps that give a file or directory its attributes. Owner first: it clears special bits of the mode. */
export function attributeSteps(path: string, found: FileState, asked: Attributes): readonly RunStep[] {
  const wanted = wantedAttributes(asked)
  const differs = (...fields: readonly (keyof AttributeFields)[]) =>
    fields.some((field) => wanted[field] !== undefined && (!found.exists || found[field] !== wanted[field]))
  const owners = differs('owner', 'group', 'uid', 'gid')
  const target = `${asked.owner ?? ''}${asked.group === undefined ? '' : `:${asked.group}`}`
  const bits = asked.mode ?? (owners && found.exists && found.mode > '0777' ? found.mode : undefined)
  return [
    ...(owners ? [runQuick(sh`chown -- ${target} ${path}`)] : []),
    ...(bits !== undefined && (owners || differs('mode')) ? [runQuick(sh`chmod -- ${exactDigits(bits)} ${path}`)] : []),
  ]
}

const isNumber = (name: string) => /^\d+$/.test(name)
