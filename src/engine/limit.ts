import { RollcallError } from '../model/errors.ts'
import type { InventoryModel } from '../model/inventory.ts'
import { suggest } from '../util/suggest.ts'

type Term = { readonly operator: 'or' | 'and' | 'not'; readonly name: string }

/** Splits `web:&eu,!db` into terms: `:` or `,` between them, `&` keeps only what is also in it, `!` takes away. */
function parse(pattern: string): Term[] {
  return pattern
    .split(/[:,]/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      if (part.startsWith('&')) return { operator: 'and', name: part.slice(1) }
      if (part.startsWith('!')) return { operator: 'not', name: part.slice(1) }
      return { operator: 'or', name: part }
    })
}

/** The names and globs that a pattern is made of. */
export function namesIn(pattern: string): readonly string[] {
  return parse(pattern).map(({ name }) => name)
}

/** Hosts that one name of a pattern stands for: a host, a group, or a glob over both. Undefined: there is no such thing. */
function membersOf(name: string, inventory: InventoryModel): readonly string[] | undefined {
  const direct = inventory.groups.get(name) ?? (inventory.hosts.has(name) ? [name] : undefined)
  if (direct || !/[*?[]/.test(name)) return direct
  const source = name
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const glob = new RegExp(`^${source}$`)
  const hosts = [...inventory.hosts.keys()].filter((host) => glob.test(host))
  const groups = [...inventory.groups].filter(([group]) => glob.test(group)).flatMap(([, members]) => members)
  return hosts.length + groups.length === 0 ? undefined : [...hosts, ...groups]
}

/**
 * The hosts a pattern leaves, in inventory order: first all unions, then intersections, then exclusions, as Ansible does.
 * @throws RollcallError (exit 1) for a name the inventory does not have, with a suggestion.
 */
export function matchPattern(pattern: string, inventory: InventoryModel, option = '--limit'): readonly string[] {
  const terms = parse(pattern)
  if (terms.length === 0)
    throw new RollcallError({ summary: `${option} is empty`, fix: 'Name a host, a group, or several joined by commas.', exitCode: 1 })
  const resolved = terms.map((term) => {
    const members = membersOf(term.name, inventory)
    if (members) return { ...term, members: new Set(members) }
    const known = [...inventory.hosts.keys(), ...inventory.groups.keys()]
    const meant = suggest(term.name, known)
    throw new RollcallError({
      summary: `${option} names a host or group that is not in the inventory`,
      detail: `'${term.name}'`,
      fix: meant ? `Did you mean '${meant}'?` : `The inventory has: ${known.join(', ')}.`,
      exitCode: 1,
    })
  })
  const of = (operator: Term['operator']) => resolved.filter((term) => term.operator === operator)
  return [...inventory.hosts.keys()].filter(
    (host) =>
      (of('or').length === 0 || of('or').some((term) => term.members.has(host))) &&
      of('and').every((term) => term.members.has(host)) &&
      !of('not').some((term) => term.members.has(host)),
  )
}
