import type { HostRecord } from '../model/inventory.ts'
import { parseProxyJump } from '../model/jump-spec.ts'
import type { Fail } from './wrong-inventory.ts'

/** Ties hosts to those of the same inventory that their `proxyJump` names. Other names are for `~/.ssh/config`, or plain addresses. */
export function withJumpHosts(records: ReadonlyMap<string, HostRecord>, fail: Fail): ReadonlyMap<string, HostRecord> {
  const jumps = new Map([...records].map(([name, record]) => [name, namedBy(record, records)] as const))
  if ([...jumps.values()].every((names) => names.length === 0)) return records
  for (const [name, names] of jumps) {
    for (const jump of names)
      if (records.get(jump)?.connection.type === 'local')
        fail({
          detail: `host '${name}' jumps over '${jump}', which is this machine`,
          fix: 'Leave proxyJump out where the host is reached from here.',
          keys: ['hosts', name, 'connection'],
        })
    const loop = loopFrom(name, jumps)
    if (loop)
      fail({
        detail: `proxyJump leads back to where it began: ${loop.join(' → ')}`,
        fix: `Say how '${name}' is reached without itself.`,
        keys: ['hosts', name, 'connection'],
      })
  }
  const tied = new Map<string, HostRecord>()
  const hostsOf = new Map<string, Map<string, HostRecord>>()
  for (const [name, record] of records) {
    const hosts = new Map<string, HostRecord>()
    hostsOf.set(name, hosts)
    tied.set(name, jumps.get(name)?.length ? { ...record, jumpHosts: hosts } : record)
  }
  for (const [name, names] of jumps) for (const jump of names) hostsOf.get(name)!.set(jump, tied.get(jump)!)
  return tied
}

function namedBy({ connection }: HostRecord, records: ReadonlyMap<string, HostRecord>): readonly string[] {
  if (connection.type !== 'ssh' || connection.proxyJump === undefined) return []
  const specs = connection.proxyJump === 'none' ? [] : (parseProxyJump(connection.proxyJump) ?? [])
  return [...new Set(specs.map(({ host }) => host))].filter((host) => records.has(host))
}

/** Of a chain only the first host goes its own way to itself; but one that stands in its own chain is never meant. */
function loopFrom(name: string, jumps: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const follow = (at: string, trail: readonly string[]): readonly string[] | undefined => {
    for (const next of jumps.get(at) ?? []) {
      if (next === name) return [...trail, next]
      if (trail.includes(next)) continue
      const found = follow(next, [...trail, next])
      if (found) return found
    }
    return undefined
  }
  return follow(name, [name])
}
