import { performance } from 'node:perf_hooks'
import { Refusal } from '../dsl/definition.ts'
import type { TaskRecord } from '../dsl/record.ts'
import { type ErrorDetails, formatLine, RollcallError, type SourceLine, UnreachableError } from '../model/errors.ts'
import type { Confidence, OutcomeKind, TaskEvent } from '../model/event.ts'
import { userFrames } from '../util/caller.ts'
import { jsonSafe } from './compare.ts'
import type { PlayContext, PlayHost } from './context.ts'
import { type Evaluation, evaluate, type PreparedCall } from './evaluate.ts'
import type { CallOutcome } from './outcome.ts'
import { userOf } from './reads.ts'
import { runCall } from './run-call.ts'

/** Runs one task on one host and says so in one event. Never throws: what goes wrong ends the host, not the run. */
export async function runTask(context: PlayContext, playHost: PlayHost, task: TaskRecord, ahead: readonly TaskRecord[]): Promise<void> {
  const started = performance.now()
  const { state } = playHost
  const emit = (event: Omit<TaskEvent, 'event' | 'host' | 'play' | 'task' | 'handler' | 'at' | 'durationMs'>) => {
    state.counts[event.outcome] += 1
    context.emit({
      event: 'task',
      host: state.host.name,
      play: context.selected.play.name,
      task: task.name,
      handler: task.kind === 'handler',
      ...(task.at && { at: formatLine({ ...task.at, file: context.relative(task.at.file) }) }),
      ...event,
      durationMs: Math.round(performance.now() - started),
    })
  }
  let module = ''
  let calls: readonly PreparedCall[] = []
  try {
    const evaluation = evaluate(context, playHost, task)
    if (evaluation.kind === 'skipped') {
      playHost.results.set(task, skippedResult(task))
      return emit({ module, outcome: 'skipped', confidence: 'certain', reason: evaluation.reason })
    }
    calls = callsOf(evaluation, task)
    module = calls[0]?.definition.name ?? ''
    const outcomes: CallOutcome[] = []
    for (const call of calls)
      outcomes.push(await runCall({ context, playHost, task, as: userOf(context, task), call, ahead: [task, ...ahead] }))
    const changed = outcomes.some((outcome) => outcome.changed)
    if (changed) for (const handler of task.notify) playHost.notified.add(handler)
    const list = evaluation.kind === 'ready' && evaluation.list
    const result = list ? { items: outcomes.map((outcome) => outcome.result) } : (outcomes[0]?.result ?? {})
    playHost.results.set(task, { ...result, changed, skipped: false })
    emit({
      module,
      ...summarise(outcomes),
      ...viewsOf(calls),
      result: jsonSafe({ ...result, changed }),
      ...(changed && task.notify.length > 0 && { notified: task.notify.map((handler) => handler.name) }),
    })
  } catch (error) {
    const unreachable = error instanceof UnreachableError
    state.status = unreachable ? 'unreachable' : 'failed'
    emit({ module, outcome: state.status, confidence: 'certain', error: explain(error, context, playHost, task), ...viewsOf(calls) })
  }
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

const sureness: readonly Confidence[] = ['certain', 'assumed', 'unknown']

function summarise(outcomes: readonly CallOutcome[]): {
  outcome: OutcomeKind
  confidence: Confidence
  reason?: string
  message?: string
  diff?: CallOutcome['diff']
  steps?: readonly string[]
} {
  const confidence = sureness[Math.max(0, ...outcomes.map((outcome) => sureness.indexOf(outcome.confidence)))]!
  const reason = outcomes.find((outcome) => outcome.confidence === confidence && outcome.reason !== undefined)?.reason
  const message = outcomes.find((outcome) => outcome.message !== undefined)?.message
  const diff = outcomes.flatMap((outcome) => outcome.diff)
  const steps = outcomes.flatMap((outcome) => outcome.steps)
  return {
    outcome: outcomes.some((outcome) => outcome.changed) ? 'changed' : 'ok',
    confidence,
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
    ...(diff.length > 0 && { diff }),
    ...(steps.length > 0 && { steps }),
  }
}

function viewsOf(calls: readonly PreparedCall[]): Pick<TaskEvent, 'templates'> {
  const templates = calls.flatMap((call) => call.views)
  return templates.length === 0 ? {} : { templates }
}

/** A skipped task left `changed` and `skipped`; reading more of it is an error, not `undefined`. */
export function skippedResult(task: TaskRecord): object {
  return new Proxy({ changed: false, skipped: true } as Record<string | symbol, unknown>, {
    get: (target, field) => {
      if (field in target || typeof field === 'symbol' || field === 'then' || field === 'toJSON') return target[field]
      throw new RollcallError({
        summary: 'The result of a skipped task was read',
        detail: `'${task.name}' was skipped, so it has no '${field}'`,
        fix: 'Ask result(task).skipped first.',
      })
    },
  })
}

/** The details of whatever was thrown, with host, task and line; a plain error shows the user's frame. */
function explain(error: unknown, context: PlayContext, playHost: PlayHost, task: TaskRecord): ErrorDetails {
  const place = (at: SourceLine | undefined) => (at ? { at: { ...at, file: context.relative(at.file) } } : {})
  const base = { host: playHost.state.host.name, task: task.name }
  if (error instanceof RollcallError)
    return { ...error.details, ...base, ...place(error.details.at ?? userFrames(error.stack)[0] ?? task.at) }
  if (error instanceof Refusal)
    return { summary: error.message, ...base, ...(error.fix !== undefined && { fix: error.fix }), ...place(task.at) }
  const thrown = error instanceof Error ? error : new Error(String(error))
  return {
    summary: `${thrown.name === 'Error' ? 'An error' : thrown.name} while working on the task`,
    detail: thrown.message,
    ...base,
    ...place(userFrames(thrown.stack)[0] ?? task.at),
  }
}
