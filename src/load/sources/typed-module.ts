import { type GroupTree, groupTree } from '../../dsl/group-tree.ts'
import type { ConnectionSettings, HostRecord, InventoryModel, VarLevel } from '../../model/inventory.ts'
import { isAddress } from '../../util/ip-address.ts'
import { codeOf, keyCode, type SecretCode, textCode } from './code.ts'
import { isConnectionVar } from './connection-vars.ts'
import { schemasOf } from './group-schemas.ts'
import { type HostValues, type OwnValue, placeValues } from './place-values.ts'
import type { ReadSource } from './read-source.ts'
import { refused } from './refuse.ts'
import { fitsDeclared } from './schema-code.ts'
import { secretWriter } from './secret-code.ts'
import type { SourceModel } from './to-model.ts'

export interface TypedModule {
  readonly text: string
  /** What its reader should know: a sentence each. */
  readonly notes: readonly string[]
}

/**
 * An inventory as a module of TypeScript in which each host has what it has in the one that was read. `from` is how that one is
 * called; files of secrets are named from the project's root.
 * @throws RollcallError for what a typed inventory cannot hold.
 */
export function typedModule(
  { model, origins, read }: SourceModel & { readonly read: ReadSource },
  root: string,
  from: string,
): TypedModule {
  refuseNames(model)
  const notes: string[] = []
  const secrets = secretWriter(origins, root, notes)
  const tree = treeOf(model)
  const groupsOf = (name: string) => typedOrder(namedGroups(name, model, read, tree), tree)
  const same = (one: unknown, other: unknown) => codeOf(one, secrets.code) === codeOf(other, secrets.code)
  const hosts = [...model.hosts.values()]
  const tools = { tree, groupsOf, same }
  const vars = placeValues(model, hosts.map(varsOf), { ...tools, fits: fitsDeclared })
  const reached = placeValues(model, hosts.map(settingsOf), { ...tools, fits: () => true })
  const schemas = schemasOf(model, vars, tree)
  const groups = [...model.groups.keys()].map((name) => {
    const parts = [
      (model.children?.has(name) ?? false) && `children: ${codeOf(model.children!.get(name), secrets.code, 6)}`,
      vars.groups.get(name)!.size > 0 && `vars: ${codeOf(Object.fromEntries(vars.groups.get(name)!), secrets.code, 6)}`,
      schemas.has(name) && `schema: Type.Object(${schemas.get(name)})`,
      reached.groups.get(name)!.size > 0 && `connection: ssh(${codeOf(Object.fromEntries(reached.groups.get(name)!), secrets.code, 6)})`,
    ]
    return entry(name, parts)
  })
  const records = hosts.map((host) => {
    const own = reached.hosts.get(host.name)!
    return entry(host.name, [
      `groups: ${codeOf(namedGroups(host.name, model, read, tree), secrets.code)}`,
      host.privateIp !== undefined && `privateIp: ${textCode(host.privateIp)}`,
      host.publicIp !== undefined && `publicIp: ${textCode(host.publicIp)}`,
      vars.hosts.get(host.name)!.size > 0 && `vars: ${ownCode(vars.hosts.get(host.name)!, secrets.code)}`,
      (own.size > 0 || host.connection.type !== 'ssh') && `connection: ${connectionCode(host.connection, own, secrets.code)}`,
    ])
  })
  const body = `export const inventory = defineInventory({\n  groups: {\n${groups.join('')}  },\n  hosts: {\n${records.join('')}  },\n})\n`
  const declarations = secrets.declarations()
  const used = [
    'chroot',
    'defineInventory',
    'defineSecrets',
    'docker',
    'instanceOf',
    'local',
    'nspawn',
    'podman',
    'Secret',
    'ssh',
    'Type',
  ].filter((name) => new RegExp(`\\b${name}\\b[(.,]`).test(`${declarations}${body}`))
  notes.push(...orderNotes(model), ...droppedNotes(hosts))
  const head = `// Taken over from ${from} by: rollcall inventory import\nimport { ${used.join(', ')} } from 'rollcall'\n`
  return { text: [head, ...(declarations === '' ? [] : [declarations]), body].join('\n'), notes }
}

const hostName = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/

function refuseNames(model: InventoryModel): void {
  for (const name of model.hosts.keys()) {
    if (!hostName.test(name) && !isAddress(name))
      throw refused(`a typed inventory can have no host '${name}'`, 'Rename it: letters, digits, dots, dashes and underscores.', model.at)
    if (model.groups.has(name))
      throw refused(`'${name}' is the name of a host and of a group`, 'Rename one: a typed inventory has each name once.', model.at)
  }
}

function treeOf(model: InventoryModel): GroupTree {
  const groups = [...model.groups.keys()].map((name) => [name, { children: name === 'all' ? [] : (model.children?.get(name) ?? []) }])
  return groupTree(Object.fromEntries(groups), ({ detail, fix }) => {
    throw refused(detail, fix, model.at)
  })
}

