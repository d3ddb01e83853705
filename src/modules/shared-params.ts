import { callback, instanceOf, Type } from '../dsl/schema.ts'
import { Secret } from '../util/secret.ts'
import { Script } from '../util/sh.ts'
import { symbolicMode } from '../util/symbolic-mode.ts'

/** Parameters that several modules share, so that they mean the same everywhere. */
export const modePattern = `^(0?[0-7]{3,4}|${symbolicMode})$`
export const modeDescription =
  "octal digits in quotes, as in '0644' (the number 644 would be other bits, 01204), or what to change, as chmod takes it: 'u+x', 'u=rwX,go=rX'"
export const mode = Type.String({ pattern: modePattern, description: modeDescription })
export const owner = Type.String({ minLength: 1, description: 'the user who owns it: a name, or a number in quotes' })
export const group = Type.String({ minLength: 1, description: 'the group that owns it: a name, or a number in quotes' })
export const absolutePath = (description: string) => Type.String({ pattern: '^/', description })
/** Text that may be a secret: it reaches the host, and no report. */
export const text = (description: string) =>
  Type.Unsafe<string | Secret>({ anyOf: [{ type: 'string' }, instanceOf('Secret', Secret)], description })
export const script = (description: string) => instanceOf('Script', Script, description)

/** Parameters of every module that writes a whole file. */
export const fileParams = {
  mode: Type.Optional(mode),
  owner: Type.Optional(owner),
  group: Type.Optional(group),
  validate: Type.Optional(
    callback<(path: string) => Script>(
      'a check of the new file before it replaces the old one: gets its temporary path, gives a script; non-zero leaves the old file',
    ),
  ),
  backup: Type.Optional(Type.Boolean({ description: 'keep the old content beside the file, named with the time' })),
  unsafeWrites: Type.Optional(Type.Boolean({ description: 'write into the file where it cannot be replaced (a bind mount); not atomic' })),
}
