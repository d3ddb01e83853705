import type { Failure } from '../dsl/block.ts'
import { Refusal } from '../dsl/definition.ts'
import type { TaskRecord } from '../dsl/record.ts'
import { type ErrorDetails, formatLine, RollcallError, type SourceLine, UnreachableError } from '../model/errors.ts'
import type { Confidence, OutcomeKind, TaskEvent } from '../model/event.ts'
import { userFrame } from '../util/caller.ts'
import { causesOf } from '../util/error-text.ts'
import { jsonSafe } from './compare.ts'
import type { PlayContext, PlayHost } from './context.ts'
import { delegateOf } from './delegate.ts'
import { type Evaluation, evaluate, type PreparedCall, scopeAt } from './evaluate.ts'
import { HostHeld } from './host-lock.ts'
import { CallFailed, type CallOutcome, failedResult, skippedResult, sureness, UnknownResult, unknownResult } from './outcome.ts'
import { runCalls, runCallsOn } from './run-calls.ts'
import { leastConfidence } from './unsure.ts'

/** Runs one task on one host and says so in one event. Never throws: what goes wrong ends the host, not the run. */
export async function runTask(context: PlayContext, playHost: PlayHost, task: TaskRecord, ahead: readonly TaskRecord[]): Promise<void> {
  const started = performance.now()
  const { state } = playHost
  const emit = (event: Omit<TaskEvent, 'event' | 'host' | 'play' | 'task' | 'handler' | 'delegatedTo' | 'at' | 'durationMs'>) => {
    state.counts[event.ignored ? 'ok' : event.outcome] += 1
    if (event.ignored) state.counts.ignored += 1
    context.emit({
      event: 'task',
      host: state.host.name,
      play: context.selected.play.name,
      task: task.name,
      handler: task.kind === 'handler',
      ...(delegatedTo !== undefined && { delegatedTo }),
      ...(task.at && { at: formatLine({ ...task.at, file: context.relative(task.at.file) }) }),
      ...event,
      durationMs: Math.round(performance.now() - started),
    })
  }
  let module = ''
  let calls: readonly PreparedCall[] = []
  const outcomes: CallOutcome[] = []
  let called = false
  let delegatedTo: string | undefined
  try {
    const evaluation = evaluate(context, playHost, task)
    if (evaluation.kind === 'skipped' && evaluation.left) {
      const { reason, left: result } = evaluation
      playHost.results.set(task, result)
      return emit({ module, outcome: 'skipped', confidence: 'certain', reason, result, action: true, doneBy: context.past!.run })
    }
    if (evaluation.kind === 'skipped') {
      playHost.results.set(task, skippedResult(task))
      if (evaluation.unsure) {
        playHost.unsure.set(task, evaluation.unsure)
        state.overlay?.touch(['*'], task.name) // A run may make its call, whatever that is.
      }
      const { confidence, reason } = sureness(evaluation.unsure)
      return emit({ module, outcome: 'skipped', confidence, reason: [evaluation.reason, reason].filter(Boolean).join(', ') })
    }
    calls = callsOf(evaluation, task)
    module = calls[0]?.definition.name ?? ''
    const touchesHost = calls.some(({ definition }) => definition.kind !== 'controller')
    delegatedTo = touchesHost ? delegateOf(context, task, state.host.name, scopeAt(context, playHost, task)) : undefined
    called = true
    const due = { context, playHost, task, calls, ahead }
    if (delegatedTo === undefined) await runCalls(due, outcomes)
    else await runCallsOn(delegatedTo, due, outcomes)
    const changed = outcomes.some((outcome) => outcome.changed)
    const summary = summarise(outcomes)
    if (changed) notify(context, playHost, task, summary)
    const list = evaluation.kind === 'ready' && evaluation.list
    const result = resultOf(outcomes, list)
    // What the run that is resumed has changed is changed to later tasks, also where nothing is left to do now.
    const altered = changed || (context.past?.changed(state.host.name, task) ?? false)
    playHost.results.set(task, resultLeft(task, outcomes, list, altered))
    noteUnsure(context, playHost, task, calls, summary)
    emit({
      module,
      ...summary,
      ...viewsOf(calls),
      result: jsonSafe({ ...result, changed: altered }),
      ...(calls.length > 0 && calls.every(({ definition }) => definition.kind === 'action') && { action: true as const }),
      ...(changed && task.notify.length > 0 && { notified: task.notify.map((handler) => handler.name) }),
    })
  } catch (error) {
    if (error instanceof UnknownResult && context.check) {
      playHost.results.set(task, unknownResult(task, true))
      state.overlay?.touch(['*'], task.name)
      notify(context, playHost, task, { confidence: 'unknown' })
      playHost.unsure.set(task, { confidence: 'unknown', because: task.name })
      return emit({
        module,
        outcome: 'changed',
        confidence: 'unknown',
        reason: `it depends on ${error.details.detail}, which is not known in check mode`,
      })
    }
    const unreachable = error instanceof UnreachableError
    const held = error instanceof HostHeld
    if (held) state.held = true
    const ignores = unreachable ? task.ignoreUnreachable : task.ignoreErrors
    if (called && ignores && error instanceof RollcallError && !held) {
      const touched = !unreachable && (outcomes.some((outcome) => outcome.changed) || (error instanceof CallFailed && error.touched))
      if (unreachable) state.lost = true
      if (touched) notify(context, playHost, task, { confidence: 'certain' })
      playHost.results.set(task, failedResult(task, error, touched))
      const left = unreachable ? { unreachable } : error instanceof CallFailed ? error.result : {}
      return emit({
        module,
        outcome: unreachable ? 'unreachable' : 'failed',
        ignored: true,
        confidence: 'certain',
        error: explain(error, context, playHost, task),
        result: jsonSafe({ msg: error.message, ...left, changed: touched, failed: true }),
        ...(touched && task.notify.length > 0 && { notified: task.notify.map((handler) => handler.name) }),
        ...viewsOf(calls),
      })
    }
    state.status = unreachable ? 'unreachable' : 'failed'
    playHost.failure = {
      task: task.name,
      message: error instanceof Error ? error.message : String(error),
      unreachable,
      result: ((error instanceof CallFailed ? error.result : undefined) as Failure['result']) ?? {},
    }
    emit({
      module,
      outcome: state.status,
      confidence: 'certain',
      ...(error instanceof CallFailed && error.result && { result: jsonSafe({ ...error.result, changed: error.touched, failed: true }) }),
      error: explain(error, context, playHost, task),
      ...viewsOf(calls),
    })
  }
}

