import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Happening } from '../dsl/definition.ts'
import type { Step } from '../dsl/step.ts'
import { UnreachableError } from '../model/errors.ts'
import { compileSteps } from '../resources/compile-steps.ts'
import { missingDirectory, noDirectory, refusedByValidate } from '../resources/write-script.ts'
import type { Job, Reply } from '../transport/session-types.ts'
import type { Change } from './change.ts'
import { comeBack } from './come-back.ts'
import type { State } from './compare.ts'
import { compileReads, decode, keep } from './exchange.ts'
import type { HostWriter } from './host-access.ts'
import { discard } from './host-state.ts'
import { CallFailed, type CallOutcome, stepFailure } from './outcome.ts'
import { clearPending, notePending, parsePending, readPending, recordPending, recordsOf, withdrawPending } from './pending.ts'
import { readsBehind } from './reads.ts'
import type { Due } from './run-call.ts'
import { describeStep } from './steps.ts'
import { verify } from './verify.ts'

/**
 * Makes a change in one exchange: record the handlers that must not be forgotten, the steps, then read again what they
 * changed, together with what the next task reads.
 */
export async function apply(due: Due, planned: Change, writer: HostWriter): Promise<CallOutcome> {
  const { context, playHost, task, as, call } = due
  const { state: host } = playHost
  const { returns } = planned
  const user = host.access.userOf(as)
  const nonce = randomBytes(8).toString('hex')
  const handled = task.kind === 'handler' && host.pending.has(task.id, as)
  discard(host)
  const batch = returns ? compileReads([]) : readsBehind(context, playHost, as, planned.state?.reads ?? {}, due.ahead)
  const compiled = compileSteps(planned.steps, nonce)
  const parts = {
    earlier: host.pendingRead.has(as) ? [] : [readPending(user)],
    record: task.notify.length === 0 ? [] : [recordPending(user, recordsOf(host, task.notify), context.playbook, context.now())],
    steps: compiled.jobs,
    clear: handled ? [clearPending(user, recordsOf(host, [task]))] : [],
    reads: batch.jobs,
  }
  const start = context.now()
  const exchanged = exchange(writer, due, parts)
  // A host that goes down with its answer unsaid is what was asked for; that it comes back as another is seen below.
  const answered = returns ? await exchanged.catch(unlessLost) : await exchanged
  const replies = { ...answered, steps: compiled.replies(answered.steps) }
  if (replies.earlier[0]) notePending(host, as, parsePending(replies.earlier[0]))
  const cannotRecord = 'The handlers to run could not be recorded on the host, so nothing was changed'
  failOn(replies.record, () => ({ name: 'recording pending handlers', summary: cannotRecord }), due, [0])
  for (const handler of task.notify) host.pending.add(handler.id, as, context.now().toISOString(), call)
  const states = batch.parse(replies.reads)
  try {
    const okCodes = (call.definition.kind === 'action' && call.definition.okCodes?.(call.params)) || [0]
    failOn(
      replies.steps,
      (index) => ({ name: describeStep(planned.steps[index]!, call.sealed), step: planned.steps[index]! }),
      due,
      okCodes,
      (failed) => ({
        result: resultOf(due, replies.steps.slice(0, failed + 1), { start, end: context.now() }),
        touched: !isUntouched(planned, states),
      }),
    )
  } catch (error) {
    if (isUntouched(planned, states)) await withdrawPending(host, writer, as, call)
    throw error
  }
  if (handled && replies.clear[0]?.ran) host.pending.drop(task.id, as)
  if (returns) await comeBack(due, returns)
  keep(host, as, batch, states)
  const steps = planned.steps.map((step) => describeStep(step, call.sealed))
  if (!planned.state) {
    const result = resultOf(due, replies.steps, { start, end: context.now() }) ?? {}
    return { changed: true, confidence: 'certain', result, diff: [], steps }
  }
  const after = verify(due, planned.state, states)
  return { changed: true, confidence: 'certain', result: planned.state.result(after, true, replies.steps), diff: planned.state.diff, steps }
}

/** What an action leaves; of a module that failed there is nothing to tell. */
function resultOf({ call: { definition, params } }: Due, steps: readonly Reply[], happening: Happening): object | undefined {
  return definition.kind === 'action' ? definition.result(params, steps, happening) : undefined
}

function unlessLost(error: unknown): Parts<Reply> {
  if (error instanceof UnreachableError) return { earlier: [], record: [], steps: [], clear: [], reads: [] }
  throw error
}

type Parts<T> = { readonly [K in 'earlier' | 'record' | 'steps' | 'clear' | 'reads']: readonly T[] }
const order = ['earlier', 'record', 'steps', 'clear', 'reads'] as const

/** Sends the parts as one exchange and gives the replies part by part. */
async function exchange(writer: HostWriter, { as }: Due, parts: Parts<Job>): Promise<Parts<Reply>> {
  const replies = await writer.apply(
    as,
    order.flatMap((part) => parts[part]),
  )
  let from = 0
  const cut = order.map((part) => {
    const own = replies.slice(from, from + parts[part].length)
    from += own.length
    return [part, own]
  })
  return Object.fromEntries(cut) as Parts<Reply>
}

/** Whether a step that failed left everything as it was found: then no handler is owed (a rejected file, say). */
function isUntouched({ state }: Change, states: ReadonlyMap<string, State | Error>): boolean {
  return (
    state !== undefined && Object.entries(state.reads).every(([name, read]) => isDeepStrictEqual(states.get(read.key), state.found[name]))
  )
}

interface Failing {
  readonly name: string
  readonly summary?: string
  readonly step?: Step
}

function failOn(
  replies: readonly Reply[],
  of: (index: number) => Failing,
  { call }: Due,
  okCodes: readonly number[],
  left: (index: number) => { readonly result: object | undefined; readonly touched: boolean } = () => ({
    result: undefined,
    touched: false,
  }),
): void {
  const last = replies.length - 1
  const index = replies.findIndex(({ ran, code }, at) => ran && !(at === last ? okCodes : [0]).includes(code))
  if (index === -1) return
  const { code, stdout, stderr } = replies[index]!
  const { name, summary, step } = of(index)
  const reply = { code, stdout: decode(stdout), stderr: decode(stderr) }
  // What a user's own command prints is his.
  const fix = step && call.definition.kind === 'module' ? fixOf(step, reply.stderr) : undefined
  const told = {
    ...stepFailure(call.definition.name, name, reply),
    ...(summary !== undefined && { summary }),
    ...(fix !== undefined && { fix }),
    ...(call.at && { at: call.at }),
  }
  throw new CallFailed(told, left(index))
}

/** What to do about a step that failed, where that can be told. */
function fixOf(step: Step, stderr: string): string | undefined {
  const missing = missingDirectory(stderr)
  if (missing !== undefined) return `Make it by a task before this one:\nfile({ path: ${quoted(missing)}, state: 'directory' })`
  if (step.kind !== 'write') return undefined
  const inTheWay = noDirectory(stderr)
  if (inTheWay !== undefined) return `Correct the path, or make sure that ${inTheWay} is a directory.`
  if (step.validate === undefined || !refusedByValidate(stderr)) return undefined
  return `Correct what is to be written, or the check. To try the check on the host:\n${step.validate(step.path).shown.trim()}`
}

/** As it is written in a playbook. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`
}
