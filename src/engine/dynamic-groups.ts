import { Refusal } from '../dsl/definition.ts'
import type { PlayRecord } from '../dsl/playbook.ts'
import { type DynamicSet, isDynamic, showChoice } from '../model/host-set.ts'
import type { InventoryModel } from '../model/inventory.ts'
import { matchHosts } from '../model/match-hosts.ts'
import { orderHosts } from './order-hosts.ts'
import type { SelectedPlay } from './select.ts'

/** Groups that tasks fill in one run. */
export interface Groups {
  /** @throws Refusal for a host that the group takes none of. */
  readonly join: (host: string, group: DynamicSet) => void
  /** A play with the hosts that it has by now. */
  readonly settle: (selected: SelectedPlay) => SelectedPlay
}

/** Opens the groups of one run, all empty. */
export function openGroups(inventory: InventoryModel): Groups {
  const members = new Map<DynamicSet, Set<string>>()
  return {
    join: (host, group) => {
      if (!matchHosts(group.of[0], inventory, { by: showChoice(group) }).includes(host))
        throw new Refusal(
          `Group '${group.name}' does not take this host`,
          `It takes hosts of ${showChoice(group.of[0])}. Put the condition in when, or make the group of others: dynamicGroup('${group.name}', { of: … }).`,
        )
      members.set(group, (members.get(group) ?? new Set()).add(host))
    },
    settle: (selected) => {
      const { play, hosts } = selected
      if (!isDynamic(play.hosts)) return selected
      const now = new Set(hostsNow(play, inventory, members))
      return {
        ...selected,
        hosts: orderHosts(
          hosts.filter((host) => now.has(host)),
          play.order,
        ),
      }
    },
  }
}

function hostsNow(
  { hosts, name }: PlayRecord,
  inventory: InventoryModel,
  members: ReadonlyMap<DynamicSet, Set<string>>,
): readonly string[] {
  return matchHosts(hosts, inventory, {
    by: 'A play',
    where: `play '${name}'`,
    members: (group) => members.get(group) ?? new Set(),
  })
}
