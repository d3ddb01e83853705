import type { FleetGroup, FleetHost, KnownHost, TargetGroup } from './fleet.ts'

/** Which hosts a template was handed, of how many the fleet has. */
export interface GroupSeen {
  readonly input: string
  /** `group cluster`, or `hosts chosen by fleet.where`. */
  readonly of: string
  readonly hosts: readonly string[]
  readonly fleetSize: number
}

interface Origin {
  readonly of: string
  readonly hosts: readonly string[]
  readonly fleetSize: number
}
/** Groups of the fleet that the engine itself made. A WeakMap, since nothing else can enter what is not exported. */
const genuine = new WeakMap<object, Origin>()

/** Whether the engine made this as a group of the fleet. */
export function isFleetGroup(value: unknown): value is FleetGroup {
  return typeof value === 'object' && value !== null && genuine.has(value)
}

/** Which hosts a genuine fleet group holds. */
export function groupSeen(group: FleetGroup, input: string): GroupSeen {
  const origin = genuine.get(group)
  if (!origin) throw new TypeError('not a group of the fleet')
  return { input, ...origin }
}

/** Turns a host whose facts are missing into one whose facts fail, by name, when they are read. */
export type Guard = (host: FleetHost) => KnownHost<FleetHost>

function groupOf<G extends FleetGroup | TargetGroup>(hosts: readonly FleetHost[], guard: Guard, more: object): G {
  return Object.freeze({
    ...more,
    names: Object.freeze(hosts.map((host) => host.name)),
    size: hosts.length,
    map: <R>(each: (host: FleetHost, index: number) => R) => hosts.map((host, index) => each(host, index)),
    filter: (keep: (host: FleetHost) => boolean) => hosts.filter((host) => keep(host)),
    withFacts: () => hosts.map(guard),
    [Symbol.iterator]: () => hosts[Symbol.iterator](),
  }) as unknown as G
}

/** Makes a genuine group of the fleet. Only the engine calls it, with every host of the group; `more` are members besides. */
export function makeFleetGroup(hosts: readonly FleetHost[], of: string, fleetSize: number, guard: Guard, more: object = {}): FleetGroup {
  const group = groupOf<FleetGroup>(hosts, guard, more)
  genuine.set(group, { of, hosts: group.names, fleetSize })
  return group
}

/** Makes a group of the targets, which no template accepts. */
export function makeTargetGroup(hosts: readonly FleetHost[], guard: Guard, more: object = {}): TargetGroup {
  return groupOf<TargetGroup>(hosts, guard, more)
}
