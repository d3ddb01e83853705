import type { Gathered } from './engine/gather-facts.ts'
import type { HostState } from './engine/host-state.ts'
import { addTraffic, noTraffic } from './engine/traffic.ts'
import type { ErrorDetails } from './model/errors.ts'
import type { HostRecap } from './model/event.ts'
import type { States } from './open-states.ts'
import type { RunOptions } from './run.ts'

/** A host that another run holds comes last: nothing was done there. */
function worstOf(all: readonly HostRecap[], states: readonly HostState[]): number {
  const failed = all.reduce((sum, host) => sum + host.failed, 0)
  const held = states.filter((state) => state.held && state.counts.failed > 0).length
  if (failed > held) return 2
  return all.some((host) => host.unreachable > 0) ? 4 : held > 0 ? 5 : 0
}

/** Tells how a run ended, host by host, and gives its exit code. */
export function recap(
  targets: readonly string[],
  gathered: Gathered,
  states: States,
  request: RunOptions,
  started: number,
  error?: ErrorDetails,
): number {
  const hosts: Record<string, HostRecap> = {}
  for (const name of targets) {
    const state = states.onHosts.get(name) ?? states.onController.get(name)
    const counts = state?.counts ?? { ok: 0, changed: 0, skipped: 0, failed: 0, unreachable: 1, rescued: 0, ignored: 0 }
    const ways = [gathered.access.get(name), states.onController.get(name)?.access].flatMap((access) => access?.stats() ?? [])
    const givenUp = { ...noTraffic, connectMs: gathered.givenUpMs.get(name) ?? 0 }
    hosts[name] = { ...counts, ...addTraffic([givenUp, ...ways]) }
  }
  const all = Object.values(hosts)
  const exitCode = request.steering?.exitCode ?? error?.exitCode ?? worstOf(all, [...states.onHosts.values()])
  const durationMs = Math.round(performance.now() - started)
  request.emit({ event: 'recap', check: request.check, hosts, durationMs, exitCode, ...(error && { error }) })
  return exitCode
}
