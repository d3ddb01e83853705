import type { Read } from '../dsl/resource.ts'
import { RollcallError } from '../model/errors.ts'
import type { Job, Reply } from '../transport/session-types.ts'
import { within } from '../util/within.ts'
import type { PlayContext } from './context.ts'
import type { As, HostAccess } from './host-access.ts'
import type { HostState } from './host-state.ts'

/** Reads that took longer than they may. */
export class TooSlow extends RollcallError {
  override readonly name = 'TooSlow'
  readonly limitMs: number
  constructor(limitMs: number) {
    super({ summary: 'Reading from the host takes too long', detail: `more than ${limitMs / 1000} s` })
    this.limitMs = limitMs
  }
}

/**
 * Reads in one exchange, and lets go of its session when no answer comes: what hangs there hangs without us.
 * @throws TooSlow
 */
export async function readWithin(access: HostAccess, as: As, jobs: readonly Job[], limitMs: number | undefined): Promise<readonly Reply[]> {
  const asked = access.reader.read(as, jobs)
  if (limitMs === undefined) return asked
  const replies = await within(asked, limitMs)
  if (replies !== undefined) return replies
  access.abandon(as)
  throw new TooSlow(limitMs)
}

/** From here on each task of the host reads for itself. */
export function readAlone(context: PlayContext, state: HostState): void {
  state.readsAlone = true
  context.emit({
    event: 'warning',
    host: state.host.name,
    message: `reading ahead took more than ${context.patience.aheadMs / 1000} s, so each task now reads for itself`,
    fix: 'Look for a file system that does not answer (a network mount), or a tree that takes long to walk.',
  })
}

/** What a task that reads for itself says when that takes too long. */
export function tooSlow(error: unknown, reads: readonly Read[]): never {
  if (!(error instanceof TooSlow)) throw error
  throw new RollcallError({
    summary: error.details.summary,
    detail: `no answer within ${error.limitMs / 1000} s to: ${reads.map(({ key }) => key).join(', ')}`,
    fix: 'See on the host whether these paths and programs answer: a network mount that hangs, a device, a service manager that waits.',
  })
}
