import { RollcallError, type SourceLine } from '../model/errors.ts'
import { type BuiltInFamily, builtInFamilies, type Facts, type Family } from '../model/facts.ts'
import type { DeclaredHost, Fleet, Targets } from '../model/fleet.ts'
import { isWild, itemsOf } from '../model/host-pattern.ts'
import type { HostChoice } from '../model/host-set.ts'
import type { GroupShape, InventoryModel, LocalSettings, Shape } from '../model/inventory.ts'
import { few, matchHosts } from '../model/match-hosts.ts'
import { callerLine } from '../util/caller.ts'
import { suggest } from '../util/suggest.ts'
import { ownFacts } from './define-facts.ts'
import type { CheckedChoice, Choice, Chosen, GroupOf, HostIn, Known } from './hosts.ts'
import type { Inventory } from './inventory.ts'
import type { PlayTools, ResultReader } from './play-tools.ts'
import { recordTools, type TaskRecord } from './record.ts'
import { type Portion, wrongPortion } from './serial.ts'
import { refuseTags } from './tags.ts'

/** What closures of a task see. */
export interface Scope<S extends Shape = Shape, G extends GroupShape = GroupShape, F extends Family = BuiltInFamily> {
  /** The host the task acts on. */
  readonly host: DeclaredHost<G['host'], G['vars'], G['privateIp']>
  /** Its facts: always live; in a play on the controller as old as the play's facts scope allows. */
  readonly facts: Facts<F>
  /** Every host of the inventory. Hand groups of it to templates. */
  readonly fleet: Fleet<S, F>
  /** The hosts this run may change. */
  readonly targets: Targets<S, F>
  /** Those of them that the play goes through now: all of its targets, but under `serial`. */
  readonly batch: Targets<S, F>
  /** The result of an earlier task on this host (Ansible's `register`). */
  readonly result: ResultReader
}

/** What a service module needs of the play that uses it: vars of its hosts, a private address, facts. */
export interface ScopeNeeds<V extends object = object, F extends Family = never, P extends string | undefined = string | undefined> {
  readonly host: DeclaredHost<string, V, P>
  readonly facts: Facts<F>
  readonly fleet: Fleet<any, any>
  readonly targets: Targets<any, any>
  readonly batch: Targets<any, any>
  readonly result: ResultReader
}

/** Which hosts' facts a play's closures may read; apart from `hosts`, and never narrowed by `--limit`. */
export interface FactsScope<G extends string = string, F extends Family = BuiltInFamily> {
  /** `all` (default) or one group. */
  readonly of?: G
  /**
   * Families gathered and readable: built-in ones by name, your own as `defineFacts` gave them. Default: `os` and `network`;
   * of a play on the controller: none.
   */
  readonly families?: readonly F[]
  /** A host outside the targets that does not answer: use what was last known (default), or fail the run before any change. */
  readonly ifDown?: 'lastKnown' | 'fail'
  /** Seconds for which a cached fact of a host outside the targets is not fetched again. Default 3600; targets: always live. */
  readonly maxAge?: number
}

/** The controller, in the place of a play's hosts. */
type OnController = 'local' | LocalSettings

export interface PlayOptions<
  H extends Choice = Choice,
  G extends string = string,
  F extends Family = BuiltInFamily,
  C extends OnController | undefined = OnController | undefined,
