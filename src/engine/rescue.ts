import type { TaskRecord } from '../dsl/record.ts'
import { UnreachableError } from '../model/errors.ts'
import type { PlayContext, PlayHost } from './context.ts'
import { discard, type HostState } from './host-state.ts'
import type { PlayRun } from './play-run.ts'

/** Whether a host is out of what comes next, unless something puts it right. */
export function fallen({ state: { status } }: PlayHost): boolean {
  return status !== 'running'
}

/** A host that failed is begun again with: so far nothing counts as failed. */
export function raise({ state }: PlayHost): void {
  if (state.status === 'failed' || state.status === 'unreachable') state.counts[state.status] -= 1
  state.status = 'running'
}

/** What had failed was put right: it counts as rescued. */
export function pardon({ state }: PlayHost, failed: HostState['status']): void {
  if (failed !== 'failed' && failed !== 'unreachable') return
  state.counts[failed] -= 1
  state.counts.rescued += 1
}

/** Forgets what tasks came to on a host, so that they are worked out anew. What has run already, and waits to be told, stays. */
export function forget(run: PlayRun, host: PlayHost, tasks: readonly TaskRecord[]): void {
  for (const task of tasks) {
    const known = host.evaluations.get(task)
    if (known?.kind === 'ready' && known.calls.some((call) => host.prepared.has(call))) continue
    host.evaluations.delete(task)
    host.results.delete(task)
    host.unsure.delete(task)
    run.once.delete(task)
  }
}

/** Seconds to connect anew: a host that is to be tidied up may be gone for good. */
const patienceMs = 10_000

/** Hosts that can be worked on: one that was lost is connected to once more. */
export async function answering(context: PlayContext, hosts: readonly PlayHost[]): Promise<readonly PlayHost[]> {
  const back = await Promise.all(hosts.map((host) => isBack(context, host)))
  return hosts.filter((_, index) => back[index])
}

async function isBack(context: PlayContext, { state }: PlayHost): Promise<boolean> {
  if (state.status !== 'unreachable') return true
  try {
    await reconnect(state)
    return true
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error
    context.emit({
      event: 'warning',
      host: state.host.name,
      message: `it still does not answer, so what is left to do there is not done: ${error.message}`,
    })
    return false
  }
}

/**
 * Opens a link that was lost again. Nothing that was read over the old one counts.
 * @throws UnreachableError where the host does not answer.
 */
export async function reconnect(state: HostState): Promise<void> {
  const { reopen } = state.access
  if (!reopen) throw new UnreachableError({ summary: 'A link that cannot be opened again was lost', host: state.host.name })
  await reopen({ connectTimeoutMs: patienceMs })
  discard(state)
  state.pendingRead.clear()
  state.lock?.taken.clear()
  state.lost = false
}