/** In check mode a handler that only unsure changes notified is unsure itself. */
function notify(context: PlayContext, playHost: PlayHost, task: TaskRecord, { confidence }: Pick<CallOutcome, 'confidence'>): void {
  for (const handler of task.notify) {
    if (confidence === 'certain') playHost.unsure.delete(handler)
    else if (context.check && !playHost.notified.has(handler)) playHost.unsure.set(handler, { confidence, because: task.name })
    playHost.notified.add(handler)
  }
}

/** What closures read of the task; what check mode cannot tell refuses to be read. */
function resultLeft(task: TaskRecord, outcomes: readonly CallOutcome[], list: boolean, changed: boolean): object {
  if (outcomes.some(({ result }) => result === undefined)) return unknownResult(task, changed)
  const whole = (outcome: CallOutcome) => (outcome.partial ? unknownResult(task, outcome.changed, outcome.result) : outcome.result!)
  if (list) return { items: outcomes.map(whole), changed, skipped: false, failed: false }
  const [only] = outcomes
  if (only && (only.partial || only.pardoned)) return Object.assign(whole(only), { changed })
  return { ...only?.result, changed, skipped: false, failed: false }
}

function resultOf(outcomes: readonly CallOutcome[], list: boolean): object | undefined {
  const results = outcomes.flatMap(({ result }) => result ?? [])
  if (results.length < outcomes.length) return undefined
  return list ? { items: results } : (results[0] ?? {})
}

