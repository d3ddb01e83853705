import { RollcallError, type SourceLine } from '../model/errors.ts'
import { builtInFamilies } from '../model/facts.ts'
import type { HostRecord, InventoryModel } from '../model/inventory.ts'
import { hostName } from '../model/new-host.ts'
import type { Origin } from '../model/sourced.ts'
import { isAddress } from '../util/ip-address.ts'
import { suggest } from '../util/suggest.ts'
import { checkAddresses, checkConnection } from './check-addresses.ts'
import { type GroupTree, groupTree } from './group-tree.ts'
import type { GroupDefinition, GroupDefinitions, HostDefinition, HostDefinitions } from './inventory-types.ts'
import { withJumpHosts } from './jump-hosts.ts'
import { type Differ, type Level, layOver, valuesOf } from './levels.ts'
import { overridableVars } from './overridable.ts'
import { resolveConnection } from './resolve-connection.ts'
import { type Fail, type Keys, type Wrong, wrongInventory } from './wrong-inventory.ts'

/** Resolves groups, vars (all < groups, from above < host) and connections into the model the engine works on. */
export function resolveInventory(
  groups: GroupDefinitions,
  hosts: HostDefinitions<GroupDefinitions>,
  at?: SourceLine,
  overridable: readonly string[] = [],
  origins?: Origins,
): InventoryModel {
  const fail: Fail = (wrong) => {
    const [part, host] = wrong.keys ?? []
    const origin = part === 'hosts' ? origins?.get(String(host)) : undefined
    throw origin ? wrongSource(wrong, origin) : wrongInventory(wrong, { call: 'defineInventory', at })
  }
  for (const [name, group] of Object.entries(groups)) {
    refuseOthers(`group '${name}'`, group, groupSettings, ['groups', name], fail)
    checkConnection(`group '${name}'`, group, ['groups', name, 'connection'], fail)
  }
  const tree = groupTree(groups, fail)
  const records = new Map<string, HostRecord>()
  for (const [name, host] of Object.entries(hosts)) {
    refuseHost(name, host, groups, fail)
    records.set(name, resolveHost(name, host, groups, tree, fail, origins?.get(name)))
  }
  if (records.size === 0 && !origins) fail({ detail: 'it has no host', fix: 'Declare at least one under hosts: { … }.', keys: ['hosts'] })
  const schemas = new Map(Object.entries(groups).flatMap(([name, { schema }]) => (schema === undefined ? [] : [[name, schema]])))
  return {
    hosts: withJumpHosts(records, fail),
    groups: membersOf(records.values(), Object.keys(groups)),
    ...(tree.children.size > 0 && { children: tree.children }),
    ...(schemas.size > 0 && { schemas }),
    ...(overridable.length > 0 && { overridable: overridableVars(overridable, groups, fail) }),
    resolve: (name, host, refuse) => resolveHost(name, host, groups, tree, ({ detail, fix }) => refuse(detail, fix), undefined),
    ...(at && { at }),
  }
}

/** Hosts of sources; present for an inventory that has some, which may have no host until they are asked. */
export type Origins = ReadonlyMap<string, Origin>

function wrongSource({ detail, fix, keys = [] }: Wrong, { source, lineOf }: Origin): RollcallError {
  const at = lineOf?.(keys)
  return new RollcallError({
    summary: 'A source of the inventory tells something wrong',
    detail: `${source}: ${detail}`,
    fix,
    exitCode: 1,
    ...(at && { at }),
  })
}

/** Group → its hosts, `all` first. */
function membersOf(hosts: Iterable<HostRecord>, groups: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const members = new Map<string, string[]>([['all', []]])
  for (const group of groups) if (group !== 'all') members.set(group, [])
  for (const { name, groups: of } of hosts) for (const group of ['all', ...of]) members.get(group)!.push(name)
  return members
}

// Written as objects, so that the compiler misses what is missing.
const hostSettings = Object.keys({
  groups: true,
  privateIp: true,
  publicIp: true,
  vars: true,
  connection: true,
  facts: true,
} satisfies Record<keyof HostDefinition, true>)
const groupSettings = Object.keys({ vars: true, children: true, schema: true, connection: true } satisfies Record<
  keyof GroupDefinition,
  true
>)

