import { isDeepStrictEqual } from 'node:util'
import { RollcallError, type SourceLine } from '../model/errors.ts'
import { builtInFamilies } from '../model/facts.ts'
import type { ConnectionSettings, HostRecord, InventoryModel, VarLevel, Vars } from '../model/inventory.ts'
import { Secret } from '../util/secret.ts'
import { suggest } from '../util/suggest.ts'
import type { GroupDefinition, GroupDefinitions, HostDefinition, HostDefinitions } from './inventory.ts'
import { withJumpHosts } from './jump-hosts.ts'
import { overridableVars } from './overridable.ts'

const hostName = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/

/** Resolves groups, vars (all < group < host) and connections into the model the engine works on. */
export function resolveInventory(
  groups: GroupDefinitions,
  hosts: HostDefinitions<GroupDefinitions>,
  at?: SourceLine,
  overridable: readonly string[] = [],
): InventoryModel {
  const fail = (detail: string, fix: string) => {
    throw new RollcallError({ summary: 'The inventory is wrong', detail, fix, ...(at && { at }) })
  }
  for (const [name, group] of Object.entries(groups)) refuseOthers(`group '${name}'`, group, groupSettings, fail)
  const records = new Map<string, HostRecord>()
  for (const [name, host] of Object.entries(hosts)) {
    if (!hostName.test(name)) fail(`'${name}' cannot be a host name`, 'Use letters, digits, dots, dashes and underscores.')
    if (name in groups || name === 'all')
      fail(`'${name}' is the name of a host and of a group`, 'Rename one: patterns could not tell them apart.')
    refuseOthers(`host '${name}'`, host, hostSettings, fail)
    for (const group of host.groups) {
      if (group in groups) continue
      const meant = suggest(group, Object.keys(groups))
      fail(
        `host '${name}' is in group '${group}', which is not declared`,
        meant ? `Did you mean '${meant}'?` : `Declare it under groups: { '${group}': {} }.`,
      )
    }
    for (const family of Object.keys(host.facts ?? {})) {
      const meant = suggest(family, builtInFamilies)
      // A family of the user's own is not known here, but one letter off a built-in one is a slip.
      if (meant && !(builtInFamilies as readonly string[]).includes(family))
        fail(`host '${name}' declares facts of a family '${family}'`, `Did you mean '${meant}'?`)
    }
    records.set(name, resolveHost(name, host, groups, fail))
  }
  if (records.size === 0) fail('it has no host', 'Declare at least one under hosts: { … }.')
  const members = (group: string) =>
    [...records.values()].filter((host) => group === 'all' || host.groups.includes(group)).map((host) => host.name)
  const names = ['all', ...Object.keys(groups).filter((group) => group !== 'all')]
  return {
    hosts: withJumpHosts(records, fail),
    groups: new Map(names.map((group) => [group, members(group)])),
    ...(overridable.length > 0 && { overridable: overridableVars(overridable, groups, fail) }),
    ...(at && { at }),
  }
}

type Fail = (detail: string, fix: string) => void

// Written as objects, so that the compiler misses what is missing.
const hostSettings = Object.keys({
  groups: true,
  privateIp: true,
  publicIp: true,
  vars: true,
  connection: true,
  facts: true,
} satisfies Record<keyof HostDefinition, true>)
const groupSettings = Object.keys({ vars: true, connection: true } satisfies Record<keyof GroupDefinition, true>)

function refuseOthers(what: string, given: object, settings: readonly string[], fail: Fail): void {
  for (const name of Object.keys(given)) {
    if (settings.includes(name)) continue
    const meant = suggest(name, settings)
    fail(`${what} has '${name}', which is no setting`, meant ? `Did you mean '${meant}'?` : `There are: ${settings.join(', ')}.`)
  }
}

function resolveHost(name: string, host: HostDefinition, groups: GroupDefinitions, fail: Fail): HostRecord {
  const given = host.connection ?? host.groups.map((group) => groups[group]?.connection).find(Boolean) ?? groups.all?.connection
  const connection: ConnectionSettings = given === 'local' ? { type: 'local' } : (given ?? { type: 'ssh' })
  return {
    name,
    groups: host.groups,
    vars: resolveVars(name, host, groups, fail),
    varLevels: levelsOf(host, groups),
    connection,
    ...(host.privateIp !== undefined && { privateIp: host.privateIp }),
    ...(host.publicIp !== undefined && { publicIp: host.publicIp }),
    ...(host.facts && { facts: host.facts }),
  }
}

/** Where each var comes from, in the order in which {@link resolveVars} lays one over the other. */
function levelsOf(host: HostDefinition, groups: GroupDefinitions): ReadonlyMap<string, readonly VarLevel[]> {
  const levels = new Map<string, VarLevel[]>()
  const add = (vars: Vars | undefined, level: Omit<VarLevel, 'value'>) => {
    for (const [name, value] of Object.entries(vars ?? {})) levels.set(name, [...(levels.get(name) ?? []), { ...level, value }])
  }
  add(groups.all?.vars, { level: 'all' })
  for (const group of host.groups) add(groups[group]?.vars, { level: 'group', group })
  add(host.vars, { level: 'host' })
  return levels
}

/** Three levels, nearest wins. Two groups of one host are on the same level: they may agree, never differ. */
function resolveVars(name: string, host: HostDefinition, groups: GroupDefinitions, fail: Fail): Vars {
  const fromGroups: Record<string, unknown> = {}
  const setBy: Record<string, string> = {}
  for (const group of host.groups) {
    for (const [key, value] of Object.entries(groups[group]?.vars ?? {})) {
      const other = setBy[key]
      if (other !== undefined && !alike(fromGroups[key], value) && !(key in (host.vars ?? {})))
        fail(
          `groups '${other}' and '${group}' set '${key}' of host '${name}' differently`,
          `Set it on the host itself: '${name}': { vars: { ${key}: … } }.`,
        )
      fromGroups[key] = value
      setBy[key] = group
    }
  }
  return Object.freeze({ ...groups.all?.vars, ...fromGroups, ...host.vars })
}

/** Two secrets agree only where they are one: what they hold may be locked, and is compared by nobody. */
function alike(left: unknown, right: unknown): boolean {
  if (left instanceof Secret || right instanceof Secret) return left === right
  return isDeepStrictEqual(left, right)
}
