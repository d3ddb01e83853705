import { isIP, isIPv4 } from 'node:net'

/** Whether text is an IP address, of either version. */
export const isAddress = (text: string): boolean => isIP(text) !== 0

/** Both together as people and URLs write them: `[2001:db8::1]:22`. */
export const hostAndPort = (address: string, port: number): string => `${address.includes(':') ? `[${address}]` : address}:${port}`

/**
 * What `isIPv6` of node:net says, but of zones (`fe80::1%eth0`), which are none of an address that others use. That one compiles an
 * expression for 8 ms when it is first asked.
 */
export function isIPv6(text: string): boolean {
  const halves = text.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const ending = text.endsWith(':') ? undefined : groups.at(-1)
  const embedded = ending !== undefined && isIPv4(ending)
  const numbers = embedded ? groups.slice(0, -1) : groups
  const count = numbers.length + (embedded ? 2 : 0)
  return numbers.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) && (halves.length === 2 ? count < 8 : count === 8)
}
