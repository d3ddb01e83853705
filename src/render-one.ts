import { isUtf8 } from 'node:buffer'
import { askHosts } from './ask-hosts.ts'
import { openHost } from './connect.ts'
import { ownFacts } from './dsl/define-facts.ts'
import type { TaskRecord } from './dsl/record.ts'
import type { PlayContext } from './engine/context.ts'
import { type Evaluation, evaluate } from './engine/evaluate.ts'
import { timeoutOf, wishesOf } from './engine/fact-wishes.ts'
import { openHostState } from './engine/host-state.ts'
import { noAccess } from './engine/no-access.ts'
import { openPlay } from './engine/open-play.ts'
import { runTask } from './engine/run-task.ts'
import type { SelectedPlay } from './engine/select.ts'
import { loadValidator } from './engine/validate.ts'
import { RollcallError } from './model/errors.ts'
import type { FactsEvent, TemplateView } from './model/event.ts'
import { openPlaybook, type PlaybookRequest } from './open-playbook.ts'
import { redact } from './util/redact.ts'
import { suggest } from './util/suggest.ts'

export interface RenderRequest extends Omit<PlaybookRequest, 'limit' | 'limitOption' | 'tags' | 'skipTags'> {
  /** Name of the task whose file is wanted. */
  readonly task: string
  readonly host: string
  /** Gives the file with its secrets. */
  readonly reveal?: boolean
  readonly forks: number
  /** Seconds that other hosts have to give their facts; default is what the play says. */
  readonly factsTimeout?: number | undefined
  readonly progress: (line: string) => void
}
/** One file as a run would write it. */
export interface RenderedFile {
  readonly host: string
  readonly task: string
  readonly dest?: string
  /** Without `reveal` with `[secret]` in place of secrets. */
  readonly bytes: Uint8Array
  /** Whether a secret stands in the file. */
  readonly sealed?: true
  readonly views: readonly TemplateView[]
  readonly facts: FactsEvent
  /** What is wrong with what was remembered, and with what hosts say. */
  readonly warnings: readonly string[]
}

/**
 * Renders the file of one task for one host, from the same facts a run would use. Reads facts, changes nothing.
 * @throws RollcallError for an unknown task or host, and when the file depends on the result of an earlier task.
 */
export async function renderOne(request: RenderRequest): Promise<RenderedFile> {
  const opened = await openPlaybook({ ...request, limit: request.host, limitOption: '--host', tags: [], skipTags: [] })
  const { playbook, selection } = opened
  const { selected, task } = findTask(request, selection.plays)
  const inventory = playbook.inventory.model
  const hosts = selected.factsOf.map((name) => inventory.hosts.get(name)!)
  const { families } = selected.play.facts
  const one = { plays: [selected] }
  if (families.some((name) => ownFacts.has(name))) await opened.compiled // Scripts of the user's own wait for the compiler.
  // The host asked for need not answer: a file can be looked at from what is remembered of it.
  const gathered = await askHosts({
    inventory,
    inventoryPath: opened.inventoryPath,
    hosts,
    wishes: wishesOf(one),
    timeoutSeconds: request.factsTimeout ?? timeoutOf(one),
    targets: new Set(selected.play.connection ? [] : [request.host]),
    check: true,
    forks: request.forks,
    progress: request.progress,
  })
  const { connection } = selected.play
  const onController = connection && (await openHost({ ...inventory.hosts.get(request.host)!, connection }, { check: true }))
  const access = onController ?? gathered.access.get(request.host)
  const states = new Map([[request.host, openHostState(inventory.hosts.get(request.host)!, access ?? noAccess, true)]])
  const context = openPlay({
    selected,
    inventory,
    states,
    playbook: playbook.name,
    targets: selection.targets,
    knowledge: gathered.knowledge,
    check: true,
    root: opened.project.root,
    relative: opened.relative,
    emit: () => {},
    validate: loadValidator(),
    files: new Map(),
  })
  try {
    await opened.compiled
    const evaluation = await evaluateInTurn(context, request, task, access !== undefined)
    const warnings = gathered.warnings.map(({ host, message }) => redact(host === undefined ? message : `${host}: ${message}`))
    return { ...fileOf(request, task, evaluation), facts: gathered.event, warnings }
  } finally {
    await Promise.all([...gathered.access.values(), ...(onController ? [onController] : [])].map((open) => open.close()))
  }
}

