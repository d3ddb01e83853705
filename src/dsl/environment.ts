import { RollcallError, type SourceLine } from '../model/errors.ts'
import { mask } from '../util/redact.ts'
import { Secret, wasTurnedIntoText } from '../util/secret.ts'

/** Variables of the environment that steps and commands run in. */
export interface EnvironmentValues {
  readonly [name: string]: string | Secret
}
/** What a play, a block or a task says: variables, or a closure that gives them for each host. */
export type Environment<C = any> = EnvironmentValues | ((scope: C) => EnvironmentValues)

/** A shell's own, which it does not let be set, or by which it reads the script itself. */
const ofShells = ['IFS', 'UID', 'EUID', 'PPID', 'SHELLOPTS', 'BASHOPTS', 'BASH_VERSINFO']

/** What is wrong with variables, and what would be right. */
function problemIn(values: unknown): { readonly detail: string; readonly fix: string } | undefined {
  if (typeof values !== 'object' || values === null || Array.isArray(values) || values instanceof Secret)
    return { detail: 'it gives no record of names and values', fix: "Write environment: { http_proxy: 'http://proxy:3128' }." }
  for (const [name, value] of Object.entries(values)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      return {
        detail: `${JSON.stringify(name)} cannot be the name of a variable`,
        fix: 'Letters, digits and underscores; no digit in front.',
      }
    if (ofShells.includes(name)) return { detail: `${name} belongs to the shell`, fix: 'Leave it out; a script can set it for itself.' }
    if (value instanceof Secret) continue
    if (typeof value !== 'string')
      return {
        detail: `${name} is ${value === null ? 'null' : typeof value}`,
        fix: 'A value is text or a Secret: String(…) makes text of a number.',
      }
    if (value.includes('\0')) return { detail: `${name} holds a NUL byte`, fix: 'No variable can hold one.' }
    if (wasTurnedIntoText() && value.includes(mask))
      return { detail: `in ${name} a Secret was turned into text`, fix: `Give the Secret itself; with text around it: sealed\`…\`.` }
  }
  return undefined
}

/** @throws RollcallError for what can be no environment. */
export function checkEnvironment(values: unknown, what: string, at: SourceLine | undefined): EnvironmentValues {
  const wrong = problemIn(values)
  if (!wrong) return values as EnvironmentValues
  throw new RollcallError({
    summary: 'An environment is wrong',
    detail: `${what}: ${wrong.detail}`,
    fix: wrong.fix,
    exitCode: 1,
    ...(at && { at }),
  })
}

/** An option as a list, from the outside in, so that what stands around it is put before. @throws RollcallError at load. */
export function environmentsOf(option: Environment | undefined, what: string, at: SourceLine | undefined): readonly Environment[] {
  if (option === undefined) return []
  return [typeof option === 'function' ? option : checkEnvironment(option, what, at)]
}