> {
  /**
   * A group or a host of the inventory; several together by `union`, `intersection`, `without` and `nth`, or, as text in
   * Ansible's language, by `pattern`.
   */
  readonly hosts: H
  /** The order in which hosts are gone through; default is that of `hosts`. */
  readonly order?: HostOrder
  /**
   * `'local'`: the tasks run on the controller, once for each host and with that host's vars, and no host is contacted
   * but for facts that the play lists. `local({ becomePassword })` where sudo on the controller asks for a password.
   */
  readonly connection?: C
  readonly facts?: FactsScope<G, F>
  /** Run tasks as root by sudo. */
  readonly become?: boolean
  readonly tags?: readonly string[]
  /**
   * `linear` (default): every host finishes a task before any host begins the next. `free`: each host goes through the tasks
   * at its own pace, and its changes go together in few exchanges; all hosts are under way at once. `hostPinned`: the same, but
   * no more than `--forks` hosts are under way, and the next begins where one is through.
   */
  readonly strategy?: Strategy
  /**
   * Goes through the play with so many hosts at a time: `2`, `'30%'`, or a list such as `[1, 5, '30%']` whose last one is used
   * until no host is left. Where all hosts of one batch fail, the next does not begin.
   */
  readonly serial?: Portion | readonly Portion[]
  /**
   * Ends the run when more than this percentage of the hosts of a batch have failed, or could not be reached. A host that is lost counts
   * as failed.
   */
  readonly maxFailPercentage?: number
  /** A failure on one host stops all others after that task. */
  readonly anyErrorsFatal?: boolean
  /** Of all its tasks: the play goes on on a host where one fails. */
  readonly ignoreErrors?: boolean
  /** Of all its tasks: the play goes on on a host that is lost, whose next task connects anew. */
  readonly ignoreUnreachable?: boolean
  /** Of all its tasks: at most so many hosts run one at once. */
  readonly throttle?: number
}

export type Strategy = 'linear' | 'free' | 'hostPinned'

const orders = ['inventory', 'reverseInventory', 'sorted', 'reverseSorted', 'shuffle'] as const
/**
 * Ansible's: `inventory` as the play names them, and in a group as the inventory does; `sorted` by name; `shuffle` anew in
 * each run.
 */
export type HostOrder = (typeof orders)[number]

/** A play as collected: for the engine. */
export interface PlayRecord {
  readonly name: string
  readonly hosts: HostChoice
  readonly order?: HostOrder
  /** Where its tasks run instead of on its hosts. */
  readonly connection?: LocalSettings
  /** Families by name. */
  readonly facts: Required<Omit<FactsScope, 'families'>> & { readonly families: readonly string[] }
  readonly become: boolean
  readonly tags: readonly string[]
  readonly strategy: Strategy
  /** Sizes of its batches; none: all hosts at once. */
  readonly serial: readonly Portion[]
  readonly maxFailPercentage: number | undefined
  readonly tasks: readonly TaskRecord[]
  readonly handlers: readonly TaskRecord[]
  readonly at: SourceLine | undefined
}

export interface Playbook {
  readonly kind: 'playbook'
  readonly name: string
  readonly inventory: Inventory
  readonly plays: readonly PlayRecord[]
  readonly at: SourceLine | undefined
}

/** Adds a play. Its body runs once, at load, and collects tasks; what differs by host stands in closures. */
export type DefinePlay<S extends Shape> = <
  const H extends (keyof S & string) | HostIn<S> | Chosen<string>,
  const C extends OnController | undefined = undefined,
  const F extends Family = C extends OnController ? never : 'os' | 'network',
>(
  name: string,
  options: PlayOptions<H, keyof S & string, F, C> & CheckedChoice<H, Known<S>>,
  body: (tools: PlayTools<Scope<S, GroupOf<S, H>, F>>) => void,
) => void

/**
 * Declares a playbook: a list of plays over one inventory.
 * @throws RollcallError at load for unknown hosts, two tasks of one name, or a foreign handler.
 */
