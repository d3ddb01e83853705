import { callerLine } from '../util/caller.ts'
import type { CheckedGroups, CheckedHosts, GroupDefinitions, HostDefinitions, Joined } from './inventory-types.ts'
import { wrongInventory } from './wrong-inventory.ts'

/** Groups that stand in a file of their own. Checked where they stand, as `groups` of `defineInventory` are. */
export function defineGroups<const G extends GroupDefinitions>(groups: G & CheckedGroups<G>): G {
  return groups
}

/**
 * Hosts that stand in a file of their own, and the groups that they are in. A wrong group or var is an error there.
 *
 * @example export const eu = defineHosts(groups, { 'web-eu-1': { groups: ['web'], privateIp: '10.1.0.1' } })
 */
export function defineHosts<const G extends GroupDefinitions, const H extends HostDefinitions<G>>(
  _groups: G,
  hosts: H & CheckedHosts<G, H>,
): H {
  return hosts
}

/**
 * Hosts of several files as `hosts` of one inventory: `joinHosts(eu, us)`.
 * @throws RollcallError for a host that is in two of them, and names both places. A spread would keep the last in silence.
 */
export function joinHosts<const P extends readonly object[]>(...pieces: P): Joined<P> {
  return join('joinHosts', 'host', pieces) as Joined<P>
}

/**
 * Groups of several files as `groups` of one inventory.
 * @throws RollcallError for a group that is in two of them, and names both places.
 */
export function joinGroups<const P extends readonly object[]>(...pieces: P): Joined<P> {
  return join('joinGroups', 'group', pieces) as Joined<P>
}

function join(call: 'joinHosts' | 'joinGroups', what: string, pieces: readonly object[]): object {
  const at = callerLine()
  const from = new Map<string, number>()
  for (const [piece, names] of pieces.entries())
    for (const name of Object.keys(names)) {
      const first = from.get(name)
      if (first !== undefined)
        throw wrongInventory(
          {
            detail: `${what} '${name}' is declared twice`,
            fix: 'Remove one of them, or rename it.',
            keys: [piece, name],
            other: [first, name],
          },
          { call, at },
        )
      from.set(name, piece)
    }
  return Object.assign({}, ...pieces)
}
