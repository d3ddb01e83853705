import type { PlayContext } from './context.ts'
import type { As } from './host-access.ts'
import type { HostHeld } from './host-lock.ts'
import { discard, type HostState } from './host-state.ts'
import { notePending, readPending } from './pending.ts'
import { rest } from './retry.ts'

const pauseMs = 1000

/** Waits until no other run holds the host. What was read of it before counts no more. @throws The error where that takes too long. */
export async function waitForLock(context: PlayContext, state: HostState, as: As, error: HostHeld, until: number): Promise<void> {
  const { lock, access } = state
  const { steering } = context
  if (!lock || performance.now() >= until) throw error
  if (!lock.told.has('waits')) {
    lock.told.add('waits')
    context.emit({ event: 'warning', host: state.host.name, message: `waiting for another run: ${error.details.detail}` })
  }
  while (lock.heldBy.has(as)) {
    await rest(context, pauseMs)
    if (performance.now() >= until || steering?.stopped !== undefined) throw error
    const [reply] = await access.reader.read(as, [readPending(access.userOf(as))])
    if (reply) notePending(state, as, reply)
  }
  discard(state)
}
