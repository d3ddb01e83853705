import { factsView } from '../facts/guard.ts'
import { summarise } from '../facts/knowledge.ts'
import { RollcallError } from '../model/errors.ts'
import type { Facts, HostKnowledge } from '../model/facts.ts'
import type { DeclaredHost, Fleet, FleetGroup, FleetHost, KnownHost, TargetGroup, Targets } from '../model/fleet.ts'
import { type Guard, makeFleetGroup, makeTargetGroup } from '../model/host-groups.ts'
import type { HostRecord, InventoryModel } from '../model/inventory.ts'
import { suggest } from '../util/suggest.ts'

/** What the closures of a play may know: the scope it declared, and what is known of each host in it. */
export interface KnowledgeScope {
  readonly play: string
  readonly families: readonly string[]
  readonly hosts: ReadonlySet<string>
  readonly of: string
  readonly knowledge: ReadonlyMap<string, HostKnowledge>
  /** False where no host is asked (`explain`). */
  readonly asked?: boolean
}

/** The declared part of a host, frozen. */
export function declaredHost(record: HostRecord): DeclaredHost {
  const { name, groups, vars, privateIp, publicIp } = record
  return Object.freeze({ name, groups, vars, privateIp, publicIp })
}

/** Facts of a host as closures read them: a fact that is not known fails, by name, when it is read. */
export function factsOf(name: string, scope: KnowledgeScope): Facts {
  return factsView(knowledgeIn(name, scope), scope.families, {
    play: scope.play,
    inScope: scope.hosts.has(name),
    asked: scope.asked ?? true,
  })
}

/** What is known of a host within a scope: nothing, with the reason, of one that stands outside. */
export function knowledgeIn(name: string, scope: KnowledgeScope): HostKnowledge {
  if (!scope.hosts.has(name))
    return {
      host: name,
      contact: 'notAsked',
      families: {},
      reason: `it is outside the facts scope of play '${scope.play}' (facts: { of: '${scope.of}' })`,
    }
  return scope.knowledge.get(name) ?? { host: name, contact: 'notAsked', families: {}, reason: 'it was not asked' }
}

/** The whole fleet as closures of a play see it. Every host is in it, also one that is down. */
export function openFleet(inventory: InventoryModel, scope: KnowledgeScope): Fleet {
  const members = new Map([...inventory.hosts.values()].map((record) => [record.name, memberOf(record, scope)]))
  const guard = guardOf(scope)
  const all = [...members.values()]
  // One group a name: each closure of each host asks for it, and what is alike can then be known to be the same.
  const groups = new Map<string, FleetGroup>()
  const make = (hosts: readonly FleetHost[], of: string, chosen: string, more: object = {}): FleetGroup =>
    makeFleetGroup(hosts, of, all.length, guard, {
      where: (condition: (host: DeclaredHost) => boolean) =>
        make(
          hosts.filter(({ name }) => condition(declaredHost(inventory.hosts.get(name)!))),
          chosen,
          chosen,
        ),
      ...more,
    })
  return make(all, 'group all', 'hosts chosen by fleet.where', {
    group: (name: string) => {
      const group =
        groups.get(name) ?? make(groupMembers(name, inventory, members), `group ${name}`, `hosts of group ${name} chosen by where`)
      groups.set(name, group)
      return group
    },
    host: (name: string) => hostMember(name, members),
  }) as unknown as Fleet
}

/** The targets as closures of a play see them. Nothing of it fits a template. */
export function openTargets(inventory: InventoryModel, names: readonly string[], scope: KnowledgeScope): Targets {
  const chosen = new Set(names)
  const members = new Map(
    [...inventory.hosts.values()].filter(({ name }) => chosen.has(name)).map((record) => [record.name, memberOf(record, scope)]),
  )
  const guard = guardOf(scope)
  const all = [...members.values()]
  const groups = new Map<string, TargetGroup>()
  return makeTargetGroup(all, guard, {
    group: (name: string) => {
      const group = groups.get(name) ?? makeTargetGroup(groupMembers(name, inventory, members), guard)
      groups.set(name, group)
      return group
    },
    host: (name: string) => hostMember(name, members),
    includes: (name: string) => chosen.has(name),
  }) as unknown as Targets
}

/** A host whose facts, where unknown, fail by name when they are read. */
function guardOf(scope: KnowledgeScope): Guard {
  return (host) => {
    if (host.known) return host
    const { reason: _, ...declared } = host
    return Object.freeze({
      ...declared,
      known: true,
      facts: factsOf(host.name, scope),
      origin: 'declared',
      ageSeconds: 0,
    }) as KnownHost<FleetHost>
  }
}

function memberOf(record: HostRecord, scope: KnowledgeScope): FleetHost {
  const knowledge = knowledgeIn(record.name, scope)
  const { origin, ageSeconds } = summarise(knowledge, scope.families)
  const declared = declaredHost(record)
  if (origin === 'none') return Object.freeze({ ...declared, known: false, reason: knowledge.reason ?? 'it was not asked' })
  return Object.freeze({ ...declared, known: true, facts: factsOf(record.name, scope), origin, ageSeconds }) as FleetHost
}

function groupMembers(name: string, inventory: InventoryModel, members: ReadonlyMap<string, FleetHost>): FleetHost[] {
  const names = inventory.groups.get(name)
  if (!names) throw unknownName('group', name, [...inventory.groups.keys()])
  return names.flatMap((host) => members.get(host) ?? [])
}

function hostMember(name: string, members: ReadonlyMap<string, FleetHost>): FleetHost {
  const member = members.get(name)
  if (!member) throw unknownName('host', name, [...members.keys()])
  return member
}

function unknownName(what: string, name: string, known: readonly string[]): RollcallError {
  const meant = suggest(name, known)
  return new RollcallError({
    summary: `There is no such ${what}`,
    detail: `'${name}'`,
    fix: meant ? `Did you mean '${meant}'?` : `There are: ${known.join(', ')}.`,
  })
}
