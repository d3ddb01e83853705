import { BlockList, isIP } from 'node:net'

/** What an address is for, as far as a mistake can be told by it. `invalid`: it is no address at all. */
export type AddressKind = 'private' | 'documentation' | 'loopback' | 'public' | 'invalid'

const ranges: readonly (readonly [kind: Exclude<AddressKind, 'public' | 'invalid'>, network: string, prefix: number])[] = [
  ['documentation', '192.0.2.0', 24],
  ['documentation', '198.51.100.0', 24],
  ['documentation', '203.0.113.0', 24],
  ['documentation', '2001:db8::', 32],
  ['documentation', '3fff::', 20],
  ['private', '10.0.0.0', 8],
  ['private', '172.16.0.0', 12],
  ['private', '192.168.0.0', 16],
  // Shared address space, of which overlay networks make use, and link-local addresses.
  ['private', '100.64.0.0', 10],
  ['private', '169.254.0.0', 16],
  ['private', 'fc00::', 7],
  ['private', 'fe80::', 10],
  ['loopback', '127.0.0.0', 8],
  ['loopback', '::1', 128],
]
const lists = ranges.map(([kind, network, prefix]) => {
  const list = new BlockList()
  list.addSubnet(network, prefix, network.includes(':') ? 'ipv6' : 'ipv4')
  return { kind, list }
})

/** Tells which range an address is of. */
export function addressKind(address: string): AddressKind {
  const version = isIP(address)
  if (version === 0) return 'invalid'
  return lists.find(({ list }) => list.check(address, version === 6 ? 'ipv6' : 'ipv4'))?.kind ?? 'public'
}
