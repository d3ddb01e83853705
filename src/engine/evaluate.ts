import type { Failure } from '../dsl/block.ts'
import type { Call } from '../dsl/call.ts'
import { type Definition, type InputSet, Refusal, type ResolvedInput } from '../dsl/definition.ts'
import type { TaskRecord } from '../dsl/record.ts'
import { RollcallError, type SourceLine } from '../model/errors.ts'
import type { TemplateView } from '../model/event.ts'
import { mask } from '../util/redact.ts'
import { holdsSecret, revealCount, wasTurnedIntoText } from '../util/secret.ts'
import { Script } from '../util/sh.ts'
import type { PlayContext, PlayHost } from './context.ts'
import { environmentFor } from './environment.ts'
import { leastSure, type Unsure } from './unsure.ts'

/** A call whose parameters are valid and whose inputs are bytes. */
export interface PreparedCall {
  readonly definition: Definition
  readonly params: object
  readonly inputs: { readonly [name: string]: ResolvedInput | undefined }
  readonly views: readonly TemplateView[]
  /** Commands that set the environment of its steps, and of the scripts it reads by. */
  readonly environment: Script | undefined
  /** A secret stands in its parameters or inputs: nobody sees content, hashes of it, or their results. */
  readonly sealed: boolean
  /** Something was made of a secret besides: then no part of the content is known to be harmless. */
  readonly opaque: boolean
  readonly at: SourceLine | undefined
  /** Check mode: its parameters come from results that a run may leave otherwise. */
  readonly unsure: Unsure | undefined
}

export type Evaluation =
  | {
      readonly kind: 'skipped'
      readonly reason: string
      readonly unsure: Unsure | undefined
      /** What an earlier run left, which has done it. */
      readonly left?: object
    }
  | { readonly kind: 'ready'; readonly calls: readonly PreparedCall[]; readonly list: boolean }
  /** It waits for the result of a task that has not run yet; its reads are known unless `calls` is empty. */
  | { readonly kind: 'pending'; readonly calls: readonly PreparedCall[] }
  | { readonly kind: 'error'; readonly error: unknown }

/** Thrown by `result()` of a task that has not run: ends the evaluation, even if user code catches it. */
class NotYet extends Error {}

/**
 * Runs a task's closures for one host. Ahead of its turn an error is only kept, and a `when` that waits for a result
 * does not stop the reads of its call from going ahead.
 */
export function evaluate(context: PlayContext, playHost: PlayHost, task: TaskRecord): Evaluation {
  const kept = playHost.evaluations.get(task)
  if (kept) return kept
  const evaluation = evaluateNow(context, playHost, task)
  if (evaluation.kind !== 'pending') playHost.evaluations.set(task, evaluation)
  return evaluation
}

function evaluateNow(context: PlayContext, playHost: PlayHost, task: TaskRecord): Evaluation {
  const left = task.kind === 'task' ? context.past?.done(playHost.state.host.name, task) : undefined
  if (left) return { kind: 'skipped', reason: context.past!.reason, unsure: undefined, left }
  let waits = false
  const read = new Set<TaskRecord>(task.kind === 'handler' ? [task] : []) // A handler is as sure as what notified it.
  const unsure = () => leastSure([...read].flatMap((of) => playHost.unsure.get(of) ?? []))
  const later = (): never => {
    waits = true
    throw new NotYet()
  }
  const scope = {
    ...context.scopeOf(playHost.state.host.name),
    get failure() {
      return failureOf(playHost, task) ?? (mustHaveFailed(task) ? later() : undefined)
    },
    result: (of: TaskRecord) => {
      read.add(of)
      const left = playHost.results.get(of)
      if (left) return left
      if (!context.selected.play.tasks.includes(of))
        throw new RollcallError({
          summary: 'result() takes a task of the same play',
          detail: `'${of?.name}' is none of play '${context.selected.play.name}'`,
        })
      return later()
    },
  }
  try {
    let due = true
    try {
      due = task.when === undefined || task.when(scope)
      if (typeof due !== 'boolean')
        throw new RollcallError({
          summary: 'A condition must be true or false',
          detail: `when gave ${nameOf(due)}`,
          fix: 'Closures are synchronous: compare a value, or read one with result(task).',
        })
    } catch (error) {
      if (!waits) throw error
    }
    if (!waits && !due) return { kind: 'skipped', reason: 'its condition is false', unsure: unsure() }
    const waitsForWhen = waits
    waits = false
    const reveals = revealCount()
    const action = typeof task.action === 'function' ? task.action(scope) : task.action
    const revealed = revealCount() !== reveals
    if (waits) return { kind: 'pending', calls: [] }
    const environment = environmentFor(context.selected.play.environment, task, scope)
    if (waits) return { kind: 'pending', calls: [] }
    const list = Array.isArray(action)
    const calls = ([action].flat() as Call[]).map((call) => ({ ...prepare(context, call, unsure(), revealed), environment }))
    return waitsForWhen ? { kind: 'pending', calls } : { kind: 'ready', calls, list }
  } catch (error) {
    return waits ? { kind: 'pending', calls: [] } : { kind: 'error', error }
  }
}

