import { factsJobs, familyNames, parseFacts } from '../facts/index.ts'
import { knowledgeOf, privateIpWarnings, summarise } from '../facts/knowledge.ts'
import { RollcallError, UnreachableError } from '../model/errors.ts'
import type { FactsEvent, WarningEvent } from '../model/event.ts'
import type { FactValues, HostKnowledge } from '../model/facts.ts'
import type { HostRecord } from '../model/inventory.ts'
import type { FactCache } from '../store/fact-cache.ts'
import { limitConcurrency } from '../util/concurrency.ts'
import type { HostAccess } from './host-access.ts'

/** Whose facts, which, and how old they may be. */
export interface GatherRequest {
  readonly hosts: readonly HostRecord[]
  readonly targets: ReadonlySet<string>
  readonly families: readonly string[]
  /** Seconds for which a cached fact of a host outside the targets is good. */
  readonly maxAge: number
  /** One deadline for all hosts outside the targets. */
  readonly deadlineMs: number
  readonly forks: number
  readonly open: (host: HostRecord, signal: AbortSignal) => Promise<HostAccess>
  readonly cache: Pick<FactCache, 'read' | 'write'>
  readonly now: () => number
}
/** Maps grow by hosts that a run adds. */
export interface Gathered {
  readonly knowledge: Map<string, HostKnowledge>
  /** Open ways to the hosts that answered. */
  readonly access: Map<string, HostAccess>
  /** Why a host did not answer. */
  readonly failures: Map<string, RollcallError>
  /** How long it took until a host was given up that no way was opened to. */
  readonly givenUpMs: Map<string, number>
  readonly event: FactsEvent
  readonly warnings: readonly WarningEvent[]
}

/**
 * Asks every host of the scope for its facts, all at once and in one exchange each, so that it is known before any
 * task who answers. A host outside the targets whose cached facts are young enough is not contacted.
 */
export async function gatherFacts(request: GatherRequest): Promise<Gathered> {
  const started = performance.now()
  const access = new Map<string, HostAccess>()
  const failures = new Map<string, RollcallError>()
  const givenUpMs = new Map<string, number>()
  const warnings: WarningEvent[] = []
  const together = limitConcurrency(request.forks)
  const outside = new AbortController()
  const late = new Promise<'late'>((resolve) => outside.signal.addEventListener('abort', () => resolve('late')))
  const timer = setTimeout(() => outside.abort(), request.deadlineMs)
  const one = async (host: HostRecord): Promise<HostKnowledge> => {
    const target = request.targets.has(host.name)
    const { families: cached, warnings: odd } = await request.cache.read(host.name, familyNames())
    for (const message of odd) warnings.push({ event: 'warning', host: host.name, message })
    const now = request.now()
    const base = { host: host.name, declared: host.facts, cached, now }
    const young = request.families.every((family) => {
      const kept = cached[family]
      return kept && now - kept.gatheredAt <= request.maxAge * 1000
    })
    if (!target && young) return knowledgeOf({ ...base, asked: false, reason: 'its cached facts are young enough' })
    const asked = performance.now()
    try {
      const problems: string[] = []
      const asking = askHost(request, host, target ? new AbortController().signal : outside.signal, access, (_, { details }) => {
        problems.push(details.detail ?? details.summary)
        warnings.push({ event: 'warning', host: host.name, message: `${details.summary}: ${details.detail}` })
      })
      const live = await (target ? asking : unlessLate(asking, late, host, request.deadlineMs))
      await request.cache.write(host.name, live, request.now())
      const knowledge = knowledgeOf({ ...base, live, now: request.now(), ...(problems.length > 0 && { reason: problems.join('; ') }) })
      for (const message of privateIpWarnings(knowledge, host)) warnings.push({ event: 'warning', host: host.name, message })
      return knowledge
    } catch (error) {
      const failure =
        error instanceof RollcallError
          ? error
          : new UnreachableError(
              { summary: 'The host could not be asked', detail: String((error as Error)?.message ?? error), host: host.name },
              { cause: error },
            )
      failures.set(host.name, failure)
      if (!access.has(host.name)) givenUpMs.set(host.name, Math.round(performance.now() - asked))
      return knowledgeOf({ ...base, reason: failure.details.detail ?? failure.details.summary })
    }
  }
  const known = await Promise.all(request.hosts.map((host) => together(() => one(host))))
  clearTimeout(timer)
  const knowledge = new Map(known.map((of) => [of.host, of]))
  const hosts = request.hosts.map(({ name }) => {
    const of = knowledge.get(name)!
    const { origin, ageSeconds } = summarise(of, request.families)
    const { asked, reachable, reason } = of
    return { host: name, origin, ageSeconds, asked, reachable, ...(reason !== undefined && { reason }) }
  })
  const event: FactsEvent = { event: 'facts', hosts, durationMs: Math.round(performance.now() - started) }
  return { knowledge, access, failures, givenUpMs, warnings, event }
}

async function askHost(
  request: GatherRequest,
  host: HostRecord,
  signal: AbortSignal,
  access: Map<string, HostAccess>,
  onProblem: (family: string, error: RollcallError) => void,
): Promise<FactValues> {
  const opened = await request.open(host, signal)
  if (signal.aborted) {
    await opened.close()
    return {}
  }
  access.set(host.name, opened)
  const jobs = factsJobs(request.families)
  // Without families the open way is the whole answer: a session of the login user may never be needed.
  return parseFacts(request.families, jobs.length === 0 ? [] : await opened.reader.read('login', jobs, 'facts'), onProblem)
}

/** @throws UnreachableError at the deadline of all hosts outside the targets, also for one whose turn comes after it. */
async function unlessLate<T>(asking: Promise<T>, late: Promise<'late'>, host: HostRecord, deadlineMs: number): Promise<T> {
  asking.catch(() => {})
  const first = await Promise.race([late, asking])
  if (first !== 'late') return first as T
  throw new UnreachableError({
    summary: 'The host did not answer in time',
    detail: `no facts within ${deadlineMs / 1000} s`,
    host: host.name,
  })
}
