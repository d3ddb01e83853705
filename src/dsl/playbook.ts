import { RollcallError, type SourceLine } from '../model/errors.ts'
import { type BuiltInFamily, builtInFamilies, type Facts, type Family } from '../model/facts.ts'
import type { DeclaredHost, Fleet, Targets } from '../model/fleet.ts'
import type { GroupShape, LocalSettings, Shape } from '../model/inventory.ts'
import { callerLine } from '../util/caller.ts'
import { suggest } from '../util/suggest.ts'
import { ownFacts } from './define-facts.ts'
import type { Inventory } from './inventory.ts'
import type { PlayTools, ResultReader } from './play-tools.ts'
import { recordTools, type TaskRecord } from './record.ts'
import { type Portion, wrongPortion } from './serial.ts'

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
  H extends string = string,
  G extends string = string,
  F extends Family = BuiltInFamily,
  C extends OnController | undefined = OnController | undefined,
> {
  /** A group or a host of the inventory. */
  readonly hosts: H
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
  /** Of all its tasks and handlers: seconds that each may take. */
  readonly timeout?: number
}

export type Strategy = 'linear' | 'free' | 'hostPinned'

/** A play as collected: for the engine. */
export interface PlayRecord {
  readonly name: string
  readonly hosts: string
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

type All<S extends Shape> = S['all'] extends infer X extends GroupShape ? X : never
type GroupOf<S extends Shape, H extends string> = H extends keyof S
  ? S[H] extends infer X extends GroupShape
    ? X
    : never
  : { readonly host: H; readonly vars: All<S>['vars']; readonly privateIp: All<S>['privateIp'] }

/** Adds a play. Its body runs once, at load, and collects tasks; what differs by host stands in closures. */
export type DefinePlay<S extends Shape> = <
  const H extends (keyof S & string) | All<S>['host'],
  const C extends OnController | undefined = undefined,
  const F extends Family = C extends OnController ? never : 'os' | 'network',
>(
  name: string,
  options: PlayOptions<H, keyof S & string, F, C>,
  body: (tools: PlayTools<Scope<S, GroupOf<S, H>, F>>) => void,
) => void

/**
 * Declares a playbook: a list of plays over one inventory.
 * @throws RollcallError at load for unknown hosts, two tasks of one name, or a foreign handler.
 */
export function definePlaybook<S extends Shape>(name: string, inventory: Inventory<S>, body: (play: DefinePlay<S>) => void): Playbook {
  const at = callerLine()
  const plays: PlayRecord[] = []
  const play = (playName: string, options: PlayOptions<string, string, Family>, fill: (tools: PlayTools<any>) => void) => {
    const playAt = callerLine()
    const { groups, hosts } = inventory.model
    for (const group of [options.hosts, options.facts?.of ?? 'all']) {
      if (groups.has(group) || hosts.has(group)) continue
      const meant = suggest(group, [...groups.keys(), ...hosts.keys()])
      throw new RollcallError({
        summary: 'A play names a host or group that the inventory does not have',
        detail: `play '${playName}': '${group}'`,
        fix: meant ? `Did you mean '${meant}'?` : `The inventory has: ${[...groups.keys(), ...hosts.keys()].join(', ')}.`,
        ...(playAt && { at: playAt }),
      })
    }
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
    const { become = false, tags = [], strategy = 'linear', maxFailPercentage } = options
    const serial = options.serial === undefined ? [] : [options.serial].flat()
    if (!strategies.includes(strategy)) refuseStrategy(strategy, playName, playAt)
    refuseSizes(options.serial, maxFailPercentage, playName, playAt)
    plays.push({
      name: playName,
      hosts: options.hosts,
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
