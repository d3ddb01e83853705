import { Refusal } from '../dsl/definition.ts'
import { type DynamicSet, isDynamic, setsIn, showChoice } from '../model/host-set.ts'
import { matchHosts } from '../model/match-hosts.ts'
import { orderHosts } from './order-hosts.ts'
import type { Roster } from './roster.ts'
import { factsScopeOf, type SelectedPlay, type Selection } from './select.ts'

/** Groups that tasks fill in one run. */
export interface Groups {
  /** @throws Refusal for a host that the group takes none of. */
  readonly join: (host: string, group: DynamicSet) => void
  /** A play with the hosts that it has by now, and the facts scope that these make; the same where nothing is new. */
  readonly settle: (selected: SelectedPlay) => SelectedPlay
  /** Added hosts that the play names, and that the limit leaves out. */
  readonly leftOut: (selected: SelectedPlay) => readonly string[]
}

/** Opens the groups of one run, all empty. */
export function openGroups(roster: Roster, leaves: Selection['leaves']): Groups {
  const joined = new Map<DynamicSet, Set<string>>()
  /** New hosts that a play means: those that sources told, those of the new hosts that it names, and whom tasks put into a group that it names. */
  const meant = ({ play }: SelectedPlay): readonly string[] => {
    const { added, isNew } = roster
    const named = new Set(setsIn(play.hosts).flatMap((set) => (set.kind === 'new' ? roster.members(set) : [...(joined.get(set) ?? [])])))
    // Of whom a dynamic group holds `hostsNow` knows already; an added host is in a play that names it only.
    return hostsNow(play).filter((host) => isNew(host) && (!added.has(host) || named.has(host)))
  }
  const hostsNow = ({ hosts, name }: SelectedPlay['play']) =>
    matchHosts(hosts, roster.named, {
      by: 'A play',
      where: `play '${name}'`,
      members: (group) => joined.get(group) ?? new Set(),
      added: roster.members,
    }).filter((host) => roster.inventory.hosts.has(host))
  const grown = () => roster.added.size > 0 || roster.renewed
  const allowed = () => leaves?.(roster) ?? new Set([...roster.inventory.hosts.keys()].filter(roster.isNew))
  return {
    join: (host, group) => {
      if (!matchHosts(group.of[0], roster.inventory, { by: showChoice(group), added: roster.members }).includes(host))
        throw new Refusal(
          `Group '${group.name}' does not take this host`,
          `It takes hosts of ${showChoice(group.of[0])}. Put the condition in when, or make the group of others: dynamicGroup('${group.name}', { of: … }).`,
        )
      joined.set(group, (joined.get(group) ?? new Set()).add(host))
    },
    settle: (selected) => {
      const { play } = selected
      const { inventory } = roster
      if (!isDynamic(play.hosts) && !roster.renewed) {
        if (!grown()) return selected
        return { ...selected, factsOf: factsScopeOf(play, selected.hosts, inventory) }
      }
      const mine = new Set([...selected.hosts, ...(grown() ? common(meant(selected), allowed()) : [])])
      const hosts = orderHosts(
        hostsNow(play).filter((host) => mine.has(host)),
        play.order,
      )
      return { ...selected, hosts, ...(grown() && { factsOf: factsScopeOf(play, hosts, inventory) }) }
    },
    leftOut: (selected) => {
      if (!grown()) return []
      const within = allowed()
      return meant(selected).filter((host) => !within.has(host))
    },
  }
}

const common = (hosts: readonly string[], of: ReadonlySet<string>) => hosts.filter((host) => of.has(host))
