import type { InventoryModel } from './inventory.ts'

/** Chosen hosts, as a play's `hosts` says it: a name, or what `pattern`, `union` and their like make. */
export type HostChoice = string | HostSet

/** Hosts put together of a pattern's text, or of other choices. */
export type HostSet =
  | { readonly kind: 'pattern'; readonly text: string }
  | { readonly kind: 'union' | 'intersection' | 'without'; readonly of: readonly HostChoice[] }
  | DynamicSet
  | NewSet
  | { readonly kind: 'nth'; readonly of: readonly [HostChoice]; readonly position: Position }

/** Hosts that tasks choose while a run goes on, out of others. Told apart by identity: its name is for reports. */
export interface DynamicSet {
  readonly kind: 'dynamic'
  readonly name: string
  readonly of: readonly [HostChoice]
}

/** Hosts that tasks add while a run goes on, and that no inventory has. Told apart by identity; the limit knows its name as well. */
export interface NewSet {
  readonly kind: 'new'
  readonly name: string
  /** Groups that each of them is in; none: only `all`. */
  readonly like: readonly string[]
  /** The inventory whose groups these are. */
  readonly inventory: InventoryModel
}

/** Whether it is known only when a play begins which hosts are meant. */
export function isDynamic(choice: HostChoice): boolean {
  if (typeof choice === 'string' || choice.kind === 'pattern') return false
  return choice.kind === 'dynamic' || choice.kind === 'new' || choice.of.some(isDynamic)
}

/** The groups filled by tasks, and the sets of new hosts, that a choice is made of. */
export function setsIn(choice: HostChoice): readonly (DynamicSet | NewSet)[] {
  if (typeof choice === 'string' || choice.kind === 'pattern') return []
  if (choice.kind === 'new') return [choice]
  return [...(choice.kind === 'dynamic' ? [choice] : []), ...choice.of.flatMap(setsIn)]
}

/** The sets of new hosts that a choice is made of. */
export function newSetsIn(choice: HostChoice): readonly NewSet[] {
  return setsIn(choice).filter((set) => set.kind === 'new')
}

/** A place in a list, counted from 0, or from the end where it is negative; or several, the last included. */
export type Position = number | { readonly from: number; readonly to?: number }

/** A choice in words of the playbook. */
export function showChoice(choice: HostChoice): string {
  if (typeof choice === 'string') return choice
  if (choice.kind === 'pattern') return choice.text
  if (choice.kind === 'dynamic') return `dynamic group '${choice.name}'`
  if (choice.kind === 'new') return `new hosts '${choice.name}'`
  const of = choice.of.map((each) => (typeof each === 'string' ? `'${each}'` : showChoice(each))).join(', ')
  return `${choice.kind}(${of}${choice.kind === 'nth' ? `, ${showPosition(choice.position)}` : ''})`
}

function showPosition(position: Position): string {
  if (typeof position === 'number') return String(position)
  return `{ from: ${position.from}${position.to === undefined ? '' : `, to: ${position.to}`} }`
}