function refuseOthers(what: string, given: object, settings: readonly string[], keys: Keys, fail: Fail): void {
  for (const name of Object.keys(given)) {
    if (settings.includes(name)) continue
    const meant = suggest(name, settings)
    fail({
      detail: `${what} has '${name}', which is no setting`,
      fix: meant ? `Did you mean '${meant}'?` : `There are: ${settings.join(', ')}.`,
      keys: [...keys, name],
    })
  }
}

function refuseHost(name: string, host: HostDefinition, groups: GroupDefinitions, fail: Fail): void {
  const keys = ['hosts', name]
  if (!hostName.test(name) && !isAddress(name))
    fail({ detail: `'${name}' cannot be a host name`, fix: 'Use letters, digits, dots, dashes and underscores, or an IP address.', keys })
  if (Object.hasOwn(groups, name) || name === 'all')
    fail({ detail: `'${name}' is the name of a host and of a group`, fix: 'Rename one: patterns could not tell them apart.', keys })
  refuseOthers(`host '${name}'`, host, hostSettings, keys, fail)
  for (const group of host.groups) {
    if (Object.hasOwn(groups, group)) continue
    const meant = suggest(group, Object.keys(groups))
    fail({
      detail: `host '${name}' is in group '${group}', which is not declared`,
      fix: meant ? `Did you mean '${meant}'?` : `Declare it under groups: { '${group}': {} }.`,
      keys: [...keys, 'groups'],
    })
  }
  for (const family of Object.keys(host.facts ?? {})) {
    const meant = suggest(family, builtInFamilies)
    // A family of the user's own is not known here, but one letter off a built-in one is a slip.
    if (meant && !(builtInFamilies as readonly string[]).includes(family))
      fail({
        detail: `host '${name}' declares facts of a family '${family}'`,
        fix: `Did you mean '${meant}'?`,
        keys: [...keys, 'facts', family],
      })
  }
  checkAddresses(name, host, fail)
}

function resolveHost(
  name: string,
  host: HostDefinition,
  groups: GroupDefinitions,
  tree: GroupTree,
  fail: Fail,
  origin: Origin | undefined,
): HostRecord {
  const named = [...new Set(host.groups.filter((group) => group !== 'all'))]
  const all = [...new Set([...named, ...named.flatMap(tree.above)])]
  // Sorting is stable: equally deep ones stay as the host names them.
  const fromAbove = tree.children.size === 0 ? named : all.toSorted((one, other) => tree.depth(one) - tree.depth(other))
  const levels: (Omit<Level, 'values'> & { readonly of: GroupDefinition | HostDefinition | undefined })[] = [
    { level: 'all', of: groups.all },
    ...fromAbove.map((group) => ({ level: 'group' as const, group, of: groups[group] })),
    { level: 'host', ...(origin && { from: origin.source }), of: host },
  ]
  const keys = ['hosts', name]
  const differVars: Differ = (key, one, other) =>
    fail({
      detail: `groups '${one}' and '${other}' set '${key}' of host '${name}' differently`,
      fix: `Set it on the host itself: '${name}': { vars: { ${key}: … } }.`,
      keys,
    })
  const differConnection: Differ = (key, one, other) =>
    fail({
      detail: `groups '${one}' and '${other}' say differently how host '${name}' is reached: ${key}`,
      fix: `Say it on the host itself: '${name}': { connection: … }.`,
      keys,
    })
  const varLevels = layOver(
    levels.map(({ of, ...level }) => ({ ...level, values: of?.vars })),
    tree,
    differVars,
  )
  const { connection, levels: connectionLevels } = resolveConnection(
    levels.map(({ of, ...level }) => ({ ...level, connection: of?.connection })),
    tree,
    differConnection,
  )
  return {
    name,
    groups: all,
    vars: Object.freeze(valuesOf(varLevels)),
    varLevels,
    connection,
    connectionLevels,
    ...(host.privateIp !== undefined && { privateIp: host.privateIp }),
    ...(host.publicIp !== undefined && { publicIp: host.publicIp }),
    ...(host.facts && { facts: host.facts }),
    ...(origin && { origin }),
  }
}
