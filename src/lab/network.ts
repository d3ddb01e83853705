import { isIPv4 } from 'node:net'
import { RollcallError } from '../model/errors.ts'
import type { LabHost } from './types.ts'

const hostName = /^(?=.{1,64}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/

function refuse(detail: string, fix: string): never {
  throw new RollcallError({ summary: 'The lab cannot have these hosts', detail, fix })
}

/** The first three numbers of the hosts' addresses. The lab is one /24, and its .1 is the controller and the package repository. */
export function subnetOf(hosts: readonly LabHost[]): string {
  const first = hosts[0]
  if (first === undefined) refuse('no host of the inventory has `connection: lab()`', 'Give at least one host that connection.')
  const subnet = first.address.split('.').slice(0, 3).join('.')
  const seen = new Map<string, string>()
  for (const { name, address } of hosts) {
    if (!hostName.test(name)) refuse(`'${name}' is no host name`, 'Use letters, digits, dots and hyphens.')
    if (!isIPv4(address)) refuse(`${name} has the address '${address}'`, 'Give it an IPv4 address.')
    if (!address.startsWith(`${subnet}.`))
      refuse(`${name} has ${address}, ${first.name} has ${first.address}`, 'Give all lab hosts addresses of one /24.')
    if (/\.(0|1|255)$/.test(address)) refuse(`${name} has ${address}`, `Use ${subnet}.2 to ${subnet}.254: .1 is the controller.`)
    for (const key of [name, address]) {
      const other = seen.get(key)
      if (other !== undefined)
        refuse(`${key} stands for two hosts, ${other} and ${name}`, 'Give each host a name and an address of its own.')
      seen.set(key, name)
    }
  }
  return subnet
}
