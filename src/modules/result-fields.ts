import type { ResultFields } from '../dsl/definition.ts'

/** A sentence for each field of a result, none left out; of a union, for the fields of all its parts. */
export function fieldsOf<Res>(fields: { readonly [Field in Res extends unknown ? keyof Res : never]: string }): ResultFields {
  return fields
}

/** Sentences about fields that several results have. */
export const states = {
  before: 'the states that were read before, by name',
  after: 'those states as they were left; in check mode as they would be',
}
export const owners = {
  mode: 'four octal digits',
  owner: 'name of the user; the number as text where the host has no name for it',
  group: 'name of the group; the number as text where the host has no name for it',
  size: 'bytes',
}
/** Of results of modules that write a file: see FileResult. */
export const fileFields = {
  state: "what is there now: 'file', 'directory' or 'other'",
  ...owners,
  uid: 'number of the user',
  gid: 'number of the group',
  checksum: 'sha256 of the content, lower-case hex, where it was read',
  backupFile: 'where the old content is kept, if backup was asked for and there was any',
  ...states,
}
export const output = {
  rc: 'exit code',
  stdout: 'what it printed',
  stderr: 'what it printed on standard error',
}
export const outputLines = {
  stdoutLines: 'stdout as a list of lines',
  stderrLines: 'stderr as a list of lines',
}
export const ran = {
  ran: 'whether it ran: never in check mode, nor where there was nothing to do',
  reason: 'why it did not run',
}
/** Of actions that run one thing and tell nothing more of it. */
export const ranFields = { ...ran, ...output }
