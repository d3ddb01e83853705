import { randomBytes } from 'node:crypto'
import type { ReadSet } from '../dsl/resource.ts'
import type { Step } from '../dsl/step.ts'
import { RollcallError } from '../model/errors.ts'
import type { DiffEntry } from '../model/event.ts'
import { stepJob } from '../resources/step-job.ts'
import type { Job, Reply } from '../transport/session-types.ts'
import { differences, type States, type WantedStates } from './compare.ts'
import { decode, keep } from './exchange.ts'
import type { HostWriter } from './host-access.ts'
import { cached, discard } from './host-state.ts'
import { type CallOutcome, stepFailure, sureness } from './outcome.ts'
import type { Unsure } from './overlay.ts'
import { clearPending, notePending, parsePending, readPending, recordPending } from './pending.ts'
import { readsBehind } from './reads.ts'
import type { Due } from './run-call.ts'
import { describeStep } from './steps.ts'

/** A change that is planned: its steps, and for a module the states around it. */
export interface Change {
  readonly steps: readonly Step[]
  /** Check mode: what makes it uncertain that this is what would happen. */
  readonly unsure: Unsure | undefined
  readonly state?: {
    readonly reads: ReadSet
    readonly found: States
    readonly wanted: WantedStates
    readonly after: States
    readonly diff: readonly DiffEntry[]
    readonly result: (after: States, changed: boolean) => object
  }
}

/** Makes a change. Without a writer, which is check mode, lays it over what later tasks read. */
export function change(due: Due, planned: Change): Promise<CallOutcome> {
  const { writer } = due.playHost.state.access
  return writer ? apply(due, planned, writer) : Promise.resolve(foresee(due, planned))
}

function touches({ call: { definition, params } }: Due): readonly string[] {
  return definition.kind === 'action' || definition.kind === 'module' ? (definition.touches?.(params) ?? []) : []
}

function foresee(due: Due, planned: Change): CallOutcome {
  const { overlay } = due.playHost.state
  const { state } = planned
  overlay?.touch(touches(due), due.task.name)
  if (state)
    for (const [name, wanted] of Object.entries(state.wanted))
      if (wanted) overlay?.plan(state.reads[name]!, wanted, state.found[name]!, due.task.name, planned.unsure?.confidence ?? 'certain')
  return {
    changed: true,
    ...sureness(planned.unsure),
    result: state ? state.result(state.after, true) : { ran: false, reason: 'check mode' },
    diff: state?.diff ?? [],
    steps: planned.steps.map(describeStep),
  }
}

/** One exchange: record what must not be forgotten, the steps, then read again what they changed and what comes next. */
async function apply(due: Due, planned: Change, writer: HostWriter): Promise<CallOutcome> {
  const { context, playHost, task, as, call } = due
  const { state: host } = playHost
  const user = host.access.userOf(as)
  const nonce = randomBytes(8).toString('hex')
  const handlerOwn = task.kind === 'handler' && host.pending.get(task.id)?.as === as
  const before: Job[] = task.notify.length > 0 ? [recordPending(user, task.notify, context.playbook, context.now())] : []
  const behind: Job[] = handlerOwn ? [clearPending(user, [task])] : []
  const pendingReads: Job[] = host.pendingRead.has(as) ? [] : [readPending(user)]
  discard(host)
  const batch = readsBehind(context, playHost, as, planned.state?.reads ?? {}, due.ahead)
  const jobs = [...pendingReads, ...before, ...planned.steps.map((step) => stepJob(step, nonce)), ...behind, ...batch.jobs]
  const replies = await writer.apply(as, jobs)
  const cut = (from: number, count: number) => replies.slice(from, from + count)
  if (pendingReads.length > 0) notePending(host, as, parsePending(replies[0]!))
  const recorded = cut(pendingReads.length, before.length)
  const stepReplies = cut(pendingReads.length + before.length, planned.steps.length)
  const readReplies = replies.slice(replies.length - batch.jobs.length)
  failOn(
    recorded,
    () => ({
      summary: 'The handlers to run could not be recorded on the host, so nothing was changed',
      name: 'recording pending handlers',
    }),
    due,
  )
  if (before.length > 0) for (const handler of task.notify) host.pending.set(handler.id, { as, since: context.now().toISOString() })
  if (task.notify.length > 0) for (const handler of task.notify) playHost.notified.add(handler)
  failOn(stepReplies, (index) => ({ name: describeStep(planned.steps[index]!) }), due)
  if (handlerOwn) host.pending.delete(task.id)
  const states = batch.parse(readReplies)
  keep(host, as, batch, states)
  const steps = planned.steps.map(describeStep)
  if (!planned.state) {
    const { definition, params } = call
    const outcomes = stepReplies.map(({ code, stdout, stderr }) => ({ code, stdout, stderr }))
    return {
      changed: true,
      confidence: 'certain',
      result: definition.kind === 'action' ? definition.result(params, outcomes) : {},
      diff: [],
      steps,
    }
  }
  const { reads, wanted, result, diff } = planned.state
  const after: States = Object.fromEntries(
    Object.entries(reads).map(([name, read]) => {
      const state = states.get(read.key) ?? cached(host, as, read)
      if (state instanceof Error) throw state
      return [name, state ?? planned.state!.after[name]!]
    }),
  )
  const wrong = differences(reads, after, wanted)
  if (wrong.length > 0)
    throw new RollcallError({
      summary: `Module ${call.definition.name} planned one state and left another`,
      detail: wrong
        .flatMap(({ name, read, fields }) =>
          fields.map((field) => `${read.key} ${field}: wanted ${show(wanted[name]?.[field])}, is ${show(after[name]?.[field])}`),
        )
        .join('\n'),
      fix: 'Either something else on the host changes it back, or this is a fault of the module.',
    })
  return { changed: true, confidence: 'certain', result: result(after, true), diff, steps }
}

function failOn(replies: readonly Reply[], of: (index: number) => { name: string; summary?: string }, due: Due): void {
  const index = replies.findIndex((reply) => reply.ran && reply.code !== 0)
  if (index === -1) return
  const { code, stdout, stderr } = replies[index]!
  const { name, summary } = of(index)
  const details = stepFailure(due.call.definition.name, name, { code, stdout: decode(stdout), stderr: decode(stderr) })
  throw new RollcallError({ ...details, ...(summary !== undefined && { summary }), ...(due.call.at && { at: due.call.at }) })
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