/** What closures of a task see at its turn. @throws RollcallError for the result of a task that has not run. */
export function scopeAt(context: PlayContext, playHost: PlayHost, task: TaskRecord): object {
  return {
    ...context.scopeOf(playHost.state.host.name),
    failure: failureOf(playHost, task),
    result: (of: TaskRecord) => {
      const left = playHost.results.get(of)
      if (left) return left
      throw new RollcallError({
        summary: 'A closure reads the result of a task that has not run',
        detail: `'${of?.name}'`,
        fix: 'result(task) takes an earlier task of the same play.',
        ...(task.at && { at: task.at }),
      })
    },
  }
}

/** What failed in the block that a task puts right, or tidies up after. */
export function failureOf({ failures }: PlayHost, { within }: TaskRecord): Failure | undefined {
  const innermost = within.findLast(({ part }) => part !== 'body')
  return innermost && failures.get(innermost.block)
}

/** Whether a task has its turn only where something failed. */
function mustHaveFailed({ within }: TaskRecord): boolean {
  return within.findLast(({ part }) => part !== 'body')?.part === 'rescue'
}

function prepare(context: PlayContext, call: Call, unsure: Unsure | undefined, revealed: boolean): Omit<PreparedCall, 'environment'> {
  const { definition, params, at } = call ?? {}
  if (!definition)
    throw new RollcallError({
      summary: 'A task must give a module call',
      detail: `it gave ${nameOf(call)}`,
      fix: 'Return a call such as apt({ name: … }), or a list of calls, from the closure. Closures are synchronous.',
    })
  const wrong = context.validate(definition, params)
  if (wrong !== undefined)
    throw new RollcallError({
      summary: `Wrong parameters for ${definition.name}`,
      detail: wrong,
      fix: `It takes ${parametersOf(definition)}.`,
      ...(at && { at }),
    })
  if (definition.kind !== 'controller' && wasTurnedIntoText()) refuseMask(definition, params, at)
  const views: TemplateView[] = []
  const inputs: Record<string, ResolvedInput | undefined> = {}
  if ((definition.kind === 'module' || definition.kind === 'action') && definition.inputs)
    for (const [name, source] of Object.entries(inputsOf(definition.inputs, params, at))) {
      if (source === undefined) continue
      const resolved = context.resolveInput(source)
      inputs[name] = resolved.input
      views.push(...resolved.views)
    }
  const sealed = revealed || holdsSecret(params) || Object.values(inputs).some((input) => input?.shown !== undefined)
  const opaque = revealed || Object.values(inputs).some((input) => input?.opaque)
  return { definition, params, inputs, views, sealed, opaque, at, unsure }
}

/** `${secret}` in an ordinary string is `[secret]`, and would be written to the host as that. */
function refuseMask(definition: Definition, params: object, at: SourceLine | undefined): void {
  const holds = (value: unknown): boolean => {
    if (typeof value === 'string') return value.includes(mask)
    if (value instanceof Script) return !value.sealed && value.text.includes(mask)
    if (typeof value !== 'object' || value === null) return false
    const plain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
    return plain && Object.values(value).some(holds)
  }
  const wrong = Object.entries(params).flatMap(([name, value]) => (holds(value) ? [name] : []))
  if (wrong.length === 0) return
  throw new RollcallError({
    summary: 'A secret was turned into text before it reached its task',
    detail: `${definition.name} ${wrong.join(', ')}: it holds the word ${mask}, which would be sent to the host`,
    fix: `Pass the Secret itself. Text around it is put together by the sealed tag, a script by the sh tag:\ncontent: sealed\`password=\${password}\``,
    exitCode: 1,
    ...(at && { at }),
  })
}

/** What a call refuses for its parameters alone is a mistake like a parameter of a wrong type, and found as early. */
function inputsOf(inputs: (params: any) => InputSet, params: object, at: SourceLine | undefined): InputSet {
  try {
    return inputs(params)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { message, fix } = error
    throw new RollcallError({ summary: message, ...(fix !== undefined && { fix }), ...(at && { at }) }, { cause: error })
  }
}

function nameOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? `a ${value.constructor?.name ?? 'plain object'}` : String(value)
}

/** `path, state (optional), …`. */
function parametersOf({ params }: Definition): string {
  const needed = new Set(params.required ?? [])
  return Object.keys(params.properties)
    .map((name) => (needed.has(name) ? name : `${name} (optional)`))
    .join(', ')
}
