import { isIP } from 'node:net'
import { groupTree } from '../../dsl/group-tree.ts'
import { withJumpHosts } from '../../dsl/jump-hosts.ts'
import { resolveConnection } from '../../dsl/resolve-connection.ts'
import type { ConnectionSettings, HostRecord, InventoryModel, NewHost, VarLevel } from '../../model/inventory.ts'
import { Secret } from '../../util/secret.ts'
import { connectionOf, type HostVar, holdsPassword } from './connection-vars.ts'
import { ancestorsOf, membersOf, type SourceGroup, type SourceWarning } from './inventory-data.ts'
import type { GivenVars, ReadSource } from './read-source.ts'
import { refused } from './refuse.ts'
import { ClearedValue, EncryptedValue, type GivenVar } from './values.ts'
import { sourceWarnings } from './warnings.ts'

/** Which vars hold the addresses of a host. */
export interface AddressVars {
  readonly privateIp: string
  readonly publicIp: string
}
export interface ModelTools {
  readonly addressVars: AddressVars
  /** The secret that stands for an encrypted value until it is unlocked. */
  readonly secretOf: (value: EncryptedValue) => Secret
}
/** An inventory of Ansible's as the engine sees it. */
export interface SourceModel {
  readonly model: InventoryModel
  readonly warnings: readonly SourceWarning[]
  /** What the secrets among its values were made of. */
  readonly origins: ReadonlyMap<Secret, EncryptedValue | ClearedValue | string>
}

/** Ansible's own, which an inventory cannot set. */
const internal = new Set(
  'ansible_diff_mode ansible_config_file ansible_facts ansible_forks ansible_inventory_sources ansible_limit ansible_playbook_python ansible_run_tags ansible_skip_tags ansible_verbosity ansible_version inventory_dir inventory_file inventory_hostname inventory_hostname_short groups group_names omit playbook_dir'.split(
    ' ',
  ),
)

/** Lays all vars over each other in Ansible's order, and says how hosts are reached. */
export function modelOf(read: ReadSource, path: string, { addressVars, secretOf }: ModelTools): SourceModel {
  const { groups, hosts } = read.data
  const origins = new Map<Secret, EncryptedValue | ClearedValue | string>()
  const plain = valueMaker(secretOf, origins)
  const order = membersOf(groups, 'all')
  const direct = directGroups(groups)
  const isGroup = (name: string) => name !== 'all' && (name !== 'ungrouped' || isRealGroup(groups.get(name)!))
  const records = new Map<string, HostRecord>()
  const reached = new Map<string, ReturnType<typeof connectionOf>>()
  /** A host of groups that name it, with what is said of it itself. */
  const hostOf = (name: string, own: readonly string[], itself: (lay: Lay) => void) => {
    const all = [...new Set([...own, ...own.flatMap((each) => [...ancestorsOf(groups, each)])])]
    const sorted = all.filter((each) => each !== 'all').sort(byRank(groups))
    const varLevels = new Map<string, VarLevel[]>()
    const counts = new Map<string, HostVar>()
    const add = (key: string, counting: HostVar, level: Omit<VarLevel, 'value'>) => {
      varLevels.set(key, [...(varLevels.get(key) ?? []), { ...level, value: counting.value }])
      counts.set(key, counting)
    }
    const lay: Lay = (vars, level) => {
      for (const [key, given] of vars ?? []) {
        if (internal.has(key)) continue
        add(key, { value: plain(key, given), at: given.at, templated: given.templated }, { ...level, at: given.at })
      }
    }
    // Files of vars lie over all that the inventory itself gives groups: so Ansible has it.
    lay(groups.get('all')!.vars, { level: 'all' })
    for (const group of sorted) lay(groups.get(group)!.vars, { level: 'group', group })
    lay(read.groupVars.get('all'), { level: 'all' })
    for (const group of sorted) lay(read.groupVars.get(group), { level: 'group', group })
    itself(lay)
    const way = connectionOf(name, counts)
    const address = (key: string): string | undefined => {
      const value = counts.get(key)?.value
      return typeof value === 'string' && isIP(value) !== 0 ? value : undefined
    }
    const [privateIp, publicIp] = [address(addressVars.privateIp), address(addressVars.publicIp)]
    const record: HostRecord = {
      name,
      groups: all.filter(isGroup),
      vars: Object.freeze(Object.fromEntries([...counts].map(([key, { value }]) => [key, value]))),
      varLevels,
      connection: way.connection,
      connectionLevels: new Map(
        [...way.setBy].flatMap(([setting, by]) => (setting in way.connection ? [[setting, varLevels.get(by)!]] : [])),
      ),
      ...(privateIp !== undefined && { privateIp }),
      ...(publicIp !== undefined && { publicIp }),
    }
    return { record, way }
  }
  for (const name of order) {
    const { record, way } = hostOf(name, direct.get(name) ?? [], (lay) => {
      lay(hosts.get(name)!.vars, { level: 'host' })
      lay(read.hostVars.get(name), { level: 'host' })
    })
    reached.set(name, way)
    records.set(name, record)
  }
  const known = ['all', ...[...groups.keys()].filter(isGroup)]
  const children = new Map(
    known.filter((name) => name !== 'all' && groups.get(name)!.children.size > 0).map((name) => [name, [...groups.get(name)!.children]]),
  )
  const model: InventoryModel = {
    hosts: withJumpHosts(records, ({ detail, fix }) => {
      throw refused(detail, fix, { file: path, line: 1 })
    }),
    groups: new Map(known.map((name) => [name, membersOf(groups, name)])),
    ...(children.size > 0 && { children }),
    resolve: (name, host) => withOwn(hostOf(name, host.groups, () => {}).record, host),
    at: { file: path, line: 1 },
  }
  return { model, origins, warnings: [...read.data.warnings, ...sourceWarnings(read, model, reached)] }
}