/** The groups that a host is in by itself, without those that others of them bring. */
function namedGroups(host: string, model: InventoryModel, { data }: ReadSource, tree: GroupTree): readonly string[] {
  const named = [...model.groups.keys()].filter((name) => name !== 'all' && data.groups.get(name)!.hosts.has(host))
  const above = new Set(named.flatMap(tree.above))
  return named.filter((name) => !above.has(name))
}

/** Its groups from above, as a typed inventory lays them: equally deep ones stay as the host names them. */
function typedOrder(named: readonly string[], tree: GroupTree): readonly string[] {
  return [...new Set([...named, ...named.flatMap(tree.above)])].toSorted((one, other) => tree.depth(one) - tree.depth(other))
}

/** What a host has as vars: what says how it is reached is no var here. */
function varsOf(host: HostRecord): HostValues {
  const kept = (entries: Iterable<readonly [string, unknown]>) => [...entries].filter(([name]) => !isConnectionVar(name))
  return {
    host,
    values: new Map(kept(Object.entries(host.vars))),
    levels: new Map(kept(host.varLevels ?? []) as (readonly [string, readonly VarLevel[]])[]),
  }
}

/** Settings that the host has as their level gives them; what was taken out of arguments of ssh is the host's own. */
function settingsOf(host: HostRecord): HostValues {
  const { type, ...settings } = host.connection
  const levels = [...(host.connectionLevels ?? [])].filter(([name]) => type === 'ssh' && name !== 'type')
  const asSetting = (value: unknown, name: string) => (name === 'port' || name === 'connectTimeoutSeconds' ? Number(value) : value)
  return {
    host,
    values: new Map(type === 'ssh' ? Object.entries(settings) : []),
    levels: new Map(levels.map(([name, each]) => [name, each.map((level) => ({ ...level, value: asSetting(level.value, name) }))])),
  }
}

function connectionCode(connection: ConnectionSettings, own: ReadonlyMap<string, OwnValue>, code: SecretCode): string {
  if (connection.type === 'local') {
    const { type: _, ...settings } = connection
    return Object.keys(settings).length === 0 ? `'local'` : `local(${codeOf(settings, code, 6)})`
  }
  if (connection.type === 'container') {
    const { type: _, program, ...settings } = connection
    return `${program}(${Object.keys(settings).length === 0 ? '' : codeOf(settings, code, 6)})`
  }
  if (connection.type === 'chroot' || connection.type === 'nspawn') {
    const { type, ...settings } = connection
    return `${type}(${codeOf(settings, code, 6)})`
  }
  return `ssh(${codeOf(Object.fromEntries([...own].map(([name, { value }]) => [name, value])), code, 6)})`
}

/** One group or host; `{}` where nothing is said of it. */
function entry(name: string, parts: readonly (string | false)[]): string {
  const said = parts.filter((part) => part !== false)
  const line = `    ${keyCode(name)}: ${said.length === 0 ? '{}' : `{ ${said.join(', ')} }`},\n`
  if (line.length <= 130 && !line.trimEnd().includes('\n')) return line
  return `    ${keyCode(name)}: {\n${said.map((part) => `      ${part},\n`).join('')}    },\n`
}

/** A host's own vars; those that stand elsewhere in Ansible's inventory say why they stand here. */
function ownCode(own: ReadonlyMap<string, OwnValue>, code: SecretCode): string {
  if ([...own.values()].every(({ why }) => why === undefined))
    return codeOf(Object.fromEntries([...own].map(([name, { value }]) => [name, value])), code, 6)
  const lines = [...own].map(([name, { value, why }]) => {
    const comment = why === undefined ? '' : ` // ${why}`
    return `        ${keyCode(name)}: ${codeOf(value, code, 8)},${comment}\n`
  })
  return `{\n${lines.join('')}      }`
}

/** A typed inventory has one order of hosts; Ansible's groups have each their own. */
function orderNotes(model: InventoryModel): string[] {
  const order = [...model.hosts.keys()]
  const place = new Map(order.map((name, at) => [name, at]))
  const other = [...model.groups].filter(([, members]) =>
    members.some((host, at) => at > 0 && place.get(host)! < place.get(members[at - 1]!)!),
  )
  if (other.length === 0) return []
  return [
    `hosts of ${other.map(([name]) => name).join(', ')} come in the order of the inventory now, and no longer in one of the group's own`,
  ]
}

function droppedNotes(hosts: readonly HostRecord[]): string[] {
  const names = [...new Set(hosts.flatMap(({ vars }) => Object.keys(vars).filter(isConnectionVar)))].sort()
  return names.length === 0
    ? []
    : [`no vars any more, since they say how hosts are reached, or only something to Ansible: ${names.join(', ')}`]
}
