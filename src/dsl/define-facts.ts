import { isDeepStrictEqual } from 'node:util'
import { RollcallError, type SourceLine } from '../model/errors.ts'
import { builtInFamilies, type OwnFamily } from '../model/facts.ts'
import { callerLine } from '../util/caller.ts'
import { Script } from '../util/sh.ts'

/** Whether every host has the field, or only some do: the default route may be absent, the kernel may not. */
export type Presence = 'always' | 'sometimes'

/** A family of the user's own as the engine sees it. */
export interface OwnFacts {
  readonly name: string
  readonly fields: { readonly [field: string]: Presence }
  readonly script: Script
  readonly parse: (stdout: Uint8Array) => object
  readonly at: SourceLine | undefined
}

/** Every family defined so far, by name. Filled when playbooks and what they import are loaded. */
export const ownFacts = new Map<string, OwnFacts>()

/**
 * Defines a family of facts: what a read-only script finds out about a host, parsed. A play lists it under
 * `facts.families` and reads it as `facts.<name>`, of its own host and of the fleet's; it is remembered, aged and declared as
 * the built-in families are.
 *
 * The script runs as the login user, without become and without input, on any POSIX shell, in check mode too. It must
 * change nothing; that is trusted, so the header of a check names it. What `parse` gives must be plain data, as it is
 * kept as JSON, and an error it throws fails the gathering on that host.
 *
 * @throws RollcallError for a name that is taken or is no identifier.
 */
export function defineFacts<const N extends string, T extends object>(definition: {
  readonly name: N
  /** Each field of the facts: whether every host has it. */
  readonly fields: { readonly [F in keyof T]-?: Presence }
  readonly script: Script
  readonly parse: (stdout: string) => T
}): OwnFamily<N, T> {
  const { name, fields, script, parse } = definition
  const at = callerLine()
  const fail = (detail: string, fix: string) => {
    throw new RollcallError({ summary: 'A family of facts is wrong', detail, fix, ...(at && { at }) })
  }
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name)) fail(`'${name}' cannot be its name`, 'Use letters and digits: closures read it as facts.name.')
  const other = ownFacts.get(name)
  if ((builtInFamilies as readonly string[]).includes(name) || (other && !isDeepStrictEqual(other.at, at)))
    fail(`the name '${name}' is taken`, 'Give it another one.')
  if (!(script instanceof Script)) fail(`the script of '${name}' is no script`, 'Make it with the sh tag: script: sh`…`.')
  ownFacts.set(name, { name, fields, script, parse: (stdout) => plain(parse(Buffer.from(stdout).toString('utf8'))), at })
  return { name } as OwnFamily<N, T>
}

function plain(facts: object): object {
  if (typeof facts !== 'object' || facts === null || Array.isArray(facts)) throw new Error('its parse gave no object')
  const kept = JSON.parse(JSON.stringify(facts)) as object
  if (isDeepStrictEqual(kept, withoutUndefined(facts))) return kept
  throw new Error('its parse gave more than plain data (text, numbers, booleans, lists and objects of those)')
}

function withoutUndefined(facts: object): object {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}
