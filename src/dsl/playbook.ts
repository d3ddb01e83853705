import type { BecomeOption, Becoming } from '../model/become.ts'
import { RollcallError, type SourceLine } from '../model/errors.ts'
import type { BuiltInFamily, Facts, Family } from '../model/facts.ts'
import type { DeclaredHost, Fleet, Targets } from '../model/fleet.ts'
import { type HostChoice, type NewSet, newSetsIn } from '../model/host-set.ts'
import type { GroupShape, LocalSettings, Shape } from '../model/inventory.ts'
import { matchHosts } from '../model/match-hosts.ts'
import { callerLine } from '../util/caller.ts'
import { checkedBecome } from './become.ts'
import { collecting, refuseAsync } from './collecting.ts'
import { type Environment, environmentsOf } from './environment.ts'
import type { CheckedChoice, Choice, Chosen, GroupOf, Known, NamedHost } from './hosts.ts'
import { checkInputs, type DeclaredInputs, type InputValues } from './input.ts'
import { type Inventory, partsOf } from './inventory.ts'
import type { PlayTools, ResultReader } from './play-tools.ts'
import { recordTools, type TaskRecord } from './record.ts'
import {
  type HostOrder,
  refuseFacts,
  refuseNewHosts,
  refuseOrder,
  refuseSizes,
  refuseStrategy,
  refuseUnknownFamily,
  refuseUnknownName,
  type Strategy,
} from './refuse-play.ts'
import { refuseRefresh } from './refuse-refresh.ts'
import type { Portion } from './serial.ts'
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
  /**
   * `all` (default), one group, or `targets`: no host is asked but those that the play runs on, for a play that reads nothing
   * of others.
   */
  readonly of?: G | 'targets'
  /**
   * Families gathered and readable: built-in ones by name, your own as `defineFacts` gave them. Default: `os` and `network`;
   * of a play on the controller: none.
   */
  readonly families?: readonly F[]
  /** A host of the scope that does not answer: use what was last known (default), or fail the run before any change. */
  readonly ifDown?: 'lastKnown' | 'fail'
  /** Seconds for which a cached fact of a host outside the targets is not fetched again. Default 3600; targets: always live. */
  readonly maxAge?: number
  /** Seconds that all hosts outside the targets have together to answer. Default 10; of several plays the longest counts. */
  readonly timeout?: number
}

/** The controller, in the place of a play's hosts. */
type OnController = 'local' | LocalSettings

export interface PlayOptions<
  H extends Choice = Choice,
  G extends string = string,
  F extends Family = BuiltInFamily,
  C extends OnController | undefined = OnController | undefined,
  V extends object = any,
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
  /** Run tasks as another user: `true` is root by sudo, unless the inventory says otherwise. */
  readonly become?: BecomeOption
  /** Variables that commands and steps of all tasks run with. */
  readonly environment?: Environment<ScopeNeeds<V, F>>
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

/** A play as collected: for the engine. */
export interface PlayRecord {
  readonly name: string
  readonly hosts: HostChoice
  readonly order?: HostOrder
  /** Where its tasks run instead of on its hosts. */
  readonly connection?: LocalSettings
  /** Families by name. */
  readonly facts: Required<Omit<FactsScope, 'families'>> & { readonly families: readonly string[] }
  readonly become: Becoming
  readonly environment: readonly Environment[]
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
  /** Of one with inputs: empty until {@link Playbook.withInputs} has run its body. */
  readonly plays: readonly PlayRecord[]
  readonly at: SourceLine | undefined
  /** What it has to be given before its body can run. */
  readonly inputs?: DeclaredInputs
  /** Runs the body with values of all inputs, once. */
  readonly withInputs?: (values: object) => Playbook
}

/** What a playbook is besides its plays. */
export interface PlaybookOptions<I extends DeclaredInputs = DeclaredInputs> {
  /** Values that a run is given by `-e`, or asks for. */
  readonly inputs: I
}
/** What the body of a playbook with inputs gets besides `play`. */
export interface PlaybookScope<I extends DeclaredInputs = DeclaredInputs> {
  readonly inputs: InputValues<I>
}

/** Adds a play. Its body runs once, at load, and collects tasks; what differs by host stands in closures. */
export type DefinePlay<S extends Shape> = <
  const H extends (keyof S & string) | NamedHost<S> | Chosen<string>,
  const C extends OnController | undefined = undefined,
  const F extends Family = C extends OnController ? never : 'os' | 'network',
>(
  name: string,
  // The vars alone, as the compiler prints all of it in each of its messages.
  options: PlayOptions<H, keyof S & string, F, C, GroupOf<S, H>['vars']> & CheckedChoice<H, Known<S>>,
  body: (tools: PlayTools<Scope<S, GroupOf<S, H>, F>>) => void,
) => void

