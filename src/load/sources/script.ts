import type { SourceLine } from '../../model/errors.ts'
import type { InventoryData } from './inventory-data.ts'
import { refused } from './refuse.ts'
import { givenOf, kindOf, type MapEntry, type SourceNode } from './values.ts'

/** What a script says of a host that `--list` says nothing of. */
export type HostAnswers = (host: string) => Promise<SourceNode | undefined>

/**
 * Adds what a script prints for `--list` to what is known so far; where that has no `_meta`, each host is asked for with `--host`.
 * @throws RollcallError for all that Ansible refuses.
 */
export async function readScriptAnswer(top: SourceNode | undefined, at: SourceLine, data: InventoryData, ask: HostAnswers): Promise<void> {
  if (top?.kind !== 'map') throw refused('the script printed no JSON object', 'It must print groups by name.', at)
  const named = new Set<string>()
  let meta: SourceNode | undefined
  for (const entry of top.entries) {
    if (entry.name === '_meta') meta = entryOf(entry.node, 'hostvars')?.node
    else readGroup(entry, data, named)
  }
  const hosts = [...named]
  const answers = meta ? hosts.map((host) => entryOf(meta, host)?.node) : await inTurns(hosts, ask)
  for (const [index, host] of hosts.entries()) {
    const vars = answers[index]
    if (vars === undefined) continue
    if (vars.kind !== 'map') throw refused(`the script's vars of host '${host}' are ${kindOf(vars)}`, 'It must print a JSON object.', at)
    for (const { name, node } of vars.entries) data.setVar(host, name, givenOf(node, at))
  }
}

const together = 8

async function inTurns(hosts: readonly string[], ask: HostAnswers): Promise<readonly (SourceNode | undefined)[]> {
  const answers: (SourceNode | undefined)[] = []
  for (let from = 0; from < hosts.length; from += together)
    answers.push(...(await Promise.all(hosts.slice(from, from + together).map(ask))))
  return answers
}

function readGroup({ name, at, node }: MapEntry, data: InventoryData, named: Set<string>): void {
  data.addGroup(name, at)
  const parts = ['hosts', 'vars', 'children'].map((part) => entryOf(node, part)?.node)
  const short = node.kind === 'map' && parts.every((part) => part === undefined)
  const [hosts, vars, children] = node.kind !== 'map' ? [node] : short ? [undefined, node] : parts
  const wrong = (part: string, given: SourceNode, wanted: string) =>
    refused(`the script's ${part} of group '${name}' are ${kindOf(given)}`, `They must be ${wanted}.`, at)
  if (short) addHost(name, name, at, data, named) // The short form: a host, and its vars.
  if (hosts) {
    if (hosts.kind !== 'list') throw wrong('hosts', hosts, 'a list of names')
    for (const host of hosts.items) {
      if (host.kind !== 'scalar' || typeof host.value !== 'string') throw wrong('hosts', host, 'a list of names')
      addHost(host.value, name, at, data, named)
    }
  }
  if (vars) {
    if (vars.kind !== 'map') throw wrong('vars', vars, 'an object')
    for (const each of vars.entries) data.setVar(name, each.name, givenOf(each.node, at))
  }
  for (const child of children?.kind === 'list' ? children.items : []) {
    if (child.kind !== 'scalar' || typeof child.value !== 'string') throw wrong('children', child, 'a list of names')
    data.addGroup(child.value, at)
    data.addChild(name, child.value, at)
  }
}

function addHost(host: string, group: string, at: SourceLine, data: InventoryData, named: Set<string>): void {
  named.add(host)
  data.addHost(host, group, at)
}

function entryOf(node: SourceNode, name: string): MapEntry | undefined {
  return node.kind === 'map' ? node.entries.find((entry) => entry.name === name) : undefined
}
