import { type Desk, entryOf, halfOf } from './definition.ts'
import type { Plain } from './effects.ts'
import { freeName, knownTarget, type Plan, refuse } from './plan.ts'
import type { Edit } from './request.ts'
import { renameKey, renameWord, wordsOf } from './steps.ts'

type Rename = Extract<Edit, { verb: 'rename' }>

export function renameHost(desk: Desk, { name, to, force }: Rename): Plan {
  knownTarget(desk.model, name)
  freeName(desk.model, to)
  renameKey(desk, 'hosts', name, to)
  const named = (each: string) => (each === name ? to : each)
  return {
    done: `${name} is ${to} now`,
    kept: (before) => ({
      ...before,
      order: before.order.map(named),
      hosts: keys(before.hosts, named, (record, host) => (host === name ? { ...record, name: to } : record)),
      groups: keys(before.groups, String, (hosts) => hosts.map(named)),
    }),
    may: () => false,
    missed: () => undefined,
    gone: name,
    force,
    notes: ['what is remembered of its facts goes by the old name, and is asked for anew'],
  }
}

/** The group's own line, and each list of groups or children that names it. */
export function renameGroup(desk: Desk, { name, to, force }: Rename): Plan {
  if (name === 'all') refuse('all keeps its name', 'every host is in it', 'Rename another group.')
  freeName(desk.model, to)
  const { hosts, children } = desk.model
  for (const [half, setting, has] of [
    ['hosts', 'groups', (each: string) => hosts.get(each)?.groups.includes(name)],
    ['groups', 'children', (each: string) => children?.get(each)?.includes(name)],
  ] as const)
    for (const each of halfOf(desk, half).entries.map((entry) => entry.name)) {
      if (!has(each)) continue
      const { definition } = entryOf(desk, half, each)
      // A host may be in it by a group below.
      if (wordsOf(desk, definition, setting, each)?.includes(name)) renameWord(desk, definition, setting, name, to, each)
    }
  renameKey(desk, 'groups', name, to)
  const named = (each: string) => (each === name ? to : each)
  return {
    done: `group ${name} is ${to} now`,
    kept: (before) => ({ ...(inAll(before, named) as Plain), order: before.order }),
    may: () => false,
    missed: () => undefined,
    gone: name,
    force,
  }
}

function keys<T>(
  of: { readonly [key: string]: T },
  named: (key: string) => string,
  value: (each: T, key: string) => T,
): { [key: string]: T } {
  return Object.fromEntries(Object.entries(of).map(([key, each]) => [named(key), value(each, key)]))
}

/** The model of an inventory in which a group has another name: as a key of what is said of groups, in lists of groups, and in levels. */
function inAll({ hosts, groups, children, ...rest }: Plain, named: (group: string) => string): object {
  const levels = (of: unknown): unknown =>
    Array.isArray(of) ? of.map((each: { group?: string }) => (each.group === undefined ? each : { ...each, group: named(each.group) })) : of
  return {
    ...keys(rest, String, (each) => (isObject(each) ? keys(each, named, (value) => value) : each)),
    groups: keys(groups, named, (members) => members),
    ...(children !== undefined && { children: keys(children as Plain['groups'], named, (below) => below.map(named)) }),
    hosts: keys(hosts, String, (host) => ({
      ...host,
      ...keys(host as object as { [key: string]: unknown }, String, (each, key) =>
        key.endsWith('Levels') && isObject(each) ? keys(each, String, levels) : key === 'groups' ? (each as string[]).map(named) : each,
      ),
    })),
  }
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
