import { isAddress } from '../util/ip-address.ts'
import type { GroupDefinition, HostDefinition } from './inventory-types.ts'
import type { Fail, Keys } from './wrong-inventory.ts'

/** Letters, digits, dots and dashes: what a name server and a certificate know. */
const nameOfHost = /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/

/** Refuses what can be no address of a host, before SSH says so in words of its own. */
export function checkAddresses(name: string, host: HostDefinition, fail: Fail): void {
  for (const key of ['privateIp', 'publicIp'] as const) {
    const given: unknown = host[key]
    if (given === undefined || (typeof given === 'string' && isAddress(given))) continue
    fail({ detail: `the ${key} '${String(given)}' of host '${name}' is no IP address`, fix: fixOf(given, key), keys: ['hosts', name, key] })
  }
  checkConnection(`host '${name}'`, host, ['hosts', name, 'connection'], fail)
}

/** The same of settings that a host or a group gives. */
export function checkConnection(what: string, { connection }: HostDefinition | GroupDefinition, keys: Keys, fail: Fail): void {
  if (connection === undefined || connection === 'local' || connection.type !== 'ssh') return
  const { address, port }: { readonly address?: unknown; readonly port?: unknown } = connection
  if (port !== undefined && !(Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65_535))
    fail({
      detail: `the port ${JSON.stringify(port)} of ${what} is none`,
      fix: 'A port is a whole number from 1 to 65535.',
      keys: [...keys, 'port'],
    })
  if (address !== undefined && !(typeof address === 'string' && (nameOfHost.test(address) || isAddress(address))))
    fail({
      detail: `the address '${String(address)}' of ${what} is neither an IP address nor the name of a host`,
      fix: fixOf(address, 'address'),
      keys: [...keys, 'address'],
    })
}

/** What is written in other places together with an address has a setting of its own here. */
function fixOf(given: unknown, key: string): string {
  const text = String(given)
  const address = (part: string | undefined) => part !== undefined && (isAddress(part) || (key === 'address' && nameOfHost.test(part)))
  const user = /^([^@\s]+)@(.+)$/.exec(text)
  if (user && address(user[2])) return `The user has a setting of its own: ${key}: '${user[2]}', and in ssh(…) user: '${user[1]}'`
  const port = /^\[?(.*?)\]?:(\d+)$/.exec(text)
  if (port && address(port[1])) return `The port has a setting of its own: ${key}: '${port[1]}', and in ssh(…) port: ${port[2]}`
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? /^(.*)\/\d+$/.exec(text)?.[1]
  if (bare !== undefined && address(bare)) return `Write the address alone: ${key}: '${bare}'`
  return key === 'address'
    ? 'Give it an address or a name that it has in DNS.'
    : 'Give it one, or leave it out. A name to connect to is address of ssh(…).'
}
