import { suggest } from '../../util/suggest.ts'
import { expand } from './ini.ts'
import type { InventoryData } from './inventory-data.ts'
import { refused } from './refuse.ts'
import { givenOf, kindOf, type MapEntry, type MapNode, type SourceNode } from './values.ts'

const sections = ['hosts', 'vars', 'children']

/**
 * Adds a YAML inventory to what is known so far: groups by name, each with `hosts`, `vars` and `children`.
 * @throws RollcallError with the line, for all that Ansible refuses.
 */
export function readYamlInventory(top: SourceNode, data: InventoryData): void {
  if (top.kind !== 'map')
    throw refused(`groups with names must stand here, and ${kindOf(top)} does`, 'Begin with a group:\nall:\n  hosts:\n    web-1:', top.at)
  const plugin = top.entries.find(({ name }) => name === 'plugin')
  if (plugin && !isFalse(plugin.node)) throw forPlugin(plugin)
  for (const entry of top.entries) readGroup(entry, data)
}

function forPlugin({ node, at }: MapEntry): Error {
  const name = node.kind === 'scalar' ? ` ${String(node.value)}` : ''
  return refused(
    `this configures Ansible's inventory plugin${name}, which is a program of Python`,
    `Let Ansible run it, from a script that you name in place of this file (chmod +x):\n#!/bin/sh\nexec ansible-inventory -i ${at.file} --list`,
    at,
  )
}

function readGroup({ name, isText, at, node }: MapEntry, data: InventoryData): void {
  if (node.kind !== 'map' && !isNull(node)) {
    data.warnings.push({
      message: `'${name}' is passed over, for ${kindOf(node)} is no group`,
      fix: 'Give it hosts, vars or children.',
      at,
    })
    return
  }
  if (!isText || name === '') throw refused(`the name of a group must be text, and '${name}' is none`, `Quote it: '${name}':`, at)
  data.addGroup(name, at)
  if (node.kind !== 'map') return
  const entries = node.entries.map((entry) => (sections.includes(entry.name) ? asMapping(entry, name) : entry))
  for (const entry of entries) {
    if (isNull(entry.node)) continue
    if (entry.node.kind !== 'map' || !sections.includes(entry.name)) passOver(entry, name, data)
    else if (entry.name === 'vars') for (const each of entry.node.entries) data.setVar(name, each.name, givenOf(each.node, each.at))
    else if (entry.name === 'children') readChildren(entry.node, name, data)
    else for (const host of entry.node.entries) readHost(host, name, data)
  }
}

/** A single name may stand in place of a mapping. */
function asMapping(entry: MapEntry, group: string): MapEntry {
  const { node, at } = entry
  if (node.kind === 'map' || isNull(node)) return entry
  if (node.kind === 'scalar' && typeof node.value === 'string') {
    const name: MapEntry = { name: node.value, isText: true, at: node.at, node: { kind: 'scalar', at: node.at, value: null } }
    return { ...entry, node: { kind: 'map', at: node.at, entries: [name] } }
  }
  throw refused(
    `${entry.name} of group '${group}' must be names with colons, and ${kindOf(node)} stands there`,
    entry.name === 'vars' ? 'Write each as name: value' : 'Write each name with a colon and nothing behind it, and no dash:\n  web-1:',
    at,
  )
}

function passOver({ name, node, at }: MapEntry, group: string, data: InventoryData): void {
  const known = sections.includes(name)
  const meant = known ? undefined : suggest(name, sections)
  data.warnings.push({
    message: `'${name}' of group ${group} is passed over${known || node.kind === 'map' ? '' : `, and ${kindOf(node)} as well`}`,
    fix: meant
      ? `Did you mean '${meant}'?`
      : `A group has hosts, vars and children; a group below it stands under children, a var under vars.`,
    at,
  })
}

function readChildren(children: MapNode, group: string, data: InventoryData): void {
  for (const child of children.entries) {
    readGroup(child, data)
    if (!data.groups.has(child.name))
      throw refused(`'${child.name}', a child of '${group}', is no group`, 'Give it nothing, or hosts, vars or children.', child.at)
    data.addChild(group, child.name, child.at)
  }
}

function readHost({ name, isText, at, node }: MapEntry, group: string, data: InventoryData): void {
  if (!isText) throw refused(`the name of a host must be text, and '${name}' is none`, `Quote it: '${name}':`, at)
  const { hosts, port } = expand(name, at)
  if (node.kind !== 'map' && !isFalse(node))
    throw refused(`host '${name}' must have vars by name, and has ${kindOf(node)}`, 'Write each as name: value', node.at)
  for (const host of hosts) {
    data.addHost(host, group, at, port)
    if (node.kind === 'map') for (const each of node.entries) data.setVar(host, each.name, givenOf(each.node, each.at))
  }
}

const isNull = (node: SourceNode) => node.kind === 'scalar' && node.value === null
/** What Python takes for false. */
function isFalse(node: SourceNode): boolean {
  if (node.kind === 'list') return node.items.length === 0
  return node.kind === 'scalar' && (node.value === null || node.value === '' || node.value === 0 || node.value === false)
}
