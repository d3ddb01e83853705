import { announce } from './announce.ts'
import { type AskRequest, askHosts } from './ask-hosts.ts'
import { ownFacts } from './dsl/define-facts.ts'
import type { ResolvedInput } from './dsl/definition.ts'
import type { PlayContext, Terminal } from './engine/context.ts'
import { openGroups } from './engine/dynamic-groups.ts'
import { timeoutOf, wishesOf } from './engine/fact-wishes.ts'
import type { Gathered } from './engine/gather-facts.ts'
import { tellOwed } from './engine/handlers.ts'
import { type OpenPlay, openPlay } from './engine/open-play.ts'
import { preflight } from './engine/preflight.ts'
import { readAhead } from './engine/read-ahead.ts'
import { openRoster, type Roster } from './engine/roster.ts'
import { runPlay } from './engine/run-play.ts'
import { becoming, mayRun, type SelectedPlay, type Selection } from './engine/select.ts'
import { stepByStep } from './engine/step-by-step.ts'
import { loadValidator } from './engine/validate.ts'
import { holdingOf } from './holding.ts'
import { type ErrorDetails, RollcallError } from './model/errors.ts'
import type { Emit, WarningEvent } from './model/event.ts'
import type { GivenInput } from './model/input.ts'
import type { InventoryModel } from './model/inventory.ts'
import { redactEvent } from './model/redact-event.ts'
import { builtInDefinitions } from './module-named.ts'
import { openDelegates } from './open-delegates.ts'
import { type OpenedPlaybook, openPlaybook, type PlaybookRequest } from './open-playbook.ts'
import { openStates, type States } from './open-states.ts'
import type { GoOn, PastRun } from './past-run.ts'
import { recap } from './recap.ts'
import { refuseIfDown } from './refuse-if-down.ts'
import { openTurns } from './take-on.ts'
import type { Secret } from './util/secret.ts'
import type { Steering } from './util/steering.ts'

/** How a run goes, whatever it runs. */
export interface RunOptions {
  readonly check: boolean
  readonly forks: number
  readonly emit: Emit
  /** Gets a line for each thing that takes noticeable time before the first event. */
  readonly progress: (line: string) => void
  /** The person who started the run, where there is a terminal; `pause` asks them. */
  readonly terminal?: Terminal | undefined
  /** What holds already is applied all the same, where that can be. */
  readonly force?: boolean
  /** Ask that person before each task. */
  readonly step?: boolean
  /** How long a host that another run changes is waited for; default not at all. */
  readonly waitForLockMs?: number | undefined
  /** Somebody watches: what takes long is told while it runs. */
  readonly live?: boolean
  /** Whoever may end the run before its last task. */
  readonly steering?: Steering | undefined
  /** How a host is reached; default is as its inventory says. */
  readonly open?: AskRequest['open']
  /** The earlier run that it goes on with. */
  readonly past?: PastRun | undefined
  /** For hosts whose inventory gives none. */
  readonly becomePassword?: Secret | undefined
  /** Seconds that all hosts outside the targets have to give their facts; default is what the plays say. */
  readonly factsTimeout?: number | undefined
}
export interface RunRequest extends PlaybookRequest, Omit<RunOptions, 'past'> {
  /** Goes on with the last run of the playbook on the inventory. */
  readonly goOn?: GoOn
}

/** What is to run: a playbook that is loaded and narrowed, or one that was made for the occasion. */
export interface ToRun
  extends Pick<OpenedPlaybook, 'playbook' | 'inventoryPath' | 'inventoryWarnings' | 'selection' | 'compiled' | 'relative'> {
  /** Where paths of the controller begin. */
  readonly project: { readonly root: string }
  readonly given?: readonly GivenInput[]
  /** Asks the sources of the inventory again; absent where it has none. */
  readonly refresh?: (() => Promise<InventoryModel>) | undefined
}

/**
 * The whole of Rollcall on one screen: load, narrow, ask every host, look for mistakes, and only then play by play,
 * task by task. Gives the exit code; throws RollcallError for what is wrong before anything on a host has changed.
 */
