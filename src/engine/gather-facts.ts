import { knowledgeOf, privateIpWarnings, type Sources, summarise } from '../facts/knowledge.ts'
import { RollcallError, UnreachableError } from '../model/errors.ts'
import type { FactsEvent, WarningEvent } from '../model/event.ts'
import { type CachedFacts, type FactRecord, recordsOf } from '../model/fact-cache.ts'
import type { HostKnowledge } from '../model/facts.ts'
import type { HostRecord } from '../model/inventory.ts'
import type { Silence } from '../store/index.ts'
import { type AskHost, askHost } from './ask-host.ts'
import { type Deadline, openDeadline } from './deadline.ts'
import type { FactMemory } from './fact-memory.ts'
import type { FactWish } from './fact-wishes.ts'
import type { HostAccess } from './host-access.ts'
import { openPlaces } from './places.ts'
import { briefMs, sparedBecause, timeFor, waitedInVain } from './silence.ts'

/** Whose facts, which, and how old they may be. */
export interface GatherRequest {
  readonly hosts: readonly HostRecord[]
  readonly targets: ReadonlySet<string>
  /** What is wanted of each host's facts. A target without a wish is only connected to, another host is left alone. */
  readonly wishes: ReadonlyMap<string, FactWish>
  /** One deadline for all hosts outside the targets, from when the last target is being asked. */
  readonly deadlineMs: number
  readonly forks: number
  readonly open: AskHost['open']
  readonly memory: FactMemory
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

const noWish: FactWish = { families: [], maxAge: 0, insists: false }
const unending = new AbortController().signal

/**
 * Asks every host of the scope for its facts, all at once and in one exchange each, so that it is known before any task who
 * answers. A host outside the targets is not contacted where its cached facts are young enough, or where it was waited for in
 * vain a moment ago.
 */
export async function gatherFacts(request: GatherRequest): Promise<Gathered> {
  const started = performance.now()
  const { targets, memory, now } = request
  const wishOf = (host: HostRecord) => request.wishes.get(host.name) ?? noWish
  const interview = openInterview(request, wishOf)
  const inPlace = openPlaces(request.forks)
  const asking = new Map<string, Promise<HostKnowledge> | HostKnowledge>()

  // Targets are asked whatever is remembered of them.
  const recalling = memory.recall(request.hosts.filter((host) => wishOf(host).families.length > 0).map(({ name }) => name))
  const remembered = async (host: HostRecord) => (await recalling).of.get(host.name)
  const begun = request.hosts
    .filter(({ name }) => targets.has(name))
    .map(
      (host) =>
        new Promise<void>((begin) => {
          const work = () => {
            begin()
            return interview.ask(host, () => remembered(host))
          }
          asking.set(host.name, inPlace(work))
        }),
    )
  const { of, silent, warnings } = await recalling
  for (const message of warnings) interview.warn(message)

  const whole = openDeadline(request.deadlineMs, Promise.all(begun))
  const leave = (host: HostRecord, contact: 'notAsked' | 'spared', reason: string) =>
    knowledgeOf({ ...sources(host, of.get(host.name), now()), contact, reason })
  let brief: Deadline | undefined
  const silentOnes: { readonly askedAt: number; readonly ask: () => void }[] = []
  for (const host of request.hosts.filter(({ name }) => !targets.has(name))) {
    const { families, maxAge, insists } = wishOf(host)
    const cached = of.get(host.name)
    const silence = insists ? undefined : silent.get(host.name)
    const time = silence && timeFor(silence, now())
    const settle = (found: Promise<HostKnowledge> | HostKnowledge) => asking.set(host.name, found)
    if (families.length === 0) settle(leave(host, 'notAsked', 'no play reads its facts'))
    else if (isYoung(cached, families, maxAge, now())) settle(leave(host, 'notAsked', 'its cached facts are young enough'))
    else if (silence && time === 'none') settle(leave(host, 'spared', sparedBecause(silence, now())))
    else {
      const work = async () => {
        if (time === 'brief') brief ??= openDeadline(briefMs, undefined, whole)
        const [deadline, waitedAt] = time === 'brief' ? [brief!, silence?.waitedAt] : [whole, undefined]
        if (deadline.signal.aborted) return interview.outOfTime(host, cached, deadline)
        return interview.ask(host, async () => cached, deadline, waitedAt)
      }
      // Who was silent comes last, and does not use up the time of the others.
      if (silence) silentOnes.push({ askedAt: silence.askedAt, ask: () => settle(inPlace(work)) })
      else settle(inPlace(work))
    }
  }
  for (const { ask } of silentOnes.sort((one, other) => one.askedAt - other.askedAt)) ask()
  const known = await Promise.all(request.hosts.map(({ name }) => asking.get(name)!))
  whole.end()
  brief?.end()
  interview.end(known.some(({ host, contact }) => contact === 'answered' && !targets.has(host)))
  const { access, failures, givenUpMs } = interview
  const answered = known.filter(({ contact }) => contact === 'answered').map(({ host }) => host)
  for (const message of await memory.keep(interview.records, { silent: interview.silent, answered, now: now() })) interview.warn(message)
  const hosts = known.map((knowledge, index) => {
    const { host, contact, reason } = knowledge
    const { origin, ageSeconds } = summarise(knowledge, wishOf(request.hosts[index]!).families)
    return { host, origin, ageSeconds, contact, ...(reason !== undefined && { reason }) }
  })
  const event: FactsEvent = { event: 'facts', hosts, durationMs: Math.round(performance.now() - started) }
  return { knowledge: new Map(known.map((one) => [one.host, one])), access, failures, givenUpMs, warnings: interview.warnings, event }
}

function sources({ name, facts }: HostRecord, cached: CachedFacts | undefined, now: number): Sources {
  return { host: name, declared: facts, cached, now }
}

/** A clock that was wrong may have dated facts into the future: they are no younger for it. */
function isYoung(cached: CachedFacts | undefined, families: readonly string[], maxAge: number, now: number): boolean {
  return families.every((family) => {
    const kept = cached?.[family]
    return kept !== undefined && Math.abs(now - kept.gatheredAt) <= maxAge * 1000
  })
}

/** Asking hosts one by one, and all that comes of it. */
function openInterview({ open, now }: GatherRequest, wishOf: (host: HostRecord) => FactWish) {
  const access = new Map<string, HostAccess>()
  const failures = new Map<string, RollcallError>()
  const givenUpMs = new Map<string, number>()
  const warnings: WarningEvent[] = []
  const records: FactRecord[] = []
  const silent = new Map<string, Silence>()
  const warn = (message: string, host?: string) => warnings.push({ event: 'warning', ...(host !== undefined && { host }), message })

  /** `waitedAt`: when it was last given all the time there is, where this time it is not. */
  const ask = async (
    host: HostRecord,
    remembered: () => Promise<CachedFacts | undefined>,
    deadline?: Deadline,
    waitedAt?: number,
  ): Promise<HostKnowledge> => {
    const { name } = host
    const askedAt = now()
    const problems: string[] = []
    try {
      const asking = askHost(host, {
        families: wishOf(host).families,
        open,
        signal: deadline?.signal ?? unending,
        onOpen: (opened) => access.set(name, opened),
        onProblem: (_, { details }) => {
          problems.push(details.detail ?? details.summary)
          warn(`${details.summary}: ${details.detail}`, name)
        },
      })
      const live = await (deadline ? deadline.orLate(asking, host) : asking)
      records.push(...recordsOf(name, live, now()))
      const reason = problems.length > 0 ? { reason: problems.join('; ') } : {}
      const knowledge = knowledgeOf({ ...sources(host, await remembered(), now()), live, ...reason })
      for (const message of privateIpWarnings(knowledge, host)) warn(message, name)
      return knowledge
    } catch (error) {
      const failure = failureOf(error, host)
      const reason = failure.details.detail ?? failure.details.summary
      failures.set(name, failure)
      const elapsedMs = now() - askedAt
      if (!access.has(name)) givenUpMs.set(name, elapsedMs)
      if (waitedInVain(elapsedMs, deadline?.ms)) silent.set(name, { askedAt: now(), waitedAt: waitedAt ?? askedAt, reason })
      return knowledgeOf({ ...sources(host, await remembered(), now()), reason })
    }
  }
  const late: HostRecord[] = []
  const outOfTime = (host: HostRecord, cached: CachedFacts | undefined, { ms }: Deadline): HostKnowledge => {
    const reason = `its turn did not come within ${ms / 1000} s`
    late.push(host)
    failures.set(host.name, new UnreachableError({ summary: 'The host was not asked in time', detail: reason, host: host.name }))
    return knowledgeOf({ ...sources(host, cached, now()), contact: 'notAsked', reason })
  }
  /** Where nobody answered, the network is down rather than each host: those whose turn did not come are spared with the others. */
  const end = (somebodyAnswered: boolean) => {
    const reason = 'no host outside the targets did'
    if (!somebodyAnswered && silent.size > 0) for (const { name } of late) silent.set(name, { askedAt: now(), waitedAt: now(), reason })
  }
  return { ask, outOfTime, end, warn, access, failures, givenUpMs, warnings, records, silent }
}

function failureOf(error: unknown, { name }: HostRecord): RollcallError {
  if (error instanceof RollcallError) return error
  const detail = String((error as Error)?.message ?? error)
  return new UnreachableError({ summary: 'The host could not be asked', detail, host: name }, { cause: error })
}
