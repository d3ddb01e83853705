import { UnreachableError } from '../model/errors.ts'
import { batchOf } from './batch.ts'
import type { Change } from './change.ts'
import { comingTasks } from './coming-tasks.ts'
import { endWithTask } from './end-on.ts'
import { keep } from './exchange.ts'
import type { HostWriter } from './host-access.ts'
import { lockJobs, noteTaken } from './host-lock.ts'
import { discard } from './host-state.ts'
import { layOut } from './lay-out.ts'
import { tellLost } from './lost-steps.ts'
import type { CallOutcome } from './outcome.ts'
import { openParts } from './parts.ts'
import { clearPending, notePending, readPending, recordsOf } from './pending.ts'
import { takePrepared } from './prepared.ts'
import { readsBehind } from './reads.ts'
import type { Due } from './run-call.ts'
import { settle } from './settle.ts'

/**
 * Makes a change in one exchange, and with it all that can go along: first looks where a guard needs them, the handlers that
 * must not be forgotten, the steps, then what they changed is read again, together with what comes next. Outcomes of calls
 * that went along are kept for their turn.
 */
export async function apply(due: Due, planned: Change, writer: HostWriter): Promise<CallOutcome> {
  const { context, playHost, task, as } = due
  const { state: host } = playHost
  const { returns, waits } = planned
  const user = host.access.userOf(as)
  const members = await batchOf(due, planned)
  const { tasks, reach, ended } = comingTasks(members)
  const behind = returns || waits ? [] : readsBehind(context, playHost, as, tasks)
  discard(host, reach)
  const parts = openParts()
  const earlier = parts.add(host.pendingRead.has(as) ? [] : [readPending(user)])
  const lock = parts.add(lockJobs(host, as))
  const { slots, last } = layOut(members, parts, behind)
  const handled = task.kind === 'handler' && host.pending.has(task.id, as) && ended
  const cleared = parts.add(handled ? [clearPending(user, recordsOf(host, [task]))] : [])
  const start = context.now()
  await due.before?.()
  host.applying = true
  const others = members.some((member) => member.due.task !== task)
  const forget = others ? context.steering?.on('stopped', () => void endWithTask(host.access, as, () => !host.applying)) : undefined
  const exchanged = writer.apply(as, parts.jobs).finally(() => {
    host.applying = false
    forget?.()
  })
  // A host that goes down with its answer unsaid is what was asked for; that it comes back as another is seen later.
  parts.answer(returns ? await exchanged.catch(unlessLost) : await exchanged)
  if (earlier()[0]) notePending(host, as, earlier()[0]!)
  noteTaken(context, host, as, lock())
  await tellLost(context, host, as)
  if (cleared()[0]?.ran) host.pending.drop(task.id, as)
  if (!returns) keep(host, as, last.batch, last.states())
  await settle(slots, start, writer)
  return takePrepared(playHost, due.call)!
}

function unlessLost(error: unknown): readonly never[] {
  if (error instanceof UnreachableError) return []
  throw error
}