export async function run(request: RunRequest): Promise<number> {
  const started = performance.now()
  if (request.step) stepByStep(request.terminal) // Nobody to ask: refused before anything is loaded.
  const past = request.goOn && (await import('./past-run.ts')).openPast(request, request.goOn)
  const opened = await openPlaybook(past?.request ?? request) // Fleet, facts scope and Targets are fixed here; no host was contacted.
  const { keepJournal } = await import('./journal.ts')
  const journal = keepJournal(opened, { ...(past?.request ?? request), check: request.check }, request.emit)
  try {
    return await runOpened(opened, { ...request, emit: journal.emit, past }, started)
  } finally {
    journal.close()
  }
}

/** {@link run} from where everything is known but what hosts say. */
export async function runOpened(opened: ToRun, asked: RunOptions, started = performance.now()): Promise<number> {
  const step = asked.step ? stepByStep(asked.terminal) : undefined
  const request: RunOptions = { ...asked, emit: (event) => asked.emit(redactEvent(event)) }
  const validate = loadValidator()
  const own = ownFactsOf(opened)
  if (own.length > 0) await opened.compiled // Scripts of the user's own wait for the compiler.
  const files = new Map<string, ResolvedInput>()
  const readingFiles = readAhead(opened.selection.plays, opened.project.root, files)
  const gathered = await unlessRefused(opened.compiled, askAll(opened, request), request.steering) // Every host answers …
  const holding = holdingOf(opened.playbook.name, request.waitForLockMs)
  const states = await openStates(opened, gathered, request, holding).catch(async (error: unknown) => {
    await closeAll(gathered)
    throw error
  })
  closeOthers(gathered, opened.selection)
  const roster = openRoster(opened.playbook.inventory.model)
  const delegates = openDelegates({ roster, states, check: request.check, open: request.open, holding })
  try {
    await opened.compiled // … and before the compiler's verdict nothing but facts was asked.
    await readingFiles
    const { past, warnings } = request.past?.of(opened.selection.plays) ?? { past: undefined, warnings: [] }
    const groups = openGroups(roster, opened.selection.leaves)
    const { refresh } = opened
    const renew = refresh && (async () => roster.renew(await refresh()))
    const watch = request.live ? (await import('./engine/watch.ts')).openWatch(request.emit) : undefined
    const open = playOpener(opened, gathered, states, request, { validate, files, delegates, step, past, groups, roster, renew, watch })
    const contexts = opened.selection.plays.map((selected) => open(selected, opened.selection.targets))
    const looks = contexts.map(preflight)
    const [mistake] = looks.flatMap((look) => look.mistakes)
    if (mistake) throw mistake
    const told = {
      queries: [...own, ...new Set(looks.flatMap((look) => look.queries))],
      delegates: [...new Set(looks.flatMap((look) => look.delegates))].filter((name) => !opened.selection.targets.includes(name)),
    }
    announce(opened, gathered, request, told)
    for (const message of opened.inventoryWarnings ?? []) request.emit({ event: 'warning', message })
    for (const warning of warnings) request.emit(warning)
    // What tasks before a play have chosen or added is known when its turn has come.
    const turns = openTurns({ opened, request, roster, groups, gathered, states, told, open })
    const end = (error?: ErrorDetails) => recap(turns.targets(), gathered, states, request, started, error)
    const refusal = refuseIfDown(opened.selection.plays, gathered)
    if (refusal) {
      end(refusal.details)
      throw refusal
    }
    try {
      await runPlays(contexts, turns.due, request) // … before any host changes.
    } catch (error) {
      if (error instanceof RollcallError) end(error.details)
      throw error
    }
    for (const host of turns.untold()) request.emit(unused(roster, host))
    return end()
  } finally {
    await Promise.all([closeAll(gathered), states.close(), delegates.close()])
  }
}

