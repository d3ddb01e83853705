import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { RollcallError } from '../model/errors.ts'
import { stepJob } from '../resources/step-job.ts'
import type { Job, Reply } from '../transport/session-types.ts'
import { mask } from '../util/redact.ts'
import type { Change } from './change.ts'
import { differences, type State, type States } from './compare.ts'
import { decode, keep } from './exchange.ts'
import type { HostWriter } from './host-access.ts'
import { cached, discard } from './host-state.ts'
import { type CallOutcome, stepFailure } from './outcome.ts'
import { clearPending, notePending, parsePending, readPending, recordPending } from './pending.ts'
import { readsBehind } from './reads.ts'
import type { Due } from './run-call.ts'
import { describeStep } from './steps.ts'

/**
 * Makes a change in one exchange: record the handlers that must not be forgotten, the steps, then read again what they
 * changed, together with what the next task reads.
 */
export async function apply(due: Due, planned: Change, writer: HostWriter): Promise<CallOutcome> {
  const { context, playHost, task, as, call } = due
  const { state: host } = playHost
  const user = host.access.userOf(as)
  const nonce = randomBytes(8).toString('hex')
  const owed = task.notify.filter((handler) => !host.pending.has(handler.id))
  const handled = task.kind === 'handler' && host.pending.get(task.id)?.as === as
  discard(host)
  const batch = readsBehind(context, playHost, as, planned.state?.reads ?? {}, due.ahead)
  const parts = {
    earlier: host.pendingRead.has(as) ? [] : [readPending(user)],
    record: task.notify.length === 0 ? [] : [recordPending(user, task.notify, context.playbook, context.now())],
    steps: planned.steps.map((step) => stepJob(step, nonce)),
    clear: handled ? [clearPending(user, [task])] : [],
    reads: batch.jobs,
  }
  const replies = await exchange(writer, due, parts)
  if (replies.earlier[0]) notePending(host, as, parsePending(replies.earlier[0]))
  const cannotRecord = 'The handlers to run could not be recorded on the host, so nothing was changed'
  failOn(replies.record, () => ({ name: 'recording pending handlers', summary: cannotRecord }), due)
  for (const handler of task.notify) host.pending.set(handler.id, { as, since: context.now().toISOString() })
  const states = batch.parse(replies.reads)
  try {
    failOn(replies.steps, (index) => ({ name: describeStep(planned.steps[index]!, call.sealed) }), due)
  } catch (error) {
    if (owed.length > 0 && isUntouched(planned, states)) {
      await writer.apply(as, [clearPending(user, owed)])
      for (const handler of owed) host.pending.delete(handler.id)
    }
    throw error
  }
  if (handled) host.pending.delete(task.id)
  keep(host, as, batch, states)
  const steps = planned.steps.map((step) => describeStep(step, call.sealed))
  if (!planned.state) {
    const result = call.definition.kind === 'action' ? call.definition.result(call.params, replies.steps) : {}
    return { changed: true, confidence: 'certain', result, diff: [], steps }
  }
  const after = verify(due, planned.state, states)
  return { changed: true, confidence: 'certain', result: planned.state.result(after, true), diff: planned.state.diff, steps }
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

/** That the state wanted is the state left; a difference is the module's fault, or something on the host undoes it. */
function verify({ call, playHost, as }: Due, planned: NonNullable<Change['state']>, states: ReadonlyMap<string, State | Error>): States {
  const { reads, wanted, hidden } = planned
  const after: States = Object.fromEntries(
    Object.entries(reads).map(([name, read]) => {
      const state = states.get(read.key) ?? cached(playHost.state, as, read)
      if (state instanceof Error) throw state
      return [name, state ?? planned.after[name]!]
    }),
  )
  const wrong = differences(reads, after, wanted)
  if (wrong.length === 0) return after
  const lines = wrong.flatMap(({ name, read, fields }) =>
    fields.map((field) => {
      if (hidden[name]?.has(field)) return `${read.key} ${field}: it is not the ${mask} that was wanted`
      return `${read.key} ${field}: wanted ${show(wanted[name]?.[field])}, is ${show(after[name]?.[field])}`
    }),
  )
  throw new RollcallError({
    summary: `Module ${call.definition.name} planned one state and left another`,
    detail: lines.join('\n'),
    fix: 'Either something else on the host changes it back, or this is a fault of the module.',
  })
}

function failOn(replies: readonly Reply[], of: (index: number) => { name: string; summary?: string }, { call }: Due): void {
  const index = replies.findIndex((reply) => reply.ran && reply.code !== 0)
  if (index === -1) return
  const { code, stdout, stderr } = replies[index]!
  const { name, summary } = of(index)
  const details = stepFailure(call.definition.name, name, { code, stdout: decode(stdout), stderr: decode(stderr) })
  throw new RollcallError({ ...details, ...(summary !== undefined && { summary }), ...(call.at && { at: call.at }) })
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