/** Check mode: what later tasks read of this result may be otherwise in a run. Of an action that ran nothing is known. */
function noteUnsure(
  context: PlayContext,
  playHost: PlayHost,
  task: TaskRecord,
  calls: readonly PreparedCall[],
  { outcome, confidence }: ReturnType<typeof summarise>,
): void {
  if (!context.check) return
  if (confidence !== 'certain') playHost.unsure.set(task, { confidence, because: task.name })
  else if (outcome === 'changed' && calls.some(({ definition }) => definition.kind === 'action'))
    playHost.unsure.set(task, { confidence: 'assumed', because: task.name })
}

function callsOf(evaluation: Evaluation, task: TaskRecord): readonly PreparedCall[] {
  if (evaluation.kind === 'error') throw evaluation.error
  if (evaluation.kind === 'pending')
    throw new RollcallError({
      summary: 'A task waits for the result of a later task',
      detail: `task '${task.name}'`,
      fix: 'result() takes a task that stands before this one.',
    })
  return evaluation.kind === 'ready' ? evaluation.calls : []
}

function summarise(outcomes: readonly CallOutcome[]): {
  outcome: OutcomeKind
  confidence: Confidence
  reason?: string
  message?: string
  verbosity?: number
  diff?: CallOutcome['diff']
  steps?: readonly string[]
  would?: string
} {
  const confidence = leastConfidence(outcomes.map((outcome) => outcome.confidence))
  const reason = outcomes.find((outcome) => outcome.confidence === confidence && outcome.reason !== undefined)?.reason
  const said = outcomes.filter((outcome) => outcome.message !== undefined)
  const message = said.length === 0 ? undefined : [...new Set(said.map((outcome) => outcome.message))].join('\n')
  const verbosity = Math.min(...said.map((outcome) => outcome.verbosity ?? 0))
  const would = outcomes.find((outcome) => outcome.would !== undefined)?.would
  const diff = outcomes.flatMap((outcome) => outcome.diff)
  const steps = outcomes.flatMap((outcome) => outcome.steps)
  return {
    outcome: outcomes.some((outcome) => outcome.changed) ? 'changed' : 'ok',
    confidence,
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
    ...(said.length > 0 && verbosity > 0 && { verbosity }),
    ...(diff.length > 0 && { diff }),
    ...(steps.length > 0 && { steps }),
    ...(would !== undefined && { would }),
  }
}

function viewsOf(calls: readonly PreparedCall[]): Pick<TaskEvent, 'templates'> {
  const templates = calls.flatMap((call) => call.views)
  return templates.length === 0 ? {} : { templates }
}

/** The details of whatever was thrown, with host, task and line; a plain error shows the user's frame. */
function explain(error: unknown, context: PlayContext, playHost: PlayHost, task: TaskRecord): ErrorDetails {
  const place = (at: SourceLine | undefined) => (at ? { at: { ...at, file: context.relative(at.file) } } : {})
  const base = { host: playHost.state.host.name, task: task.name }
  if (error instanceof RollcallError) return { ...error.details, ...base, ...place(error.details.at ?? userFrame(error.stack) ?? task.at) }
  if (error instanceof Refusal)
    return { summary: error.message, ...base, ...(error.fix !== undefined && { fix: error.fix }), ...place(task.at) }
  const thrown = error instanceof Error ? error : new Error(String(error))
  return {
    summary: `${thrown.name === 'Error' ? 'An error' : thrown.name} while working on the task`,
    detail: [thrown.message, ...causesOf(thrown)].join('\n'),
    ...base,
    ...place(userFrame(thrown.stack) ?? task.at),
  }
}
