import { setTimeout as sleep } from 'node:timers/promises'
import { within } from '../util/within.ts'
import type { As, HostAccess } from './host-access.ts'

/** How long a host has to end what runs there. */
export const endingMs = 10_000

const attempts = 5

/** Sees to it that no further task begins in an exchange that is under way. */
export async function endWithTask(access: HostAccess, as: As, isOver: () => boolean): Promise<void> {
  for (let attempt = 1; attempt <= attempts && !isOver(); attempt++) {
    if (await access.cancel(as, 'next').catch(() => false)) return
    await sleep(500) // It may not have arrived yet.
  }
}

/** Ends what runs on a host as a user. Gives its answer, or undefined where it does not come in time. */
export async function endOn<T>(access: HostAccess, as: As, answered: Promise<T>): Promise<T | undefined> {
  const until = performance.now() + endingMs
  const left = () => Math.max(0, until - performance.now())
  // What comes between two jobs of an exchange may find none to end, so it is tried again.
  while (left() > 0) {
    const cancelled = access.cancel(as, 'now').then(
      () => undefined,
      () => undefined,
    )
    const answer = (await within(Promise.race([answered, cancelled]), left())) ?? (await within(answered, Math.min(1000, left())))
    if (answer !== undefined) return answer
  }
  return undefined
}
