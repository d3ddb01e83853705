import type { MetaAction } from '../dsl/definition.ts'
import type { Due } from './run-call.ts'

/** Does what a `meta` call asks of the engine, for the host that it stands on. */
export async function perform({ context, playHost }: Due, action: MetaAction): Promise<void> {
  const { course } = context
  switch (action) {
    case 'endHost':
      playHost.ended = true
      return
    case 'endBatch':
    case 'endPlay':
      course?.end(action === 'endPlay' ? 'play' : 'batch')
      return
    case 'clearHostErrors':
      for (const { state } of context.hosts.values()) {
        if (state.status === 'unreachable') state.lost = true
        if (state.status === 'failed' || state.status === 'unreachable') state.status = 'running'
      }
      return
    case 'resetConnection':
      // The next task connects anew, and says so where it cannot.
      playHost.state.lost = playHost.state.access.reopen !== undefined
      return
    case 'noop':
      return
    default:
      action satisfies never
  }
}
