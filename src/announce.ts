import type { Gathered } from './engine/gather-facts.ts'
import type { Emit, WarningEvent } from './model/event.ts'
import type { SourceAnswer } from './model/sourced.ts'
import type { RunOptions, ToRun } from './run.ts'
import { ownVersion } from './util/own-root.ts'

/** Tells of a run before its first task: the sets of hosts, their facts, and who cannot be reached. */
export function announce(
  opened: ToRun,
  gathered: Gathered,
  request: RunOptions,
  { queries, delegates }: { readonly queries: readonly string[]; readonly delegates: readonly string[] },
): void {
  const { fleet, factsScope, targets, contacted } = opened.selection
  const { sources } = opened.playbook.inventory.model
  request.emit({
    event: 'run',
    version: ownVersion(),
    playbook: opened.playbook.name,
    inventory: opened.relative(opened.inventoryPath),
    check: request.check,
    fleet,
    ...(sources && { sources }),
    factsScope,
    targets,
    ...(delegates.length > 0 && { delegates }),
    queries,
    ...(opened.given !== undefined && opened.given.length > 0 && { inputs: opened.given }),
    ...(request.force && { forced: true as const }),
    ...(request.past && { continues: request.past.continues }),
  })
  request.emit(gathered.event)
  for (const source of sources ?? []) if (source.origin === 'lastKnown') request.emit(staleWarning(source))
  for (const warning of gathered.warnings) request.emit(warning)
  tellUnreachable(contacted, gathered, request.emit)
}

/** Says of each host that it does not answer, and why. */
export function tellUnreachable(hosts: readonly string[], { failures, event }: Gathered, emit: Emit, durationMs = event.durationMs): void {
  for (const host of hosts) {
    const failure = failures.get(host)
    if (failure)
      emit({
        event: 'task',
        host,
        play: '',
        task: 'connect',
        module: '',
        handler: false,
        outcome: 'unreachable',
        confidence: 'certain',
        error: { ...failure.details, host },
        durationMs,
      })
  }
}

/** A source that failed, and whose last answer stands in for it. */
export function staleWarning({ source, ageSeconds, failure = '' }: SourceAnswer): WarningEvent {
  return {
    event: 'warning',
    message: `The source ${source} failed, and what it told ${agoOf(ageSeconds)} is used: ${failure}`,
    fix: 'Hosts that have come or gone since are not known.',
  }
}

function agoOf(seconds: number): string {
  if (seconds < 120) return `${seconds} s ago`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} days ago`
}
