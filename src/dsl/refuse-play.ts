import { RollcallError, type SourceLine } from '../model/errors.ts'
import { builtInFamilies } from '../model/facts.ts'
import { isWild, itemsOf } from '../model/host-pattern.ts'
import type { NewSet } from '../model/host-set.ts'
import type { InventoryModel } from '../model/inventory.ts'
import { few } from '../model/match-hosts.ts'
import { suggest } from '../util/suggest.ts'
import { ownFacts } from './define-facts.ts'
import { type Portion, wrongPortion } from './serial.ts'

const strategies = ['linear', 'free', 'hostPinned'] as const
/** How the hosts of a play go through its tasks. */
export type Strategy = (typeof strategies)[number]

const orders = ['inventory', 'reverseInventory', 'sorted', 'reverseSorted', 'shuffle'] as const
/**
 * Ansible's: `inventory` as the play names them, and in a group as the inventory does; `sorted` by name; `shuffle` anew in
 * each run.
 */
export type HostOrder = (typeof orders)[number]

/** @throws RollcallError for a `serial` or a `maxFailPercentage` that can be none. */
export function refuseSizes(
  serial: Portion | readonly Portion[] | undefined,
  maxFailPercentage: number | undefined,
  play: string,
  at: SourceLine | undefined,
): void {
  const refuse = (summary: string, detail: string, fix: string): never => {
    throw new RollcallError({ summary, detail: `play '${play}': ${detail}`, fix, ...(at && { at }) })
  }
  const portions = serial === undefined ? [1] : [serial].flat()
  const wrong = portions.length === 0 ? 'the list is empty' : portions.map(wrongPortion).find((one) => one !== undefined)
  if (wrong !== undefined) refuse('serial names no number of hosts', wrong, "Give a number, '30%', or a list such as [1, '30%'].")
  if (maxFailPercentage !== undefined && !(maxFailPercentage >= 0 && maxFailPercentage <= 100))
    refuse('maxFailPercentage is a number from 0 to 100', String(maxFailPercentage), 'With 0 the first failure ends the run.')
}

/** @throws RollcallError for a name that is neither a host nor a group. */
export function refuseUnknownName(name: string, { groups, hosts }: InventoryModel, play: string, at: SourceLine | undefined): void {
  if (groups.has(name) || hosts.has(name)) return
  const meant = suggest(name, [...groups.keys(), ...hosts.keys()])
  const several = isWild(name) || itemsOf(name).length > 1 ? `Several are named by pattern('${name}').` : undefined
  throw new RollcallError({
    summary: 'A play names a host or group that the inventory does not have',
    detail: `play '${play}': '${name}'`,
    fix: several ?? (meant ? `Did you mean '${meant}'?` : `The inventory has: ${few([...groups.keys(), ...hosts.keys()])}.`),
    ...(at && { at }),
  })
}

/** @throws RollcallError for a scope of facts that names no group, and for seconds that can be none. */
export function refuseFacts(
  { of = 'all', maxAge = 0, timeout = 1 }: { readonly of?: string; readonly maxAge?: number; readonly timeout?: number },
  model: InventoryModel,
  play: string,
  at: SourceLine | undefined,
): void {
  const refuse = (summary: string, detail: string, fix: string): never => {
    throw new RollcallError({ summary, detail: `play '${play}': ${detail}`, fix, ...(at && { at }) })
  }
  if (of !== 'targets') refuseUnknownName(of, model, play, at)
  else if (model.groups.has(of) || model.hosts.has(of))
    refuse(
      "facts.of names a group or host called 'targets'",
      'it means the hosts that the play runs on',
      'Call the group or host otherwise.',
    )
  if (!(maxAge >= 0)) refuse('facts.maxAge is a number of seconds', String(maxAge), 'With 0 other hosts are asked in every run.')
  if (!(timeout > 0 && timeout <= 3600)) refuse('facts.timeout is a number of seconds, up to 3600', String(timeout), 'The default is 10.')
}

/** @throws RollcallError for new hosts of another inventory, and for two of one name, which the limit could not tell apart. */
export function refuseNewHosts(
  set: NewSet,
  named: Map<string, NewSet>,
  inventory: InventoryModel,
  play: string,
  at: SourceLine | undefined,
): void {
  const refuse = (summary: string, fix: string) => {
    throw new RollcallError({ summary, detail: `play '${play}': newHosts('${set.name}', …)`, fix, exitCode: 1, ...(at && { at }) })
  }
  if (set.inventory !== inventory)
    refuse('A play names new hosts of another inventory', "Make them of the playbook's own: newHosts('…', inventory, …).")
  if ((named.get(set.name) ?? set) !== set) refuse('Two newHosts have one name', 'Make them once, and use that value in each play.')
  named.set(set.name, set)
}

/** @throws RollcallError unless there is such an order. */
export function refuseOrder(order: string | undefined, play: string, at: SourceLine | undefined): void {
  if (order === undefined || (orders as readonly string[]).includes(order)) return
  const meant = suggest(order.replaceAll('_', ''), orders)
  throw new RollcallError({
    summary: 'A play has an order of hosts that there is not',
    detail: `play '${play}': '${order}'`,
    fix: meant ? `Did you mean '${meant}'?` : `There are: ${orders.join(', ')}.`,
    ...(at && { at }),
  })
}

/** @throws RollcallError unless there is such a strategy. */
export function refuseStrategy(strategy: string, play: string, at: SourceLine | undefined): void {
  if ((strategies as readonly string[]).includes(strategy)) return
  throw new RollcallError({
    summary: 'A play has a strategy that there is not',
    detail: `play '${play}': '${strategy}'`,
    fix: "There are: 'linear', where hosts wait for each other at each task, 'free', and 'hostPinned'.",
    ...(at && { at }),
  })
}

/** @throws RollcallError unless there is such a family of facts. */
export function refuseUnknownFamily(name: string, play: string, at: SourceLine | undefined): void {
  const known = [...builtInFamilies, ...ownFacts.keys()]
  if (known.includes(name)) return
  const meant = suggest(name, known)
  throw new RollcallError({
    summary: 'A play lists a family of facts that there is not',
    detail: `play '${play}': '${name}'`,
    fix: meant ? `Did you mean '${meant}'?` : `There are: ${known.join(', ')}. defineFacts makes one of your own.`,
    ...(at && { at }),
  })
}