/** Of one level nothing stands against anything. */
const alone = groupTree({}, () => {
  throw new Error('no group, and yet a wrong one')
})

type Lay = (vars: GivenVars | undefined, level: Pick<VarLevel, 'level' | 'group'>) => void

/** A host that a task adds: what its groups say, and over that what the task says. */
function withOwn(record: HostRecord, { vars = {}, connection, privateIp, publicIp }: NewHost): HostRecord {
  const varLevels = new Map(record.varLevels)
  for (const [name, value] of Object.entries(vars)) varLevels.set(name, [...(varLevels.get(name) ?? []), { level: 'host', value }])
  return {
    ...record,
    vars: Object.freeze({ ...record.vars, ...vars }),
    varLevels,
    connection: connection === undefined ? record.connection : overConnection(record.connection, connection),
    ...(privateIp !== undefined && { privateIp }),
    ...(publicIp !== undefined && { publicIp }),
  }
}

/** Setting by setting within one type, as typed inventories have it. */
function overConnection(below: ConnectionSettings, given: NonNullable<NewHost['connection']>): ConnectionSettings {
  const own = given === 'local' ? { type: 'local' as const } : given
  return below.type === own.type
    ? ({ ...below, ...own } as ConnectionSettings)
    : resolveConnection([{ level: 'host', connection: own }], alone, () => {}).connection
}

/** The groups that name a host themselves, in the order of the groups. */
function directGroups(groups: ReadonlyMap<string, SourceGroup>): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const { name, hosts } of groups.values()) for (const host of hosts) found.set(host, [...(found.get(host) ?? []), name])
  return found
}

/** `ungrouped` is what is in no group, unless somebody made a group of it. */
function isRealGroup({ children, parents }: SourceGroup): boolean {
  return children.size > 0 || parents.size > 1
}

function byRank(groups: ReadonlyMap<string, SourceGroup>) {
  return (left: string, right: string) => {
    const [a, b] = [groups.get(left)!, groups.get(right)!]
    return a.depth - b.depth || a.priority - b.priority || (left < right ? -1 : 1)
  }
}

/** Makes values of what files hold: encrypted ones become secrets, each once, and passwords in clear as well. */
function valueMaker(secretOf: ModelTools['secretOf'], origins: Map<Secret, EncryptedValue | ClearedValue | string>) {
  const made = new Map<unknown, unknown>()
  const keep = (secret: Secret, origin: EncryptedValue | ClearedValue | string) => {
    origins.set(secret, origin)
    return secret
  }
  const convert = (value: unknown): unknown => {
    if (value instanceof EncryptedValue) return keep(secretOf(value), value)
    if (value instanceof ClearedValue) return keep(new Secret(value.text), value)
    if (Array.isArray(value)) return value.map(convert)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, convert(each)]))
  }
  return (name: string, given: GivenVar): unknown => {
    const known = made.get(given)
    if (known !== undefined) return known
    const { value } = given
    const isPassword = holdsPassword(name) && !given.templated && (typeof value === 'string' || typeof value === 'number') && value !== ''
    const result = isPassword ? keep(new Secret(String(value)), String(value)) : convert(value)
    made.set(given, result)
    return result
  }
}
