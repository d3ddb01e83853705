import { placesOf } from '../dsl/wrong-inventory.ts'
import { formatLine, RollcallError } from '../model/errors.ts'
import { shortPath } from './code-frame.ts'
import { keyFinder } from './find-key.ts'
import { stripTypes } from './strip.ts'

/** An error about a part of an inventory, with the line of that part instead of the one of the call. */
export function atItsKeys(error: RollcallError, root: string): RollcallError {
  const places = placesOf(error)
  if (places?.at === undefined || places.keys === undefined) return error
  const { call, at, keys, other } = places
  const find = keyFinder(stripTypes, { file: at.file, name: call, line: at.line })
  const found = find(keys)
  if (found === undefined) return error
  const { file, line, column } = found
  const first = other && find(other)
  const too = first ? `\nthe other one: ${formatLine({ ...first, file: shortPath(root, first.file) })}` : ''
  return new RollcallError(
    { ...error.details, detail: `${error.details.detail ?? ''}${too}`, at: { file, line, column } },
    { cause: error },
  )
}
