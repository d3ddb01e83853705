import { announce } from './announce.ts'
import { type AskRequest, askHosts } from './ask-hosts.ts'
import { ownFacts } from './dsl/define-facts.ts'
import type { ResolvedInput } from './dsl/definition.ts'
import type { PlayContext, Terminal } from './engine/context.ts'
import { openGroups } from './engine/dynamic-groups.ts'
import type { Gathered } from './engine/gather-facts.ts'
import { tellOwed } from './engine/handlers.ts'
import { type OpenPlay, openPlay } from './engine/open-play.ts'
import { preflight } from './engine/preflight.ts'
import { readAhead } from './engine/read-ahead.ts'
import { runPlay } from './engine/run-play.ts'
import { becoming, type SelectedPlay, type Selection } from './engine/select.ts'
import { stepByStep } from './engine/step-by-step.ts'
import { loadValidator } from './engine/validate.ts'
import { holdingOf } from './holding.ts'
import { RollcallError } from './model/errors.ts'
import type { Emit } from './model/event.ts'
import type { GivenInput } from './model/input.ts'
import { redactEvent } from './model/redact-event.ts'
import { builtInDefinitions } from './module-named.ts'
import { openDelegates } from './open-delegates.ts'
import { type OpenedPlaybook, openPlaybook, type PlaybookRequest } from './open-playbook.ts'
import { openStates, type States } from './open-states.ts'
import type { GoOn, PastRun } from './past-run.ts'
import { recap } from './recap.ts'
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
  /** Whoever may end the run before its last task. */
  readonly steering?: Steering | undefined
  /** How a host is reached; default is as its inventory says. */
  readonly open?: AskRequest['open']
  /** The earlier run that it goes on with. */
  readonly past?: PastRun | undefined
  /** For hosts whose inventory gives none. */
  readonly becomePassword?: Secret | undefined
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
  const delegates = openDelegates({ inventory: opened.playbook.inventory.model, states, check: request.check, open: request.open, holding })
  try {
    await opened.compiled // … and before the compiler's verdict nothing but facts was asked.
    await readingFiles
    const { past, warnings } = request.past?.of(opened.selection.plays) ?? { past: undefined, warnings: [] }
    const groups = openGroups(opened.playbook.inventory.model)
    const open = playOpener(opened, gathered, states, request, { validate, files, delegates, step, past, groups })
    const contexts = opened.selection.plays.map(open)
    const looks = contexts.map(preflight)
    const [mistake] = looks.flatMap((look) => look.mistakes)
    if (mistake) throw mistake
    announce(opened, gathered, request, {
      queries: [...own, ...new Set(looks.flatMap((look) => look.queries))],
      delegates: [...new Set(looks.flatMap((look) => look.delegates))].filter((name) => !opened.selection.targets.includes(name)),
    })
    for (const message of opened.inventoryWarnings ?? []) request.emit({ event: 'warning', message })
    for (const warning of warnings) request.emit(warning)
    const refusal = refuseIfDown(opened, gathered)
    if (refusal) {
      recap(opened, gathered, states, request, started, refusal.details)
      throw refusal
    }
    // What tasks before a play have chosen is known when its turn has come.
    const due = (context: PlayContext) => {
      const selected = groups.settle(context.selected)
      return selected === context.selected ? context : open(selected)
    }
    await runPlays(contexts, due, request) // … before any host changes.
    return recap(opened, gathered, states, request, started)
  } finally {
    await Promise.all([closeAll(gathered), states.close(), delegates.close()])
  }
}

async function runPlays(
  contexts: readonly PlayContext[],
  due: (context: PlayContext) => PlayContext,
  { steering, forks }: RunOptions,
): Promise<void> {
  if (steering) steering.underWay = true
  try {
    const plays = contexts.filter(({ hosts }) => hosts.size > 0)
    for (const [index, context] of plays.entries()) {
      if (steering?.stopped !== undefined) break
      if (!(await runPlay(due(context), forks, index < plays.length - 1))) break
    }
    if (steering?.stopped !== undefined) for (const context of contexts) tellOwed(context)
  } finally {
    if (steering) steering.underWay = false
  }
}

async function askAll({ playbook, inventoryPath, selection }: ToRun, request: RunOptions): Promise<Gathered> {
  const inventory = playbook.inventory.model
  const plays = selection.plays
    .filter(({ play, hosts }) => hosts.length > 0 && play.facts.families.length > 0)
    .map(({ play }) => play.facts)
  const hosts = [...new Set([...selection.factsScope, ...selection.contacted])].map((name) => inventory.hosts.get(name)!)
  const families = [...new Set(plays.flatMap((facts) => facts.families))]
  const maxAge = Math.min(...plays.map((facts) => facts.maxAge))
  const { check, forks, progress, open, becomePassword } = request
  return askHosts({
    inventory,
    inventoryPath,
    hosts,
    families,
    maxAge,
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
  const plays = selection.plays.filter((play) => play.hosts.length > 0)
  const names = new Set(plays.flatMap(({ play }) => play.facts.families).filter((name) => ownFacts.has(name)))
  return [...names].map((name) => `facts ${name}`)
}

/** Opens plays, each with what its closures may know: the fleet, whole, and the targets, limited. */
function playOpener(
  opened: ToRun,
  { knowledge }: Gathered,
  states: States,
  request: RunOptions,
  shared: Pick<OpenPlay, 'validate' | 'files' | 'delegates' | 'step' | 'past' | 'groups'>,
): (selected: SelectedPlay) => PlayContext {
  const { playbook, selection, relative, project } = opened
  const { check, emit, terminal, force, steering } = request
  const inventory = playbook.inventory.model
  const own = new Set(builtInDefinitions())
  return (selected) =>
    openPlay({
      selected,
      inventory,
      states: selected.play.connection ? states.onController : states.onHosts,
      playbook: playbook.name,
      targets: selection.targets,
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
  for (const [name, open] of access) if (!kept.has(name)) open.close().catch(() => {})
}

async function closeAll({ access }: Gathered): Promise<void> {
  await Promise.all([...access.values()].map((open) => open.close()))
}

/** `ifDown: 'fail'`: a host of the scope that cannot be asked ends the run before any change. */
function refuseIfDown({ selection }: ToRun, { failures }: Gathered): RollcallError | undefined {
  for (const { play, factsOf, hosts } of selection.plays) {
    const down = play.facts.ifDown === 'fail' && hosts.length > 0 ? factsOf.filter((host) => failures.has(host)) : []
    if (down.length === 0) continue
    const reasons = down.map((host) => `${host}: ${failures.get(host)!.message}`).join('\n')
    return new RollcallError({
      summary: `Play '${play.name}' needs facts of every host of its scope, and not every one answers`,
      detail: reasons,
      fix: `Start them, or let the play use what was last known: facts: { ifDown: 'lastKnown' }.`,
      exitCode: 4,
      ...(play.at && { at: play.at }),
    })
  }
  return undefined
}
