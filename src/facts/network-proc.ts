/** /proc/net/route prints addresses as one number in the host's own byte order. */
export type ByteOrder = 'little' | 'big'

/** One line of /proc/net/route; addresses still as printed there. */
export interface Route {
  readonly name: string
  readonly destination: string
  readonly gateway: string
  readonly up: boolean
  readonly viaGateway: boolean
  readonly metric: number
  readonly mask: string
}

/** `010200C0` of a little-endian host is 192.0.2.1. */
export function addressFromHex(hex: string, order: ByteOrder): string {
  const bytes = [...Buffer.from(hex, 'hex')]
  return (order === 'little' ? bytes.reverse() : bytes).join('.')
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
}

/** Length of a netmask; NaN for one with holes, which tells that the byte order was guessed wrong. */
export function prefixOf(mask: string, order: ByteOrder): number {
  const bits = numberOf(addressFromHex(mask, order)).toString(2).padStart(32, '0')
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : Number.NaN
}

/** Whether an IPv4 address lies in the network of another. */
export function contains(net: string, prefix: number, address: string): boolean {
  if (!address.includes('.') || !net.includes('.')) return false
  const size = 2 ** (32 - prefix)
  return Math.floor(numberOf(net) / size) === Math.floor(numberOf(address) / size)
}

/**
 * The kernel does not say its byte order on old releases, but only one makes sense: netmasks have no holes and a
 * gateway lies in a network of this host.
 */
export function byteOrderOf(
  routes: readonly Route[],
  subnets: readonly { readonly address: string; readonly prefix: number }[],
): ByteOrder {
  const fits = (order: ByteOrder): boolean =>
    routes.every(({ mask }) => !Number.isNaN(prefixOf(mask, order))) &&
    routes
      .filter(({ viaGateway }) => viaGateway)
      .every(
        ({ gateway }) => subnets.length === 0 || subnets.some((net) => contains(net.address, net.prefix, addressFromHex(gateway, order))),
      )
  return !fits('little') && fits('big') ? 'big' : 'little'
}

/** The 32 hexadecimal digits of /proc/net/if_inet6 as people write the address. */
export function expandHex6(hex: string): string {
  const groups = (hex.match(/.{4}/g) ?? []).join(':')
  return new URL(`http://[${groups}]/`).hostname.slice(1, -1)
}
