import { type BecomeOption, type Becoming, becomeMethods, becomingOf, isUserName } from '../model/become.ts'
import { RollcallError, type SourceLine } from '../model/errors.ts'
import { suggest } from '../util/suggest.ts'

const keys = ['method', 'user']

/** What is wrong with what an option says, and what would be right. The compiler sees most of it; not what comes from elsewhere. */
export function becomeProblem(option: unknown): { readonly detail: string; readonly fix: string } | undefined {
  if (option === undefined || typeof option === 'boolean') return undefined
  if (typeof option !== 'object' || option === null)
    return { detail: `become: ${JSON.stringify(option)}`, fix: "It is true, false, or says as whom: become: { user: 'postgres' }" }
  for (const [key, given] of Object.entries(option)) {
    if (!keys.includes(key)) {
      const meant = suggest(key, keys)
      return { detail: `become has no '${key}'`, fix: meant ? `Did you mean '${meant}'?` : `There are: ${keys.join(', ')}.` }
    }
    if (key === 'method' && !(becomeMethods as readonly unknown[]).includes(given)) {
      const meant = suggest(String(given), [...becomeMethods])
      return {
        detail: `'${given}' is no program to become another user by`,
        fix: meant ? `Did you mean '${meant}'?` : `There are: ${becomeMethods.join(', ')}.`,
      }
    }
    if (key === 'user' && !isUserName(given))
      return {
        detail: `${JSON.stringify(given)} cannot be the name of a user to become`,
        fix: "Name one, as in become: { user: 'postgres' }",
      }
  }
  return undefined
}

/** What `become` of a play, a block or a task says. @throws RollcallError at load. */
export function checkedBecome(option: BecomeOption | undefined, what: string, at: SourceLine | undefined): Becoming {
  const wrong = becomeProblem(option)
  if (!wrong) return becomingOf(option)
  throw new RollcallError({
    summary: 'A become is wrong',
    detail: `${what}: ${wrong.detail}`,
    fix: wrong.fix,
    ...(at && { at }),
  })
}
