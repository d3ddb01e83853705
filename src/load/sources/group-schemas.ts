import type { GroupTree } from '../../dsl/group-tree.ts'
import type { InventoryModel } from '../../model/inventory.ts'
import { type PlacedValues, rankOf } from './place-values.ts'
import { fieldsCode } from './schema-code.ts'

/**
 * Group → fields of its schema. Vars that hosts set themselves would have no type: playbooks that read them would no longer
 * compile. Groups above come first, and say it for those below.
 */
export function schemasOf(model: InventoryModel, { groups, hosts }: PlacedValues, tree: GroupTree): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const typed = new Map<string, Set<string>>()
  const order = [...model.groups.keys()].toSorted((one, other) => rankOf(one, tree) - rankOf(other, tree))
  for (const name of order) {
    const above = name === 'all' ? [] : ['all', ...tree.above(name)]
    const known = new Set([name, ...above].flatMap((each) => [...groups.get(each)!.keys(), ...(typed.get(each) ?? [])]))
    const members = model.groups.get(name)!
    const own = new Set(members.flatMap((host) => [...hosts.get(host)!.keys()].filter((key) => !known.has(key))))
    // Whatever hosts have it from: what one of them overrides must fit as well.
    const have = members.map((host) => Object.entries(model.hosts.get(host)!.vars).filter(([key]) => own.has(key)))
    const everywhere = [...own].filter((key) => have.every((each) => each.some(([name]) => name === key)))
    const wanted = have.map((each) => Object.fromEntries(name === 'all' ? each.filter(([key]) => everywhere.includes(key)) : each))
    typed.set(name, new Set(everywhere))
    // What a group below sets is an override as well, also where every host has another value.
    const below = [...groups].filter(([each]) => each !== name && (name === 'all' || tree.above(each).includes(name)))
    const code = fieldsCode(wanted, (key) => below.flatMap(([, values]) => (values.has(key) ? [values.get(key)] : [])))
    if (code !== '{}') found.set(name, code)
  }
  return found
}