/**
 * Declares a playbook: a list of plays over one inventory.
 * @throws RollcallError at load for unknown hosts, two tasks of one name, or a foreign handler.
 */
export function definePlaybook<S extends Shape>(name: string, inventory: Inventory<S>, body: (play: DefinePlay<S>) => void): Playbook
/** One that is given values: its body runs when all of its inputs are known. */
export function definePlaybook<S extends Shape, I extends DeclaredInputs>(
  name: string,
  inventory: Inventory<S>,
  options: PlaybookOptions<I>,
  body: (play: DefinePlay<S>, scope: PlaybookScope<I>) => void,
): Playbook
export function definePlaybook<S extends Shape>(
  name: string,
  inventory: Inventory<S>,
  ...rest: readonly [body: Body] | readonly [options: PlaybookOptions, body: Body]
): Playbook {
  const at = callerLine()
  const [options, body] = rest.length === 1 ? [undefined, rest[0]] : rest
  const known = { kind: 'playbook', name, inventory: inventory as unknown as Inventory, at } as const
  if (options === undefined) return { ...known, plays: collectPlays(name, known.inventory, body, { inputs: {} }) }
  const { inputs } = options
  checkInputs(inputs, name)
  const withInputs = (values: object): Playbook => ({
    ...known,
    inputs,
    plays: collectPlays(name, known.inventory, body, { inputs: values }),
  })
  return { ...known, inputs, plays: [], withInputs }
}

type Body = (play: any, scope: any) => unknown

function collectPlays(name: string, inventory: Inventory, body: Body, scope: { readonly inputs: object }): readonly PlayRecord[] {
  const plays: PlayRecord[] = []
  const sets = new Map<string, NewSet>()
  const play = (playName: string, options: PlayOptions<Choice, string, Family>, fill: (tools: PlayTools<any>) => unknown) => {
    const playAt = callerLine()
    const { model } = inventory
    const hosts = options.hosts as HostChoice
    for (const name of typeof hosts === 'string' ? [hosts] : []) refuseUnknownName(name, model, playName, playAt)
    refuseFacts(options.facts ?? {}, model, playName, playAt)
    for (const set of newSetsIn(hosts)) refuseNewHosts(set, sets, model, playName, playAt)
    matchHosts(hosts, model, { by: 'A play', where: `play '${playName}'`, ...(playAt && { at: playAt }) })
    if (plays.some((other) => other.name === playName))
      throw new RollcallError({
        summary: 'Two plays have one name',
        detail: `'${playName}'`,
        fix: 'Rename one: names identify plays in reports.',
        ...(playAt && { at: playAt }),
      })
    const { tools, tasks, handlers, finish } = recordTools(playName, options)
    const body = collecting(`play '${playName}'`, tools)
    refuseAsync(`play '${playName}'`, fill(body.tools))
    body.end()
    finish()
    const connection = options.connection === 'local' ? ({ type: 'local' } as const) : options.connection
    const usual: readonly Family[] = connection ? [] : ['os', 'network']
    const { of = 'all', families = usual, ifDown = 'lastKnown', maxAge = 3600, timeout = 10 } = options.facts ?? {}
    const names = families.map((family) => (typeof family === 'string' ? family : family.name))
    for (const name of names) refuseUnknownFamily(name, playName, playAt)
    const { tags = [], strategy = 'linear', maxFailPercentage, order } = options
    const serial = options.serial === undefined ? [] : [options.serial].flat()
    refuseOrder(order, playName, playAt)
    refuseStrategy(strategy, playName, playAt)
    refuseSizes(options.serial, maxFailPercentage, playName, playAt)
    if (!partsOf(inventory)) refuseRefresh(playName, tasks)
    refuseTags({ name: playName, tags, at: playAt }, tasks)
    plays.push({
      name: playName,
      hosts,
      ...(order !== undefined && { order }),
      ...(connection && { connection }),
      facts: { of, families: names, ifDown, maxAge, timeout },
      become: checkedBecome(options.become, `play '${playName}'`, playAt),
      environment: environmentsOf(options.environment, `play '${playName}'`, playAt),
      tags,
      strategy,
      serial,
      maxFailPercentage,
      tasks,
      handlers,
      at: playAt,
    })
  }
  const whole = collecting(`playbook '${name}'`, { play })
  refuseAsync(`playbook '${name}'`, body(whole.tools.play, Object.freeze({ inputs: Object.freeze({ ...scope.inputs }) })))
  whole.end()
  return plays
}