async function runPlays(
  contexts: readonly PlayContext[],
  due: (context: PlayContext) => Promise<PlayContext>,
  { steering, forks }: RunOptions,
): Promise<void> {
  if (steering) steering.underWay = true
  try {
    const plays = contexts.filter(({ hosts, selected }) => hosts.size > 0 || selected.grows)
    for (const [index, context] of plays.entries()) {
      if (steering?.stopped !== undefined) break
      plays[index] = await due(context)
      if (!(await runPlay(plays[index], forks, index < plays.length - 1))) break
    }
    if (steering?.stopped !== undefined) for (const context of plays) tellOwed(context)
  } finally {
    if (steering) steering.underWay = false
  }
}

async function askAll({ playbook, inventoryPath, selection }: ToRun, request: RunOptions): Promise<Gathered> {
  const inventory = playbook.inventory.model
  const hosts = [...new Set([...selection.factsScope, ...selection.contacted])].map((name) => inventory.hosts.get(name)!)
  const { check, forks, progress, open, becomePassword, factsTimeout = timeoutOf(selection) } = request
  return askHosts({
    inventory,
    inventoryPath,
    hosts,
    wishes: wishesOf(selection),
    timeoutSeconds: factsTimeout,
    targets: new Set(selection.contacted),
    becoming: becoming(selection),
    becomePassword,
    check,
    forks,
    progress,
    open,
  })
}

/** Families of facts of the user's own: their scripts run in check mode too, so the header names them. */
function ownFactsOf({ selection }: ToRun): string[] {
  const plays = selection.plays.filter(mayRun)
  const names = new Set(plays.flatMap(({ play }) => play.facts.families).filter((name) => ownFacts.has(name)))
  return [...names].map((name) => `facts ${name}`)
}

/** Opens plays, each with what its closures may know: the fleet, whole, and the targets, limited. */
function playOpener(
  opened: ToRun,
  { knowledge }: Gathered,
  states: States,
  request: RunOptions,
  shared: Pick<OpenPlay, 'validate' | 'files' | 'delegates' | 'step' | 'past' | 'groups' | 'renew' | 'watch'> & { readonly roster: Roster },
): (selected: SelectedPlay, targets: readonly string[]) => PlayContext {
  const { playbook, relative, project } = opened
  const { check, emit, terminal, force, steering } = request
  const own = new Set(builtInDefinitions())
  return (selected, targets) =>
    openPlay({
      selected,
      inventory: shared.roster.inventory,
      states: selected.play.connection ? states.onController : states.onHosts,
      playbook: playbook.name,
      targets,
      knowledge,
      check,
      force,
      root: project.root,
      relative,
      emit,
      ...shared,
      terminal,
      steering,
      trusts: (definition) => own.has(definition),
    })
}

/** A playbook that does not compile is refused as soon as that is known, also while hosts are still being asked; so is a run that is ended. */
async function unlessRefused(compiled: Promise<unknown>, asking: Promise<Gathered>, steering?: Steering): Promise<Gathered> {
  const refused = compiled.then(() => new Promise<never>(() => {}))
  let forget: (() => void) | undefined
  const ended = new Promise<never>((_, reject) => {
    forget = steering?.on('ended', () => reject(endedEarly(steering)))
  })
  try {
    return await Promise.race([asking, refused, ended])
  } catch (error) {
    asking.then(closeAll).catch(() => {})
    throw error
  } finally {
    forget?.()
  }
}

function endedEarly({ ended, exitCode }: Steering): RollcallError {
  const detail = `${ended}; hosts were still being asked, and nothing was changed`
  return new RollcallError({ summary: 'The run was ended before its first task', detail, ...(exitCode !== undefined && { exitCode }) })
}

/** Hosts that were only asked for their facts are let go before the first task. */
function closeOthers({ access }: Gathered, { contacted }: Selection): void {
  const kept = new Set(contacted)
  for (const [name, open] of [...access])
    if (!kept.has(name)) {
      access.delete(name)
      open.close().catch(() => {})
    }
}

async function closeAll({ access }: Gathered): Promise<void> {
  await Promise.all([...access.values()].map((open) => open.close()))
}

/** A host that was added, and that no play came to know. */
function unused({ added }: Roster, host: string): WarningEvent {
  const { by, task } = added.get(host)!
  return { event: 'warning', host, message: `it was added by task '${task}' of ${by}, and no play has begun since` }
}
