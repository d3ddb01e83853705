import type { Definition } from './dsl/definition.ts'
import { RollcallError } from './model/errors.ts'
import * as builtIns from './modules/index.ts'
import { suggest } from './util/suggest.ts'

/** Every built-in module, action, query and controller call. */
export function builtInDefinitions(): readonly Definition[] {
  return Object.values(builtIns).map(({ definition }) => definition as unknown as Definition)
}

/**
 * A built-in by its name.
 * @throws RollcallError (exit 1) for a name there is not, with a suggestion; Ansible's spellings (`wait_for`) lead to ours.
 */
export function moduleNamed(name: string): Definition {
  const all = builtInDefinitions()
  const found = all.find((module) => module.name === name)
  if (found) return found
  const known = all.map((module) => module.name)
  const meant = meantName(name.slice(name.lastIndexOf('.') + 1), known)
  throw new RollcallError({
    summary: 'There is no such module',
    detail: `'${name}'`,
    fix: meant ? `Did you mean '${meant}'?` : `There are: ${known.join(', ')}.`,
    exitCode: 1,
  })
}

/** The name that was probably meant: written with dashes, underscores or other capitals, or nearly spelt so. */
export function meantName(word: string, known: readonly string[]): string | undefined {
  const plain = (name: string) => name.replaceAll(/[-_]/g, '').toLowerCase()
  return known.find((name) => plain(name) === plain(word)) ?? suggest(word, known)
}
