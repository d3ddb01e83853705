import { Refusal } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import { oneOf, type Params, parameters, Type } from '../dsl/schema.ts'
import { blockEditor } from './block-edit.ts'
import { editing, type FileEdit, messageOf } from './edited-file.ts'
import { type EditResult, fileResult } from './file-result.ts'
import { regexp } from './regexp.ts'
import { fieldsOf, fileFields } from './result-fields.ts'
import { absolutePath, fileParams } from './shared-params.ts'

const params = parameters({
  path: absolutePath('the file'),
  block: Type.Optional(
    Type.String({ description: 'the lines between the markers; none, or an empty text, removes the block and its markers' }),
  ),
  state: Type.Optional(oneOf(['present', 'absent'], { description: 'absent: no such block is in the file; default present' })),
  marker: Type.Optional(
    Type.String({
      pattern: '^[^\\n]*\\{mark\\}[^\\n]*$',
      description:
        "the lines around the block, with {mark} for BEGIN and END; default '# {mark} ROLLCALL MANAGED BLOCK'. Each block of a file needs a marker of its own",
    }),
  ),
  markerBegin: Type.Optional(Type.String({ pattern: '^[^\\n]*$', description: 'what stands for {mark} before the block; default BEGIN' })),
  markerEnd: Type.Optional(Type.String({ pattern: '^[^\\n]*$', description: 'what stands for {mark} after the block; default END' })),
  insertAfter: Type.Optional(
    regexp("where a new block goes: after the last line that matches, or 'EOF' (default); also if nothing matches this"),
  ),
  insertBefore: Type.Optional(regexp("like insertAfter, but before that line, or 'BOF': the beginning of the file")),
  prependNewline: Type.Optional(Type.Boolean({ description: 'an empty line before the block, unless it begins the file' })),
  appendNewline: Type.Optional(Type.Boolean({ description: 'an empty line after the block, unless it ends the file' })),
  create: Type.Optional(Type.Boolean({ description: 'make the file if it is not there; else that is refused' })),
  ...fileParams,
})

function editOf(given: Params<typeof params>): FileEdit {
  const { block = '', state = 'present', create, insertAfter, insertBefore } = given
  if (insertAfter !== undefined && insertBefore !== undefined) throw new Refusal('blockinfile takes insertAfter or insertBefore, not both')
  const removes = state === 'absent' || block === ''
  return {
    ...given,
    ifAbsent: removes ? 'leave' : create ? 'create' : 'fail',
    fix: 'To make it with that block alone set create: true.',
    edit: blockEditor(given),
  }
}

/** A block of lines between two markers, kept as given; the rest of the file is not looked at. */
export const blockinfile = defineModule({
  name: 'blockinfile',
  summary: 'A block of lines in a text file, between markers',
  params,
  ...editing(editOf),
  result: (given, change): EditResult => ({ path: given.path, msg: messageOf(editOf(given), change.before.file), ...fileResult(change) }),
  resultFields: fieldsOf<EditResult>({ path: 'the file', msg: 'what was done; empty where nothing was', ...fileFields }),
})
