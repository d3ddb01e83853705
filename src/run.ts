import { performance } from 'node:perf_hooks'
import { askHosts } from './ask-hosts.ts'
import type { PlayContext } from './engine/context.ts'
import type { Gathered } from './engine/gather-facts.ts'
import { type HostState, openHostState } from './engine/host-state.ts'
import { openPlay } from './engine/open-play.ts'
import { preflight } from './engine/preflight.ts'
import { runPlay } from './engine/run-play.ts'
import { loadValidator, type ParamsValidator } from './engine/validate.ts'
import { RollcallError } from './model/errors.ts'
import type { Emit, HostRecap } from './model/event.ts'
import type { Family } from './model/facts.ts'
import { redactEvent } from './model/redact-event.ts'
import { type OpenedPlaybook, openPlaybook, type PlaybookRequest } from './open-playbook.ts'
import { ownVersion } from './util/own-root.ts'

export interface RunRequest extends PlaybookRequest {
  readonly check: boolean
  readonly forks: number
  readonly emit: Emit
  /** Gets a line for each thing that takes noticeable time before the first event. */
  readonly progress: (line: string) => void
}

/**
 * The whole of Rollcall on one screen: load, narrow, ask every host, look for mistakes, and only then play by play,
 * task by task. Gives the exit code; throws RollcallError for what is wrong before anything on a host has changed.
 */
export async function run(asked: RunRequest): Promise<number> {
  const request: RunRequest = { ...asked, emit: (event) => asked.emit(redactEvent(event)) }
  const started = performance.now()
  const opened = await openPlaybook(request) // Fleet, facts scope and Targets are fixed here; no host was contacted.
  const validate = loadValidator()
  const gathered = await unlessRefused(opened.compiled, askAll(opened, request)) // Every host answers …
  const states = openStates(opened, gathered, request.check)
  closeOthers(gathered, states)
  try {
    await opened.compiled // … and before the compiler's verdict nothing but facts was asked.
    const contexts = openPlays(opened, gathered, states, request, await validate)
    const looks = contexts.map(preflight)
    const [mistake] = looks.flatMap((look) => look.mistakes)
    if (mistake) throw mistake
    announce(opened, gathered, request, [...new Set(looks.flatMap((look) => look.queries))])
    refuseIfDown(opened, gathered)
    for (const context of contexts) if (context.hosts.size > 0) await runPlay(context, request.forks) // … before any host changes.
    return recap(opened, gathered, states, request, performance.now() - started)
  } finally {
    await closeAll(gathered)
  }
}

async function askAll({ playbook, inventoryPath, selection }: OpenedPlaybook, request: RunRequest): Promise<Gathered> {
  const inventory = playbook.inventory.model
  const plays = selection.plays.filter((play) => play.hosts.length > 0).map(({ play }) => play.facts)
  const hosts = [...new Set([...selection.factsScope, ...selection.targets])].map((name) => inventory.hosts.get(name)!)
  const families = [...new Set<Family>(plays.flatMap((facts) => facts.families))]
  const maxAge = Math.min(...plays.map((facts) => facts.maxAge))
  const { check, forks, progress } = request
  return askHosts({ inventory, inventoryPath, hosts, families, maxAge, targets: new Set(selection.targets), check, forks, progress })
}

/** Each play with what its closures may know: the fleet, whole, and the targets, limited. */
function openPlays(
  opened: OpenedPlaybook,
  { knowledge }: Gathered,
  states: ReadonlyMap<string, HostState>,
  request: RunRequest,
  validate: ParamsValidator,
): PlayContext[] {
  const { playbook, selection, relative, project } = opened
  const { check, emit } = request
  const inventory = playbook.inventory.model
  const files = new Map()
  return selection.plays.map((selected) =>
    openPlay({
      selected,
      inventory,
      states,
      playbook: playbook.name,
      targets: selection.targets,
      knowledge,
      check,
      root: project.root,
      relative,
      emit,
      validate,
      files,
    }),
  )
}

