import type { ShownHost, ShownInventory } from '../show-inventory.ts'
import { short } from './format-explain.ts'

/** A group with what stands directly below it: a host that is in a group below is shown there. */
interface Branch {
  readonly group: string
  readonly groups: readonly Branch[]
  readonly hosts: readonly ShownHost[]
}

/** Groups that are below none, with all below them; hosts without a group last. A group that a pattern leaves empty is not shown. */
function branches({ groups, hosts, children }: ShownInventory, narrowed: boolean): readonly Branch[] {
  const byName = new Map(hosts.map((host) => [host.host, host]))
  const branchOf = (group: string): Branch => {
    const below = (children[group] ?? []).filter(shown)
    const further = new Set(below.flatMap((child) => groups[child] ?? []))
    const own = (groups[group] ?? []).filter((name) => !further.has(name))
    return { group, groups: below.map(branchOf), hosts: own.flatMap((name) => byName.get(name) ?? []) }
  }
  const shown = (group: string) => !(narrowed && (groups[group] ?? []).length === 0)
  const below = new Set(Object.values(children).flat())
  const declared = Object.keys(groups)
    .filter((group) => group !== 'all' && !below.has(group) && shown(group))
    .map(branchOf)
  const alone = hosts.filter((host) => host.groups.length === 0)
  return alone.length === 0 ? declared : [...declared, { group: 'ungrouped', groups: [], hosts: alone }]
}

/** Each group once, wherever it stands: one that is below two has one picture. */
function eachOnce(of: readonly Branch[]): readonly Branch[] {
  const all = (some: readonly Branch[]): readonly Branch[] => some.flatMap((branch) => [branch, ...all(branch.groups)])
  return [...new Map(all(of).map((branch) => [branch.group, branch])).values()]
}

export interface GraphOptions {
  readonly vars: boolean
  /** Whether a pattern was given. */
  readonly narrowed: boolean
}

/** An inventory as a tree, in the form that ansible-inventory --graph has. */
export function graphTree(inventory: ShownInventory, { vars, narrowed }: GraphOptions): string[] {
  const varsOf = (host: ShownHost) =>
    vars ? Object.entries(host.vars as object).map(([name, value]) => `  |--{${name} = ${short(value)}}`) : []
  const linesOf = ({ group, groups, hosts }: Branch): string[] => [
    `  |--@${group}:`,
    ...[...groups.flatMap(linesOf), ...hosts.flatMap((host) => [`  |--${host.host}`, ...varsOf(host).map((line) => `  |${line}`)])].map(
      (line) => `  |${line}`,
    ),
  ]
  return ['@all:', ...branches(inventory, narrowed).flatMap(linesOf)]
}

/** An inventory in the language of Graphviz. */
export function graphDot(inventory: ShownInventory, { vars, narrowed }: GraphOptions): string[] {
  const quote = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  const top = branches(inventory, narrowed)
  return [
    'digraph inventory {',
    '  rankdir=LR',
    '  "@all" [shape=box]',
    ...inventory.hosts.map(
      (host) => `  ${quote(host.host)} [label=${quote([host.host, ...labelLines(host, vars)].join('\n')).replaceAll('\n', '\\n')}]`,
    ),
    ...eachOnce(top).flatMap(({ group, groups, hosts }) => [
      `  ${quote(`@${group}`)} [shape=box]`,
      ...(top.some((branch) => branch.group === group) ? [`  "@all" -> ${quote(`@${group}`)}`] : []),
      ...groups.map((below) => `  ${quote(`@${group}`)} -> ${quote(`@${below.group}`)}`),
      ...hosts.map(({ host }) => `  ${quote(`@${group}`)} -> ${quote(host)}`),
    ]),
    '}',
  ]
}

/** An inventory in the language of Mermaid, which many web pages show as a picture. */
export function graphMermaid(inventory: ShownInventory, { vars, narrowed }: GraphOptions): string[] {
  const quote = (text: string) => `"${text.replaceAll('&', '#amp;').replaceAll('"', '#quot;').replaceAll('<', '#lt;')}"`
  const top = branches(inventory, narrowed)
  const all = eachOnce(top)
  const hostId = (host: string) => `h${inventory.hosts.findIndex((each) => each.host === host)}`
  const groupId = (group: string) => `g${all.findIndex((each) => each.group === group)}`
  return [
    'graph LR',
    '  all["@all"]',
    ...inventory.hosts.map(
      (host) => `  ${hostId(host.host)}(${quote([host.host, ...labelLines(host, vars)].join('\n')).replaceAll('\n', '<br>')})`,
    ),
    ...all.map(({ group }) => `  ${groupId(group)}[${quote(`@${group}`)}]`),
    ...top.map(({ group }) => `  all --> ${groupId(group)}`),
    ...all.flatMap(({ group, groups, hosts }) => [
      ...groups.map((below) => `  ${groupId(group)} --> ${groupId(below.group)}`),
      ...hosts.map(({ host }) => `  ${groupId(group)} --> ${hostId(host)}`),
    ]),
  ]
}

function labelLines(host: ShownHost, vars: boolean): string[] {
  return vars ? Object.entries(host.vars as object).map(([name, value]) => `${name} = ${short(value)}`) : []
}
