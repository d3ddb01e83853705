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

/** Waits for the next attempt. */
export function untilNext(context: PlayContext, { delay }: Tried): Promise<void> {
  return rest(context, delay * 1000)
}

/** Lets some time pass, but not past the time when no further task begins. */
export async function rest({ steering }: Pick<PlayContext, 'steering'>, milliseconds: number): Promise<void> {
  await (steering ? steering.sleep(milliseconds) : sleep(milliseconds))
}