/** A file that depends on results of earlier tasks is rendered after these, run in check mode: they change nothing. */
async function evaluateInTurn(context: PlayContext, request: RenderRequest, task: TaskRecord, reachable: boolean): Promise<Evaluation> {
  const playHost = context.hosts.get(request.host)!
  const { tasks } = context.selected
  for (const [index, earlier] of tasks.entries()) {
    const evaluation = evaluate(context, playHost, task)
    if (earlier === task || evaluation.kind !== 'pending') return evaluation
    if (!reachable) throw notRendered(request, `it depends on the result of an earlier task, and ${request.host} does not answer`)
    if (earlier.kind !== 'flush') await runTask(context, playHost, earlier, tasks.slice(index + 1))
    if (playHost.state.status !== 'running')
      throw notRendered(request, `it depends on the result of an earlier task, and '${earlier.name}' fails in check mode`)
  }
  return evaluate(context, playHost, task)
}

function fileOf(request: RenderRequest, task: TaskRecord, evaluation: Evaluation): Omit<RenderedFile, 'facts' | 'warnings'> {
  if (evaluation.kind === 'error') throw evaluation.error
  if (evaluation.kind === 'skipped') throw notRendered(request, `the task is skipped on ${request.host}: ${evaluation.reason}`)
  const call = evaluation.calls.find((candidate) => Object.values(candidate.inputs).some(Boolean))
  const input = call && Object.values(call.inputs).find(Boolean)
  if (!input) throw notRendered(request, 'it writes no file from a template')
  const shown = input.shown ?? (isUtf8(input.bytes) ? Buffer.from(redact(Buffer.from(input.bytes).toString('utf8'))) : input.bytes)
  const dest = (call.params as { dest?: unknown }).dest
  return {
    host: request.host,
    task: task.name,
    ...(typeof dest === 'string' && { dest }),
    bytes: request.reveal ? input.bytes : shown,
    ...(Buffer.from(shown).equals(input.bytes) ? {} : { sealed: true }),
    views: call.views,
  }
}

function notRendered({ task }: RenderRequest, detail: string): RollcallError {
  return new RollcallError({ summary: 'This task cannot be rendered', detail: `'${task}': ${detail}` })
}

/** By its whole name, or by the last part of it (`haproxy.cfg` of `haproxy : haproxy.cfg`) where only one task ends so. */
function findTask(request: RenderRequest, plays: readonly SelectedPlay[]): { readonly selected: SelectedPlay; readonly task: TaskRecord } {
  const all = plays
    .filter((play) => play.hosts.includes(request.host))
    .flatMap((selected) => selected.tasks.filter((task) => task.kind === 'task').map((task) => ({ selected, task })))
  const [whole] = all.filter(({ task }) => task.name === request.task)
  const short = all.filter(({ task }) => task.name.endsWith(` : ${request.task}`))
  if (whole) return whole
  if (short.length === 1) return short[0]!
  if (short.length > 1) {
    const names = short.map(({ task }) => `--task '${task.name}'`).join('\n')
    throw new RollcallError({
      summary: 'Several tasks end in this name',
      detail: `'${request.task}' on ${request.host}`,
      fix: `Name one of them whole:\n${names}`,
    })
  }
  throw unknownTask(
    request,
    all.map(({ task }) => task.name),
  )
}

function unknownTask({ task, host, playbook }: RenderRequest, known: readonly string[]): RollcallError {
  const meant = suggest(task, known)
  return new RollcallError({
    summary: 'There is no such task on this host',
    detail: `'${task}' on ${host}`,
    fix: meant ? `Did you mean '${meant}'?` : `See the tasks:\nrollcall run ${playbook} --list-tasks`,
  })
}
