import { isIP } from 'node:net'
import type { HostRecord, InventoryModel } from './model/inventory.ts'
import { addressKind } from './util/addresses.ts'

/** Something in an inventory that is allowed and probably not meant. */
export interface InventoryWarning {
  /** One sentence without a full stop. */
  readonly message: string
  readonly fix: string
  /** The keys that lead to it in the inventory's file. */
  readonly keys: readonly string[]
}

/** What a reader of an inventory would want to be told of. Pure: contacts nothing. */
export function inventoryWarnings(model: InventoryModel): readonly InventoryWarning[] {
  const hosts = [...model.hosts.values()]
  return [
    ...hosts.flatMap(addressWarnings),
    ...hosts.flatMap(reachWarnings),
    ...duplicates(hosts, 'privateIp', ({ privateIp }) => privateIp),
    ...duplicates(hosts, 'connection', endpoint),
    ...emptyGroups(model),
  ]
}

/** Where SSH to a host would go; undefined for other connections, and where only its name is known. */
function endpoint({ connection, publicIp, privateIp }: HostRecord): string | undefined {
  if (connection.type !== 'ssh') return undefined
  const address = connection.address ?? publicIp ?? privateIp
  return address === undefined ? undefined : `${address} port ${connection.port ?? 22}`
}

function addressWarnings({ name, privateIp, publicIp, connection }: HostRecord): InventoryWarning[] {
  const warnings: InventoryWarning[] = []
  const warn = (key: string, message: string, fix: string) => warnings.push({ message, fix, keys: ['hosts', name, key] })
  // An address that stands twice on one host is told of once.
  const address = connection.type === 'ssh' && connection.address !== publicIp ? connection.address : undefined
  const declared = { privateIp, publicIp, address }
  for (const [key, value] of Object.entries(declared)) {
    if (value === undefined) continue
    const where = key === 'address' ? 'connection' : key
    const kind = addressKind(value)
    if (kind === 'documentation')
      warn(where, `${name} has the ${key} ${value}, which stands in documentation only`, 'Put the address of the host in its place.')
    // Where SSH goes may be a name, and this machine itself.
    else if (key === 'address') continue
    else if (kind === 'invalid') warn(where, `the ${key} '${value}' of ${name} is no IP address`, 'Give it one, or leave it out.')
    else if (kind === 'loopback')
      warn(where, `the ${key} ${value} of ${name} is each host's own`, 'Give it the address by which other hosts reach it.')
    else if (key === 'privateIp' && kind === 'public')
      warn(
        where,
        `the privateIp ${value} of ${name} is of no private range`,
        'If it is right, hosts talk over the public network; else correct it.',
      )
    else if (key === 'publicIp' && kind === 'private')
      warn(where, `the publicIp ${value} of ${name} is of a private range`, 'Correct it, or declare it as privateIp.')
  }
  return warnings
}

function reachWarnings(host: HostRecord): InventoryWarning[] {
  const { name, connection } = host
  if (connection.type !== 'ssh' || endpoint(host) !== undefined || isIP(name) !== 0) return []
  return [
    {
      message: `${name} has no address: SSH will look for the name itself, in ~/.ssh/config and by DNS`,
      fix: `If that is not meant, give it one: '${name}': { publicIp: '…' }`,
      keys: ['hosts', name],
    },
  ]
}

function duplicates(hosts: readonly HostRecord[], key: string, of: (host: HostRecord) => string | undefined): InventoryWarning[] {
  const seen = new Map<string, string>()
  return hosts.flatMap((host) => {
    const address = of(host)
    if (address === undefined) return []
    const first = seen.get(address)
    seen.set(address, first ?? host.name)
    if (first === undefined) return []
    const what = key === 'privateIp' ? `the privateIp ${address}` : `SSH at ${address}`
    return [
      {
        message: `${first} and ${host.name} have the same address: ${what}`,
        fix: 'Two names of one host would be changed twice in one run. Correct one of them.',
        keys: ['hosts', host.name, key],
      },
    ]
  })
}

function emptyGroups({ groups }: InventoryModel): InventoryWarning[] {
  return [...groups].flatMap(([group, members]) =>
    members.length > 0 ? [] : [{ message: `group ${group} has no host`, fix: `Put hosts into it, or remove it.`, keys: ['groups', group] }],
  )
}
