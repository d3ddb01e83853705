import type { Inventory } from '../dsl/inventory.ts'
import type { Scope } from '../dsl/playbook.ts'
import type { Rendering } from '../dsl/template.ts'
import { openHostState } from '../engine/host-state.ts'
import { matchPattern } from '../engine/limit.ts'
import { noAccess } from '../engine/no-access.ts'
import { openPlay } from '../engine/open-play.ts'
import { familyNames } from '../facts/index.ts'
import { knowledgeOf } from '../facts/knowledge.ts'
import type { BuiltInFamily, FactValues, Family } from '../model/facts.ts'
import type { GroupShape, Shape } from '../model/inventory.ts'
import { renderTemplate } from '../render/index.ts'

export interface ScopeOptions {
  /** As `--limit`; default all. What `fleet` holds does not depend on it. */
  readonly limit?: string
  /** Facts by host. A host that is not named here is down and was never seen. */
  readonly facts?: { readonly [host: string]: FactValues }
}

/**
 * What closures see on a host in a run with this limit and these facts, made by the engine itself: for tests of templates
 * and of data that closures work out, without a host.
 * @throws RollcallError for a host or a limit that the inventory does not have.
 */
export function scopeOn<S extends Shape, F extends Family = BuiltInFamily>(
  inventory: Inventory<S>,
  host: S['all'] extends GroupShape ? S['all']['host'] : string,
  { limit = 'all', facts = {} }: ScopeOptions = {},
): Scope<S, S['all'] extends GroupShape ? S['all'] : GroupShape, F> {
  const { model } = inventory
  const everybody = [...model.hosts.keys()]
  matchPattern(host, model, 'scopeOn')
  const targets = matchPattern(limit, model, 'limit')
  const knowledge = new Map(
    everybody.map((name) => {
      const live = facts[name]
      const declared = model.hosts.get(name)?.facts
      return [name, knowledgeOf({ host: name, declared, now: 0, ...(live ? { live } : { reason: 'the test gives no facts of it' }) })]
    }),
  )
  const scope = { of: 'all', families: familyNames(), ifDown: 'lastKnown', maxAge: 0, timeout: 10 } as const
  const play = {
    name: 'test',
    hosts: 'all',
    facts: scope,
    become: {},
    environment: [],
    tags: [],
    strategy: 'linear' as const,
    serial: [],
    maxFailPercentage: undefined,
    tasks: [],
    handlers: [],
    at: undefined,
  }
  const states = new Map([[host, openHostState(model.hosts.get(host)!, noAccess, true)]])
  const context = openPlay({
    selected: { play, hosts: [host], tasks: [], factsOf: everybody },
    playbook: 'test',
    inventory: model,
    targets,
    knowledge,
    states,
    check: true,
    root: process.cwd(),
    relative: (file) => file,
    emit: () => {},
    validate: () => undefined,
    files: new Map(),
  })
  const result = () => {
    throw new Error('there are no results in a test: hand the closure a scope of its own, { ...scope, result: () => … }')
  }
  return { ...context.scopeOf(host), result } as unknown as ReturnType<typeof scopeOn<S, F>>
}

/**
 * A template with its input as the text that a run would write.
 * @throws RollcallError as a run does: an undeclared name, a value that cannot be printed, a fact that is not known.
 */
export function renderText(rendering: Rendering): string {
  return Buffer.from(renderTemplate(rendering, { root: process.cwd() }).bytes).toString('utf8')
}
