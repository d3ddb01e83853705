import { setTimeout as sleep } from 'node:timers/promises'
import type { PlayContext, PlayHost } from './context.ts'

/** What is tried again: a task, or a block as a whole. */
interface Tried {
  readonly name: string
  readonly retries: number
  /** Seconds between two attempts. */
  readonly delay: number
}

/** Says that an attempt was not enough, and that another follows. */
export function tellRetry(
  context: PlayContext,
  { state }: PlayHost,
  { name, retries, delay }: Tried,
  attempt: number,
  reason: string,
): void {
  context.emit({
    event: 'retry',
    host: state.host.name,
    play: context.selected.play.name,
    task: name,
    attempt,
    retries,
    delay,
    reason,
  })
}

/** Waits for the next attempt, but not past the time when no further task begins. */
export async function untilNext({ steering }: PlayContext, { delay }: Tried): Promise<void> {
  await (steering ? steering.sleep(delay * 1000) : sleep(delay * 1000))
}
