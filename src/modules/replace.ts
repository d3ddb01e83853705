import { Refusal } from '../dsl/definition.ts'
import { defineModule } from '../dsl/module.ts'
import { type Params, parameters, Type } from '../dsl/schema.ts'
import { type Edited, editing, type FileEdit, messageOf } from './edited-file.ts'
import { type EditResult, fileResult } from './file-result.ts'
import { compile, regexp, replacement } from './regexp.ts'
import { fieldsOf, fileFields } from './result-fields.ts'
import { absolutePath, fileParams } from './shared-params.ts'

const params = parameters({
  path: absolutePath('the file'),
  regexp: regexp('what to replace, wherever it stands in the text: ^ and $ match at each line'),
  replace: Type.Optional(
    Type.String({ description: 'the text instead, in which \\1 and \\g<name> stand for groups of regexp; default nothing' }),
  ),
  after: Type.Optional(regexp('only what comes after the first match of this is looked at; . also matches a line end')),
  before: Type.Optional(
    regexp(
      'only what comes before a match of this is looked at: the next one behind after, and without after the last in the file; . also matches a line end',
    ),
  ),
  ...fileParams,
})
type ReplaceParams = Params<typeof params>

/** The part of a text that is looked at; undefined where `after` or `before` matches nothing. */
function sectionOf({ after, before }: ReplaceParams): (text: string) => readonly [number, number] | undefined {
  const from = after === undefined ? undefined : compile('after', after, 's')
  const to = before === undefined ? undefined : compile('before', before, 'sg')
  return (text) => {
    const first = from?.exec(text)
    if (from && !first) return undefined
    const start = first ? first.index + first[0].length : 0
    if (!to) return [start, text.length]
    if (!from) {
      const last = [...text.matchAll(to)].at(-1)
      return last && [0, last.index]
    }
    to.lastIndex = start
    const end = to.exec(text)
    return end ? [start, end.index] : undefined
  }
}

function replacer(given: ReplaceParams): (text: string) => Edited {
  const expression = compile('regexp', given.regexp, 'gm')
  const expand = replacement('replace', given.replace ?? '', expression)
  const section = sectionOf(given)
  const once = (text: string) => {
    const part = section(text)
    if (!part) return { text, msg: 'before and after match nothing in the file' }
    let count = 0
    const [start, end] = part
    const changed = text.slice(start, end).replace(expression, (...match) => {
      count++
      const groups = typeof match.at(-1) === 'object' ? match.at(-1) : undefined
      const at = match.findIndex((value) => typeof value === 'number')
      return expand(Object.assign(match.slice(0, at), { groups }) as unknown as RegExpExecArray)
    })
    const result = text.slice(0, start) + changed + text.slice(end)
    return { text: result, msg: result === text ? '' : `${count} replacement${count === 1 ? '' : 's'} made` }
  }
  return (text) => {
    const edited = once(text)
    if (edited.text !== text && once(edited.text).text !== edited.text)
      throw new Refusal(
        `in ${given.path} each run would replace again: what ${String(given.regexp)} is replaced by still matches it`,
        'Make regexp not match the new text, for example by (?!…), or by ^ and $.',
      )
    return edited
  }
}

function editOf(given: ReplaceParams): FileEdit {
  return { ...given, ifAbsent: 'fail', fix: 'Make it first, by a task of its own.', edit: replacer(given) }
}

/** Every match of an expression in a file, replaced. */
export const replace = defineModule({
  name: 'replace',
  summary: 'Every match of a regular expression in a text file, replaced',
  params,
  ...editing(editOf),
  result: (given, change): EditResult => ({ path: given.path, msg: messageOf(editOf(given), change.before.file), ...fileResult(change) }),
  resultFields: fieldsOf<EditResult>({ path: 'the file', msg: 'what was done; empty where nothing was', ...fileFields }),
})
