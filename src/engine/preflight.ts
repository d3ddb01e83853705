import { Refusal } from '../dsl/definition.ts'
import type { TaskRecord } from '../dsl/record.ts'
import { NotAFleetGroup } from '../dsl/template.ts'
import { MissingFact } from '../facts/guard.ts'
import { formatLine, RollcallError } from '../model/errors.ts'
import { userFrame } from '../util/caller.ts'
import { Script } from '../util/sh.ts'
import type { PlayContext, PlayHost } from './context.ts'
import { delegateOf } from './delegate.ts'
import { type Evaluation, evaluate, type PreparedCall, scopeAt } from './evaluate.ts'
import { evaluateWithStandIns } from './stand-in.ts'

/** What is known of a play before its first task: the mistakes that are certain, and the user's commands it would trust. */
export interface Preflight {
  readonly mistakes: readonly RollcallError[]
  /** Tasks that run a user's read-only command, in check mode too. */
  readonly queries: readonly string[]
  /** Hosts outside the targets that tasks are delegated to, as far as no result decides it. */
  readonly delegates: readonly string[]
}

/**
 * Works out every task of a play that needs no result of another, for every target, before anything on a host changes:
 * wrong parameters, what modules refuse of them, wrong templates and a limited list in place of the fleet are found here.
 * A missing fact is no mistake of the playbook: it fails the task that reads it, at its turn.
 */
export function preflight(context: PlayContext): Preflight {
  const mistakes = new Map<string, RollcallError>()
  const queries = new Set<string>()
  const delegates = new Set<string>()
  for (const playHost of context.hosts.values()) {
    for (const task of context.selected.tasks) {
      const evaluation = evaluate(context, playHost, task)
      const delegate = evaluation.kind === 'skipped' ? undefined : delegateNow(context, playHost, task)
      if (typeof delegate === 'string' && !context.hosts.has(delegate)) delegates.add(delegate)
      const error =
        (delegate instanceof RollcallError ? delegate : undefined) ??
        refusalOf(evaluation, context.check) ??
        mistakeOf(evaluation.kind === 'pending' ? evaluateWithStandIns(context, playHost, task) : evaluation, evaluation.kind === 'pending')
      if (error) {
        const { details } = error
        const at = details.at ?? userFrame(error.stack) ?? task.at
        const placed = {
          ...details,
          host: playHost.state.host.name,
          task: task.name,
          exitCode: 1,
          ...(at && { at: { ...at, file: context.relative(at.file) } }),
        }
        const key = `${details.summary} ${details.detail} ${at ? formatLine(at) : ''}`
        if (!mistakes.has(key)) mistakes.set(key, new RollcallError(placed))
      }
      if (evaluation.kind === 'ready' || evaluation.kind === 'pending')
        for (const call of evaluation.calls) if (trustsScript(call)) queries.add(task.name)
    }
  }
  return { mistakes: [...mistakes.values()], queries: [...queries], delegates: [...delegates] }
}

const notYet = new Error('the result of a task that has not run')

/** Where a task will act, or the mistake in that; undefined where it acts on its own host, or only a result will tell. */
function delegateNow(context: PlayContext, playHost: PlayHost, task: TaskRecord): string | RollcallError | undefined {
  const result = () => {
    throw notYet
  }
  try {
    return delegateOf(context, task, playHost.state.host.name, { ...scopeAt(context, playHost, task), result })
  } catch (error) {
    if (error instanceof RollcallError && !(error instanceof MissingFact)) return error
    return undefined // What else it throws it throws at its turn.
  }
}

/** Whether a call reads by a script of the user's own: nothing but trust says that it changes nothing. */
function trustsScript({ definition, params }: PreparedCall): boolean {
  const given = (names: readonly string[]) =>
    Object.entries(params).some(([name, value]) => value instanceof Script && names.includes(name))
  return (definition.kind === 'query' && given(Object.keys(params))) || (definition.kind === 'action' && given(['unless', 'onlyIf']))
}

/** What a call refuses while nothing of the host is known is refused for its parameters. */
function refusalOf(evaluation: Evaluation, check: boolean): RollcallError | undefined {
  if (evaluation.kind === 'error') return evaluation.error instanceof Refusal ? asError(evaluation.error) : undefined
  if (evaluation.kind === 'skipped') return undefined
  for (const { definition, params, inputs, at } of evaluation.calls) {
    try {
      if (definition.kind === 'module') definition.reads(params, { get: () => undefined }, inputs)
      else if (definition.kind === 'action') definition.reads(params)
      else if (definition.kind === 'query') definition.reads(params, { check })
      else definition.refuse?.(params)
    } catch (error) {
      if (error instanceof Refusal) return asError(error, at)
    }
  }
  return undefined
}

function asError(refusal: Refusal, at?: PreparedCall['at']): RollcallError {
  const fix = refusal.fix === undefined ? {} : { fix: refusal.fix }
  return new RollcallError({ summary: refusal.message, ...fix, ...(at && { at }) }, { cause: refusal })
}

/** With stand-ins for results only one mistake is certain: hosts that are no group of the fleet. */
function mistakeOf(evaluation: Evaluation, standIns: boolean): RollcallError | undefined {
  if (evaluation.kind !== 'error' || !(evaluation.error instanceof RollcallError) || evaluation.error instanceof MissingFact)
    return undefined
  return !standIns || evaluation.error instanceof NotAFleetGroup ? evaluation.error : undefined
}