/** A playbook that does not compile is refused as soon as that is known, also while hosts are still being asked. */
async function unlessRefused(compiled: Promise<unknown>, asking: Promise<Gathered>): Promise<Gathered> {
  const refused = compiled.then(() => new Promise<never>(() => {}))
  try {
    return await Promise.race([asking, refused])
  } catch (error) {
    asking.then(closeAll).catch(() => {})
    throw error
  }
}

/** Hosts that were only asked for their facts are let go before the first task. */
function closeOthers({ access }: Gathered, states: ReadonlyMap<string, HostState>): void {
  for (const [name, open] of access) if (!states.has(name)) open.close().catch(() => {})
}

async function closeAll({ access }: Gathered): Promise<void> {
  await Promise.all([...access.values()].map((open) => open.close()))
}

function openStates({ playbook, selection }: OpenedPlaybook, gathered: Gathered, check: boolean): Map<string, HostState> {
  const records = playbook.inventory.model.hosts
  return new Map(
    selection.targets.flatMap((name) => {
      const access = gathered.access.get(name)
      return access && !gathered.failures.has(name) ? [[name, openHostState(records.get(name)!, access, check)]] : []
    }),
  )
}

function announce(opened: OpenedPlaybook, gathered: Gathered, request: RunRequest, queries: readonly string[]): void {
  const { fleet, factsScope, targets } = opened.selection
  request.emit({
    event: 'run',
    version: ownVersion(),
    playbook: opened.playbook.name,
    inventory: opened.relative(opened.inventoryPath),
    check: request.check,
    fleet,
    factsScope,
    targets,
    queries,
  })
  request.emit(gathered.event)
  for (const warning of gathered.warnings) request.emit(warning)
  for (const host of targets) {
    const failure = gathered.failures.get(host)
    if (failure)
      request.emit({
        event: 'task',
        host,
        play: '',
        task: 'connect',
        module: '',
        handler: false,
        outcome: 'unreachable',
        confidence: 'certain',
        error: { ...failure.details, host },
        durationMs: gathered.event.durationMs,
      })
  }
}

/** `ifDown: 'fail'`: a host of the scope that cannot be asked ends the run before any change. */
function refuseIfDown({ selection }: OpenedPlaybook, { failures }: Gathered): void {
  for (const { play, factsOf, hosts } of selection.plays) {
    const down = play.facts.ifDown === 'fail' && hosts.length > 0 ? factsOf.filter((host) => failures.has(host)) : []
    if (down.length === 0) continue
    const reasons = down.map((host) => `${host}: ${failures.get(host)!.message}`).join('\n')
    throw new RollcallError({
      summary: `Play '${play.name}' needs facts of every host of its scope, and not every one answers`,
      detail: reasons,
      fix: `Start them, or let the play use what was last known: facts: { ifDown: 'lastKnown' }.`,
      exitCode: 4,
      ...(play.at && { at: play.at }),
    })
  }
}

function recap(
  { selection }: OpenedPlaybook,
  gathered: Gathered,
  states: ReadonlyMap<string, HostState>,
  request: RunRequest,
  durationMs: number,
): number {
  const hosts: Record<string, HostRecap> = {}
  for (const name of selection.targets) {
    const counts = states.get(name)?.counts ?? { ok: 0, changed: 0, skipped: 0, failed: 0, unreachable: 1 }
    hosts[name] = { ...counts, exchanges: gathered.access.get(name)?.exchanges() ?? 0 }
  }
  const all = Object.values(hosts)
  const exitCode = all.some((host) => host.failed > 0) ? 2 : all.some((host) => host.unreachable > 0) ? 4 : 0
  request.emit({ event: 'recap', check: request.check, hosts, durationMs: Math.round(durationMs), exitCode })
  return exitCode
}
