import type { PlayHost } from './context.ts'
import type { PreparedCall } from './evaluate.ts'
import type { CallOutcome } from './outcome.ts'

/** What became of a call that went along with one before it, until its turn comes. */
export type Prepared = { readonly outcome: CallOutcome } | { readonly error: unknown }

/**
 * The outcome of a call that went along with an earlier one; undefined where it did not.
 * @throws what the call failed with.
 */
export function takePrepared({ prepared }: PlayHost, call: PreparedCall): CallOutcome | undefined {
  const left = prepared.get(call)
  prepared.delete(call)
  if (left && 'error' in left) throw left.error
  return left?.outcome
}
