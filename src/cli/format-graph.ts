import type { ShownHost, ShownInventory } from '../show-inventory.ts'
import { short } from './format-explain.ts'

/** Groups with their hosts, those without a group last. A group that a pattern leaves empty is not shown. */
function branches(
  { groups, hosts }: ShownInventory,
  narrowed: boolean,
): readonly (readonly [group: string, hosts: readonly ShownHost[]])[] {
  const byName = new Map(hosts.map((host) => [host.host, host]))
  const declared = Object.entries(groups)
    .filter(([group, members]) => group !== 'all' && !(narrowed && members.length === 0))
    .map(([group, members]) => [group, members.flatMap((name) => byName.get(name) ?? [])] as const)
  const alone = hosts.filter((host) => host.groups.length === 0)
  return alone.length === 0 ? declared : [...declared, ['ungrouped', alone]]
}

export interface GraphOptions {
  readonly vars: boolean
  /** Whether a pattern was given. */
  readonly narrowed: boolean
}

/** An inventory as a tree, in the form that ansible-inventory --graph has. */
export function graphTree(inventory: ShownInventory, { vars, narrowed }: GraphOptions): string[] {
  const varLines = (of: ShownHost) =>
    vars ? Object.entries(of.vars as object).map(([name, value]) => `  |  |  |--{${name} = ${short(value)}}`) : []
  return [
    '@all:',
    ...branches(inventory, narrowed).flatMap(([group, hosts]) => [
      `  |--@${group}:`,
      ...hosts.flatMap((host) => [`  |  |--${host.host}`, ...varLines(host)]),
    ]),
  ]
}

/** An inventory in the language of Graphviz. */
export function graphDot(inventory: ShownInventory, { vars, narrowed }: GraphOptions): string[] {
  const quote = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  const groups = branches(inventory, narrowed)
  return [
    'digraph inventory {',
    '  rankdir=LR',
    '  "@all" [shape=box]',
    ...inventory.hosts.map(
      (host) => `  ${quote(host.host)} [label=${quote([host.host, ...labelLines(host, vars)].join('\n')).replaceAll('\n', '\\n')}]`,
    ),
    ...groups.flatMap(([group, hosts]) => [
      `  ${quote(`@${group}`)} [shape=box]`,
      `  "@all" -> ${quote(`@${group}`)}`,
      ...hosts.map(({ host }) => `  ${quote(`@${group}`)} -> ${quote(host)}`),
    ]),
    '}',
  ]
}

/** An inventory in the language of Mermaid, which many web pages show as a picture. */
export function graphMermaid(inventory: ShownInventory, { vars, narrowed }: GraphOptions): string[] {
  const quote = (text: string) => `"${text.replaceAll('&', '#amp;').replaceAll('"', '#quot;').replaceAll('<', '#lt;')}"`
  const groups = branches(inventory, narrowed)
  const id = (host: string) => `h${inventory.hosts.findIndex((each) => each.host === host)}`
  return [
    'graph LR',
    '  all["@all"]',
    ...inventory.hosts.map(
      (host) => `  ${id(host.host)}(${quote([host.host, ...labelLines(host, vars)].join('\n')).replaceAll('\n', '<br>')})`,
    ),
    ...groups.flatMap(([group, hosts], at) => [
      `  all --> g${at}[${quote(`@${group}`)}]`,
      ...hosts.map(({ host }) => `  g${at} --> ${id(host)}`),
    ]),
  ]
}

function labelLines(host: ShownHost, vars: boolean): string[] {
  return vars ? Object.entries(host.vars as object).map(([name, value]) => `${name} = ${short(value)}`) : []
}
