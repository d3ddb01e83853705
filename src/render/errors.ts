import { relative } from 'node:path'
import { MissingFact } from '../facts/guard.ts'
import { type ErrorDetails, RollcallError, type SourceLine } from '../model/errors.ts'
import { SecretAsText } from '../util/secret.ts'
import { suggest } from '../util/suggest.ts'

/** A template reads a name that is not in its data. */
export class UndeclaredName extends RollcallError {
  override readonly name = 'UndeclaredName'
  constructor(path: string, parent: string, word: string, there: readonly string[]) {
    const meant = suggest(word, there)
    super({
      summary: 'A template reads a name that its data does not have',
      detail: `${path}${there.length === 0 ? '' : `\n${parent} has: ${there.join(', ')}`}`,
      fix: `${meant === undefined ? '' : `Did you mean '${meant}'? Otherwise add`}${meant === undefined ? 'Add' : ''} '${word}' to what the template's data function returns (undefined, where there is none).`,
    })
  }
}

/** A template prints what is neither text nor a number. */
export class UnprintableValue extends RollcallError {
  override readonly name = 'UnprintableValue'
  constructor(what: string, fix: string) {
    super({ summary: 'A template prints what is neither text nor a number', detail: `the value is ${what}`, fix })
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? (error.name === 'Error' ? error.message : `${error.name}: ${error.message}`) : `thrown: ${String(error)}`
}

/** The error with the line where it arose. A missing fact stays one, with its fields. */
export function placed(error: unknown, at: SourceLine | undefined, otherwise: ErrorDetails): RollcallError {
  const place = at && { at }
  if (error instanceof MissingFact) {
    const { host, fact, reason } = error
    return new MissingFact(
      { host, fact, reason, ...(error.details.fix !== undefined && { fix: error.details.fix }), ...place },
      { cause: error },
    )
  }
  if (error instanceof SecretAsText)
    return new RollcallError(
      {
        summary: 'A template turns a secret into text by itself',
        detail: 'a Secret in a string or in JSON.stringify would be written as [secret]',
        fix: 'Print it by a tag of its own, <%= it.password %>, or ask for its value where it goes into other text: it.password.reveal().',
        ...place,
      },
      { cause: error },
    )
  if (error instanceof RollcallError) return new RollcallError({ ...error.details, ...place }, { cause: error })
  return new RollcallError({ ...otherwise, ...place }, { cause: error })
}

/** A path as people know it: within the project without its root. */
export function shownPath(path: string, root: string): string {
  const inside = relative(root, path)
  return inside.startsWith('..') ? path : inside
}
