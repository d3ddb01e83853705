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
    fix: elsewhere(name) ?? (meant ? `Did you mean '${meant}'?` : `There are: ${known.join(', ')}.`),
    exitCode: 1,
  })
}

/** What does here what a module of that name does with Ansible. */
const others: { readonly [name: string]: string } = {
  ping: 'To see whether hosts answer, and what is wrong where they do not:\nrollcall doctor all',
  setup: 'Facts have a command of their own:\nrollcall facts',
  gather_facts: 'Facts have a command of their own:\nrollcall facts',
  raw: 'To run a command as it is:\nrollcall exec all -- uptime',
  systemd: "A service is service's business, a unit with its file systemdUnit's.",
  systemd_service: "A service is service's business, a unit with its file systemdUnit's.",
  package: 'Of packages there are those of Debian: apt.',
  slurp: 'To see what is in a file, use query with a script that prints it; stat tells of the file itself.',
  set_fact: 'A value that a playbook works out is a constant of TypeScript, or result(task) of an earlier task.',
  include_tasks: 'What plays share is a function of TypeScript: defineServiceModule.',
  import_tasks: 'What plays share is a function of TypeScript: defineServiceModule.',
  include_role: 'What plays share is a function of TypeScript: defineServiceModule.',
  import_role: 'What plays share is a function of TypeScript: defineServiceModule.',
}

function elsewhere(name: string): string | undefined {
  const last = name.slice(name.lastIndexOf('.') + 1)
  return Object.hasOwn(others, last) ? others[last] : undefined
}

/** The name that was probably meant: written with dashes, underscores or other capitals, or nearly spelt so. */
export function meantName(word: string, known: readonly string[]): string | undefined {
  const plain = (name: string) => name.replaceAll(/[-_]/g, '').toLowerCase()
  return known.find((name) => plain(name) === plain(word)) ?? suggest(word, known)
}