export function definePlaybook<S extends Shape>(name: string, inventory: Inventory<S>, body: (play: DefinePlay<S>) => void): Playbook {
  const at = callerLine()
  const plays: PlayRecord[] = []
  const play = (playName: string, options: PlayOptions<Choice, string, Family>, fill: (tools: PlayTools<any>) => void) => {
    const playAt = callerLine()
    const { model } = inventory
    const hosts = options.hosts as HostChoice
    for (const name of [...(typeof hosts === 'string' ? [hosts] : []), options.facts?.of ?? 'all'])
      refuseUnknownName(name, model, playName, playAt)
    matchHosts(hosts, model, { by: 'A play', where: `play '${playName}'`, ...(playAt && { at: playAt }) })
    if (plays.some((other) => other.name === playName))
      throw new RollcallError({
        summary: 'Two plays have one name',
        detail: `'${playName}'`,
        fix: 'Rename one: names identify plays in reports.',
        ...(playAt && { at: playAt }),
      })
    const { tools, tasks, handlers, finish } = recordTools(playName, options)
    fill(tools)
    finish()
    const connection = options.connection === 'local' ? ({ type: 'local' } as const) : options.connection
    const usual: readonly Family[] = connection ? [] : ['os', 'network']
    const { of = 'all', families = usual, ifDown = 'lastKnown', maxAge = 3600 } = options.facts ?? {}
    const names = families.map((family) => (typeof family === 'string' ? family : family.name))
    for (const name of names) refuseUnknownFamily(name, playName, playAt)
    const { become = false, tags = [], strategy = 'linear', maxFailPercentage, order } = options
    const serial = options.serial === undefined ? [] : [options.serial].flat()
    if (order !== undefined && !orders.includes(order)) refuseOrder(order, playName, playAt)
    if (!strategies.includes(strategy)) refuseStrategy(strategy, playName, playAt)
    refuseSizes(options.serial, maxFailPercentage, playName, playAt)
    refuseTags({ name: playName, tags, at: playAt }, tasks)
    plays.push({
      name: playName,
      hosts,
      ...(order !== undefined && { order }),
      ...(connection && { connection }),
      facts: { of, families: names, ifDown, maxAge },
      become,
      tags,
      strategy,
      serial,
      maxFailPercentage,
      tasks,
      handlers,
      at: playAt,
    })
  }
  body(play as unknown as DefinePlay<S>)
  return { kind: 'playbook', name, inventory: inventory as unknown as Inventory, plays, at }
}

const strategies: readonly Strategy[] = ['linear', 'free', 'hostPinned']

function refuseSizes(serial: PlayOptions['serial'], maxFailPercentage: number | undefined, play: string, at: SourceLine | undefined): void {
  const refuse = (summary: string, detail: string, fix: string): never => {
    throw new RollcallError({ summary, detail: `play '${play}': ${detail}`, fix, ...(at && { at }) })
  }
  const portions = serial === undefined ? [1] : [serial].flat()
  const wrong = portions.length === 0 ? 'the list is empty' : portions.map(wrongPortion).find((one) => one !== undefined)
  if (wrong !== undefined) refuse('serial names no number of hosts', wrong, "Give a number, '30%', or a list such as [1, '30%'].")
  if (maxFailPercentage !== undefined && !(maxFailPercentage >= 0 && maxFailPercentage <= 100))
    refuse('maxFailPercentage is a number from 0 to 100', String(maxFailPercentage), 'With 0 the first failure ends the run.')
}

function refuseUnknownName(name: string, { groups, hosts }: InventoryModel, play: string, at: SourceLine | undefined): void {
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

function refuseOrder(order: string, play: string, at: SourceLine | undefined): never {
  const meant = suggest(order.replaceAll('_', ''), orders)
  throw new RollcallError({
    summary: 'A play has an order of hosts that there is not',
    detail: `play '${play}': '${order}'`,
    fix: meant ? `Did you mean '${meant}'?` : `There are: ${orders.join(', ')}.`,
    ...(at && { at }),
  })
}

function refuseStrategy(strategy: string, play: string, at: SourceLine | undefined): never {
  throw new RollcallError({
    summary: 'A play has a strategy that there is not',
    detail: `play '${play}': '${strategy}'`,
    fix: "There are: 'linear', where hosts wait for each other at each task, 'free', and 'hostPinned'.",
    ...(at && { at }),
  })
}

function refuseUnknownFamily(name: string, play: string, at: SourceLine | undefined): void {
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
