import type { SourceLine } from '../../model/errors.ts'
import { refused } from './refuse.ts'
import type { GivenVar } from './values.ts'

export interface SourceGroup {
  readonly name: string
  /** Where it is named first. */
  readonly at: SourceLine
  /** How far below `all`; what is deeper wins. */
  depth: number
  /** `ansible_group_priority`: among groups of one depth. */
  priority: number
  /** Hosts that are in it by themselves. */
  readonly hosts: Set<string>
  readonly children: Set<string>
  readonly parents: Set<string>
  readonly vars: Map<string, GivenVar>
}
export interface SourceHost {
  readonly name: string
  /** Where it is named first. */
  readonly at: SourceLine
  readonly vars: Map<string, GivenVar>
}
/** Something that is allowed, and probably not meant or not done. */
export interface SourceWarning {
  /** One sentence without a full stop. */
  readonly message: string
  readonly fix: string
  readonly at: SourceLine
}

/** What sources add up to. It does what Ansible's `InventoryData` does, in the same order. */
export interface InventoryData {
  readonly groups: ReadonlyMap<string, SourceGroup>
  readonly hosts: ReadonlyMap<string, SourceHost>
  readonly warnings: SourceWarning[]
  /** @throws RollcallError for a name that cannot be a group's. */
  readonly addGroup: (name: string, at: SourceLine) => void
  readonly addHost: (name: string, group: string | undefined, at: SourceLine, port?: number) => void
  /** @throws RollcallError where a group would be below itself. */
  readonly addChild: (group: string, child: string, at: SourceLine) => void
  /** Sets a var of a group, or of a host where no group has the name. */
  readonly setVar: (owner: string, name: string, given: GivenVar) => void
  /** Puts all groups below `all`, and hosts of no group into `ungrouped`. */
  readonly settle: (at: SourceLine) => void
}

export function inventoryData(): InventoryData {
  const groups = new Map<string, SourceGroup>()
  const hosts = new Map<string, SourceHost>()
  const warnings: SourceWarning[] = []

  const addGroup = (name: string, at: SourceLine) => {
    if (name === '') throw refused('a group has no name', 'Give it one.', at)
    if (groups.has(name)) return
    groups.set(name, {
      name,
      at,
      depth: 0,
      priority: 1,
      hosts: new Set(),
      children: new Set(),
      parents: new Set(),
      vars: new Map(),
    })
  }
  const addHost = (name: string, group: string | undefined, at: SourceLine, port?: number) => {
    if (!hosts.has(name)) {
      if (!usable.test(name))
        throw refused(`'${name}' cannot be a host name`, 'Use letters, digits, dots, dashes, underscores and colons.', at)
      hosts.set(name, { name, at, vars: new Map() })
      if (port !== undefined) hosts.get(name)!.vars.set('ansible_port', { value: port, at, templated: false, odd: [] })
    }
    if (group !== undefined) groups.get(group)!.hosts.add(name)
  }
  const addChild = (name: string, child: string, at: SourceLine) => {
    const [group, below] = [groups.get(name)!, groups.get(child)!]
    if (group === below || ancestorsOf(groups, name).has(child))
      throw refused(`group '${child}' would be below itself: it is a child of '${name}'`, 'Take it out of one of the two.', at)
    if (group.children.has(child)) return
    group.children.add(child)
    below.depth = Math.max(group.depth + 1, below.depth)
    deepen(groups, below)
    below.parents.add(name)
  }
  const setVar = (owner: string, name: string, given: GivenVar) => {
    const group = groups.get(owner)
    if (group && name === 'ansible_group_priority') {
      const priority = wholeNumber(given.value)
      if (priority === undefined)
        throw refused(`ansible_group_priority of group '${owner}' is no whole number`, 'Give it one: a higher one wins.', given.at)
      group.priority = priority
    } else (group ?? hosts.get(owner)!).vars.set(name, given)
  }
  const settle = (at: SourceLine) => {
    for (const name of [...groups.keys()]) if (name !== 'all' && groups.get(name)!.parents.size === 0) addChild('all', name, at)
    const ungrouped = groups.get('ungrouped')!
    for (const host of hosts.keys()) {
      const own = groupsOf(groups, host)
      const others = [...own].filter((name) => name !== 'all' && name !== 'ungrouped')
      if (own.has('ungrouped')) {
        if (others.length > 0) ungrouped.hosts.delete(host)
      } else if (others.length > 0) continue
      else if (groups.has(host))
        addChild('ungrouped', host, at) // Ansible looks for a group of the name first.
      else ungrouped.hosts.add(host)
    }
  }

  const nowhere = { file: '', line: 1 }
  addGroup('all', nowhere)
  addGroup('ungrouped', nowhere)
  addChild('all', 'ungrouped', nowhere)
  return { groups, hosts, warnings, addGroup, addHost, addChild, setVar, settle }
}

/** Names go into patterns, paths and commands; of these characters none means anything there. */
const usable = /^[\p{L}\p{N}_][\p{L}\p{N}_.:%-]*$/u

/** As Python's `int()` takes it. */
function wholeNumber(value: unknown): number | undefined {
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : undefined
  return typeof value === 'string' && /^\s*[-+]?\d+\s*$/.test(value) ? Number(value) : undefined
}

type Groups = ReadonlyMap<string, SourceGroup>

/** Depth is only ever raised, and only below what was raised, as Ansible does it. */
function deepen(groups: Groups, from: SourceGroup): void {
  let depth = from.depth
  let below = new Set(from.children)
  while (below.size > 0) {
    depth += 1
    const next = new Set<string>()
    for (const name of below) {
      const group = groups.get(name)!
      if (group.depth >= depth) continue
      group.depth = depth
      for (const child of group.children) next.add(child)
    }
    below = next
  }
}

/** All groups that a group is in, at any depth, near ones first. */
export function ancestorsOf(groups: Groups, name: string): ReadonlySet<string> {
  const found = new Set<string>()
  for (
    let level = [...groups.get(name)!.parents];
    level.length > 0;
    level = level.flatMap((each) => [...groups.get(each)!.parents]).filter((each) => !found.has(each))
  )
    for (const each of level) found.add(each)
  return found
}

/** All groups that a host is in: those that name it, then those above them. */
export function groupsOf(groups: Groups, host: string): ReadonlySet<string> {
  const direct = [...groups.values()].filter((group) => group.hosts.has(host)).map(({ name }) => name)
  return new Set([...direct, ...direct.flatMap((name) => [...ancestorsOf(groups, name)])])
}

/** The hosts of a group in Ansible's order: its own, then level by level those of the groups below it. */
export function membersOf(groups: Groups, name: string): readonly string[] {
  const found = new Set<string>()
  const seen = new Set<string>()
  let level: readonly string[] = [name]
  while (level.length > 0) {
    for (const each of level) seen.add(each)
    for (const each of level) for (const host of groups.get(each)!.hosts) found.add(host)
    level = [...new Set(level.flatMap((each) => [...groups.get(each)!.children]))].filter((each) => !seen.has(each))
  }
  return [...found]
}
