import type { PlayContext, PlayHost } from './context.ts'
import type { PlayRun, Walk } from './play-run.ts'

/** Whether a host of the play has failed or cannot be reached, and no block around it will put that right. */
export function isDown({ hosts }: PlayContext, name: string): boolean {
  const host = hosts.get(name)
  if (!host) return true
  const { status } = host.state
  return host.sheltered === 0 && (status === 'failed' || status === 'unreachable')
}

/**
 * A host begins no further task. What runs, or has run already along with an earlier task, is told first; what is tidied up goes on.
 */
function halt({ state, tidying, prepared }: PlayHost): void {
  if (state.status === 'running' && !state.applying && !tidying && prepared.size === 0) state.status = 'stopped'
}

/** Ends the run: the hosts that are left begin no further task. */
export function stop(run: PlayRun, batch: readonly string[], reason: string): void {
  if (run.stopped !== undefined) return
  run.stopped = reason
  const { context } = run
  const left = batch.filter((name) => context.hosts.get(name)?.state.status === 'running')
  for (const name of left) halt(context.hosts.get(name)!)
  context.emit({ event: 'stopped', play: context.selected.play.name, reason, hosts: [...left, ...run.ahead] })
}

/** Ends the run where whoever steers it wants that; what is tidied up in any case goes on. */
export function heedSteering({ run, batch, regardless }: Walk): void {
  const reason = run.context.steering?.stopped
  if (reason !== undefined && !regardless) stop(run, batch, reason)
}

/** Hosts begin no further task where the run is stopped, or whoever steers it wants that. */
export function haltWhereStopped(walk: Walk, hosts: readonly PlayHost[]): void {
  heedSteering(walk)
  if (walk.run.stopped !== undefined && !walk.regardless) for (const host of hosts) halt(host)
}

/** Ends the run where more hosts of the batch have failed than the play allows. */
export function stopWhereTooMany({ run, batch }: Walk): void {
  const { maxFailPercentage } = run.context.selected.play
  if (maxFailPercentage === undefined || batch.length === 0) return
  const down = batch.filter((name) => isDown(run.context, name))
  if ((down.length / batch.length) * 100 <= maxFailPercentage) return
  stop(run, batch, `${down.length} of ${batch.length} hosts have failed, more than maxFailPercentage ${maxFailPercentage} allows`)
}
