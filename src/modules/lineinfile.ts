import { Refusal } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import { oneOf, type Params, parameters, Type } from '../dsl/schema.ts'
import { editedBy, editing, type FileEdit } from './edited-file.ts'
import { type EditResult, fileResult } from './file-result.ts'
import { lineEditor } from './line-edit.ts'
import { regexp } from './regexp.ts'
import { fieldsOf, fileFields } from './result-fields.ts'
import { absolutePath, fileParams } from './shared-params.ts'

export interface LineResult extends EditResult {
  /** With state absent: how many lines were found to remove. */
  readonly found?: number
}

const params = parameters({
  path: absolutePath('the file'),
  line: Type.Optional(
    Type.String({
      pattern: '^[^\\n]*$',
      description: 'the line, without its end; needed unless state is absent, where it stands for all lines that equal it',
    }),
  ),
  state: Type.Optional(
    oneOf(['present', 'absent'], { description: 'present (default): the line is there once; absent: no line that matches is' }),
  ),
  regexp: Type.Optional(
    regexp('the line to replace: the last one that matches, and with state absent all that match. It should match the new line too'),
  ),
  searchString: Type.Optional(Type.String({ minLength: 1, description: 'like regexp, but text that the line holds' })),
  insertAfter: Type.Optional(
    regexp(
      "where the line goes if nothing matches regexp and no line equals it: after the last line that matches, or 'EOF' (default); also if nothing matches this",
    ),
  ),
  insertBefore: Type.Optional(regexp("like insertAfter, but before that line, or 'BOF': the beginning of the file")),
  firstMatch: Type.Optional(
    Type.Boolean({ description: 'regexp, insertAfter and insertBefore mean the first line that matches, not the last' }),
  ),
  backrefs: Type.Optional(
    Type.Boolean({
      description: 'line may hold \\1 or \\g<name> for groups of regexp; then a file in which regexp matches nothing is left alone',
    }),
  ),
  create: Type.Optional(Type.Boolean({ description: 'make the file if it is not there; else that is refused' })),
  ...fileParams,
})

function editOf(given: Params<typeof params>): FileEdit {
  const { state = 'present', create, regexp, searchString, line, backrefs, insertAfter, insertBefore } = given
  const alone = (names: readonly string[], values: readonly unknown[]) => {
    if (values.filter((value) => value !== undefined && value !== false).length > 1)
      throw new Refusal(`lineinfile takes ${names.join(' or ')}, not both`)
  }
  alone(['regexp', 'searchString'], [regexp, searchString])
  alone(['insertAfter', 'insertBefore'], [insertAfter, insertBefore])
  if (state === 'present' && line === undefined) throw new Refusal('lineinfile needs line: the line that shall be there')
  if (state === 'absent' && (regexp ?? searchString ?? line) === undefined)
    throw new Refusal('lineinfile needs line, regexp or searchString to know which lines shall go')
  if (backrefs && regexp === undefined) throw new Refusal('backrefs stand for groups of regexp, and none is given')
  return {
    ...given,
    ifAbsent: state === 'absent' ? 'leave' : create ? 'create' : 'fail',
    fix: 'To make it with that line alone set create: true.',
    edit: lineEditor(given),
  }
}

/** One line of a file: there, in place of another, or gone. The rest of the file is not looked at. */
export const lineinfile = defineModule({
  name: 'lineinfile',
  summary: 'A line in a text file: there, or instead of another, or gone',
  params,
  ...editing(editOf),
  result: (given, change): LineResult => {
    const { msg, found } = editedBy(editOf(given), change.before.file)
    return { path: given.path, msg, ...(given.state === 'absent' && { found: found ?? 0 }), ...fileResult(change) }
  },
  resultFields: fieldsOf<LineResult>({
    path: 'the file',
    msg: 'what was done; empty where nothing was',
    found: 'with state absent: how many lines were found to remove',
    ...fileFields,
  }),
})
