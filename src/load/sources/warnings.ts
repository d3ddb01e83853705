import type { InventoryModel } from '../../model/inventory.ts'
import type { ReadConnection } from './connection-vars.ts'
import type { SourceWarning } from './inventory-data.ts'
import type { GivenVars, ReadSource } from './read-source.ts'

/** What of an inventory Ansible would do and Rollcall does not: each told once, at its first place. */
export function sourceWarnings(
  read: ReadSource,
  model: InventoryModel,
  reached: ReadonlyMap<string, ReadConnection>,
): readonly SourceWarning[] {
  return [
    ...templates(read),
    ...numbers(read),
    ...ignored(model, reached),
    ...leftOut(model, reached),
    ...becoming(model),
    ...sameNames(read, model),
  ]
}

/** Every place that gives vars, with the name of who gets them. */
function* places({ data, groupVars, hostVars }: ReadSource): Generator<readonly [string, GivenVars]> {
  for (const { name, vars } of data.groups.values()) yield [`group ${name}`, vars]
  for (const [name, vars] of groupVars) yield [`group ${name}`, vars]
  for (const { name, vars } of data.hosts.values()) yield [name, vars]
  for (const [name, vars] of hostVars) yield [name, vars]
}

/** A line may give a var to many hosts: it is told of once. */
function eachOnce(read: ReadSource, wanted: (given: { readonly templated: boolean; readonly odd: readonly string[] }) => boolean) {
  const seen = new Map<
    string,
    { owner: string; name: string; more: number; given: GivenVars extends ReadonlyMap<string, infer V> ? V : never }
  >()
  for (const [owner, vars] of places(read))
    for (const [name, given] of vars) {
      if (!wanted(given)) continue
      const key = `${given.at.file}:${given.at.line}:${given.at.column}:${name}`
      const known = seen.get(key)
      if (known) known.more += 1
      else seen.set(key, { owner, name, more: 0, given })
    }
  return [...seen.values()].map((each) => ({
    ...each,
    whose: `${each.name} of ${each.owner}${each.more === 0 ? '' : ` and ${each.more} more`}`,
  }))
}

function templates(read: ReadSource): SourceWarning[] {
  return eachOnce(read, ({ templated }) => templated).map(({ whose, given }) => ({
    message: `${whose} is a template of Ansible's: Rollcall knows no Jinja, and it stays the text it is`,
    fix: 'Write the value itself, or compute it where it is used.',
    at: given.at,
  }))
}

function numbers(read: ReadSource): SourceWarning[] {
  return eachOnce(read, ({ odd }) => odd.length > 0).map(({ whose, given }) => ({
    message: `${whose} holds the number ${given.odd[0]}, which Ansible prints otherwise than Rollcall`,
    fix: 'Quote it if it is meant as text, such as a version.',
    at: given.at,
  }))
}

function ignored(model: InventoryModel, reached: ReadonlyMap<string, ReadConnection>): SourceWarning[] {
  const hosts = [...reached].filter(([, { ignored: names }]) => names.length > 0)
  const names = [...new Set(hosts.flatMap(([, each]) => each.ignored))].sort()
  if (names.length === 0) return []
  const [first] = hosts[0]!
  return [
    {
      message: `vars that only Ansible has a use for: ${names.join(', ')} (${first}${hosts.length === 1 ? '' : ` and ${hosts.length - 1} more`})`,
      fix: 'They stay vars, and change nothing of how hosts are reached.',
      at: placeOf(model, first, names.find((name) => reached.get(first)!.ignored.includes(name))!),
    },
  ]
}

function leftOut(model: InventoryModel, reached: ReadonlyMap<string, ReadConnection>): SourceWarning[] {
  const hosts = [...reached].filter(([, { leftOut: options }]) => options.length > 0)
  const options = [...new Set(hosts.flatMap(([, each]) => each.leftOut))]
  if (options.length === 0) return []
  const [first] = hosts[0]!
  const name = ['ansible_ssh_common_args', 'ansible_ssh_extra_args', 'ansible_ssh_args'].find(
    (each) => each in model.hosts.get(first)!.vars,
  )!
  return [
    {
      message: `arguments of ssh that are not honoured, since keys of hosts are always checked: ${options.join(', ')}`,
      fix: 'Put the keys of the hosts into ~/.ssh/known_hosts, by ssh-keyscan from a place you trust.',
      at: placeOf(model, first, name),
    },
  ]
}

/** Whether tasks become root says the play; what an inventory says of that would be done by nobody. */
function becoming(model: InventoryModel): SourceWarning[] {
  const hosts = [...model.hosts.values()].filter(({ vars }) => isTrue(vars.ansible_become))
  const [first] = hosts
  if (first === undefined) return []
  return [
    {
      message: `ansible_become is not honoured (${first.name}${hosts.length === 1 ? '' : ` and ${hosts.length - 1} more`}): whether tasks become another user says the play`,
      fix: 'Let it say so: play(…, { become: true }, …)',
      at: placeOf(model, first.name, 'ansible_become'),
    },
  ]
}

const isTrue = (value: unknown) => value === true || value === 1 || /^(?:yes|true|on|1|y|t)$/i.test(typeof value === 'string' ? value : '')

function sameNames({ data }: ReadSource, model: InventoryModel): SourceWarning[] {
  return [...data.groups.keys()]
    .filter((name) => data.hosts.has(name))
    .map((name) => ({
      message: `${name} is the name of a host and of a group: vars that the host is given are the group's, as with Ansible`,
      fix: 'Rename one of them.',
      at: model.at!,
    }))
}

function placeOf(model: InventoryModel, host: string, name: string): SourceWarning['at'] {
  return model.hosts.get(host)?.varLevels?.get(name)?.at(-1)?.at ?? model.at!
}
