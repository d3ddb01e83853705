import type { ResolvedInput } from '../dsl/definition.ts'
import { batchesOf } from '../dsl/serial.ts'
import type { Emit } from '../model/event.ts'
import type { HostKnowledge } from '../model/facts.ts'
import type { Targets } from '../model/fleet.ts'
import type { InventoryModel } from '../model/inventory.ts'
import type { Steering } from '../util/steering.ts'
import type { Patience, PlayContext, PlayHost, Terminal } from './context.ts'
import type { Delegates } from './delegate.ts'
import { declaredHost, factsOf, type KnowledgeScope, openFleet, openTargets } from './fleet.ts'
import type { HostState } from './host-state.ts'
import { inputResolver } from './inputs.ts'
import type { SelectedPlay } from './select.ts'
import type { ParamsValidator } from './validate.ts'

export interface OpenPlay {
  readonly selected: SelectedPlay
  readonly playbook: string
  readonly inventory: InventoryModel
  readonly targets: readonly string[]
  readonly knowledge: ReadonlyMap<string, HostKnowledge>
  readonly states: ReadonlyMap<string, HostState>
  readonly check: boolean
  readonly root: string
  readonly relative: (file: string) => string
  readonly emit: Emit
  readonly validate: ParamsValidator
  readonly files: Map<string, ResolvedInput>
  /** False where no host is asked (`explain`); default true. */
  readonly asked?: boolean
  readonly terminal?: Terminal | undefined
  readonly delegates?: Delegates | undefined
  readonly step?: PlayContext['step']
  readonly steering?: Steering | undefined
  readonly watch?: PlayContext['watch']
  /** False: every change goes alone. */
  readonly batches?: boolean
  /** Default: half a minute for what is read ahead, ten minutes for what is due. */
  readonly patience?: Patience
  readonly trusts?: PlayContext['trusts']
  readonly past?: PlayContext['past']
  readonly force?: boolean | undefined
  readonly groups?: PlayContext['groups']
  readonly roster?: PlayContext['roster']
  readonly renew?: PlayContext['renew']
}

/** The facts a play's closures may read: the scope it declared, whatever the limit says. */
export function knowledgeScope(
  { play, factsOf: hosts }: SelectedPlay,
  knowledge: ReadonlyMap<string, HostKnowledge>,
  asked = true,
): KnowledgeScope {
  return { play: play.name, families: play.facts.families, hosts: new Set(hosts), of: play.facts.of, knowledge, asked }
}

function openPlayHost(state: HostState): PlayHost {
  return {
    state,
    results: new Map(),
    notified: new Set(),
    unsure: new Map(),
    evaluations: new Map(),
    failure: undefined,
    failures: new Map(),
    leaving: [],
    sheltered: 0,
    tidying: false,
    ended: false,
    prepared: new Map(),
  }
}

/** Makes what a play needs to run: the fleet, whole, and the targets, limited, as two things of two types. */
export function openPlay(open: OpenPlay): PlayContext {
  const { selected, inventory, states } = open
  const scope = knowledgeScope(selected, open.knowledge, open.asked)
  const fleet = openFleet(inventory, scope)
  const targets = openTargets(inventory, open.targets, scope)
  const scopes = new Map<string, object>()
  const hosts = selected.hosts
    .flatMap((name) => states.get(name) ?? [])
    .map((state): [string, PlayHost] => [state.host.name, openPlayHost(state)])
  const batches = new Map<string, Targets>()
  for (const names of batchesOf(selected.hosts, selected.play.serial)) {
    const batch = names.length === open.targets.length ? targets : openTargets(inventory, names, scope)
    for (const name of names) batches.set(name, batch)
  }
  return {
    selected,
    playbook: open.playbook,
    check: open.check,
    // What was not asked for must not go along with what was.
    batches: open.batches ?? open.step === undefined,
    step: open.step,
    patience: open.patience ?? { aheadMs: 30_000, dueMs: 600_000 },
    trusts: open.trusts ?? (() => false),
    emit: open.emit,
    validate: open.validate,
    resolveInput: inputResolver(open.root, scope, open.files),
    relative: open.relative,
    now: () => new Date(),
    terminal: open.terminal,
    delegates: open.delegates,
    past: open.past,
    force: open.force,
    groups: open.groups,
    roster: open.roster,
    renew: open.renew,
    steering: open.steering,
    watch: open.watch,
    hosts: new Map(hosts),
    scopeOf: (name) => {
      const known = scopes.get(name) ?? {
        host: declaredHost(inventory.hosts.get(name)!),
        facts: factsOf(name, scope),
        fleet,
        targets,
        batch: batches.get(name) ?? targets,
      }
      scopes.set(name, known)
      return known
    },
  }
}
