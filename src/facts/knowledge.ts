import type { CachedFacts } from '../model/fact-cache.ts'
import type { Contact, DeclaredFacts, FactOrigin, FactValues, HostKnowledge, KnownFamily } from '../model/facts.ts'
import type { HostRecord } from '../model/inventory.ts'
import { familyNamed, familyNames } from './index.ts'

export interface Sources {
  readonly host: string
  readonly declared?: DeclaredFacts | undefined
  /** Families read in this run; present, if only empty, for a host that answered. */
  readonly live?: FactValues | undefined
  readonly cached?: CachedFacts | undefined
  /** Why the host was not asked or did not answer, as a clause: `connect timed out`. */
  readonly reason?: string | undefined
  /** Default: `answered` with live facts, else `failed`. */
  readonly contact?: Contact
  readonly now: number
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}

/** Whether the inventory declares every field of a family that all hosts have. */
function complete(name: string, declared: object | undefined): declared is object {
  const given = declared as { readonly [field: string]: unknown } | undefined
  const fields = Object.entries(familyNamed(name).fields)
  return given !== undefined && fields.every(([field, presence]) => presence === 'sometimes' || given[field] !== undefined)
}

function familyOf(name: string, { declared, live, cached, now }: Sources): KnownFamily | undefined {
  const read = live?.[name]
  if (read !== undefined) return { value: read, origin: 'live', ageSeconds: 0 }
  const remembered = cached?.[name]
  if (remembered !== undefined) {
    // A clock that was set back must not give facts from the future.
    const ageSeconds = Math.max(0, Math.round((now - remembered.gatheredAt) / 1000))
    return { value: remembered.value, origin: 'cached', ageSeconds }
  }
  const written = declared?.[name]
  return written !== undefined && complete(name, written) ? { value: written, origin: 'declared', ageSeconds: 0 } : undefined
}

/**
 * What is known of a host: per family live beats cached beats declared. A family that is declared in part only is not
 * among the families; the guard answers its declared fields.
 */
export function knowledgeOf(sources: Sources): HostKnowledge {
  const names = new Set([...familyNames(), ...Object.keys(sources.cached ?? {})])
  const known = [...names].flatMap((name) => {
    const found = familyOf(name, sources)
    return found === undefined ? [] : [[name, found] as const]
  })
  return deepFreeze({
    host: sources.host,
    contact: sources.contact ?? (sources.live === undefined ? 'failed' : 'answered'),
    families: Object.fromEntries(known) as HostKnowledge['families'],
    ...(sources.declared && { declared: sources.declared }),
    ...(sources.reason !== undefined && { reason: sources.reason }),
  })
}

/** How the families a play reads are known, for one host: the origin to show, its age, and what is missing. */
export interface KnowledgeSummary {
  /** The oldest origin among the families; `none` where any of them is missing. */
  readonly origin: FactOrigin | 'none'
  readonly ageSeconds: number
  readonly missing: readonly string[]
}

/** Sums up the families a play reads. `cached` beats `declared` beats `live`: the least fresh is what people must see. */
export function summarise(knowledge: HostKnowledge, families: readonly string[]): KnowledgeSummary {
  const found = families.map((name) => ({ name, known: knowledge.families[name] }))
  const missing = found.filter(({ known }) => known === undefined).map(({ name }) => name)
  const origins = found.map(({ known }) => known?.origin)
  const oldest = (['cached', 'declared', 'live'] as const).find((origin) => origins.includes(origin))
  return {
    origin: missing.length > 0 ? 'none' : (oldest ?? (knowledge.contact === 'answered' ? 'live' : 'none')),
    ageSeconds: missing.length > 0 ? 0 : Math.max(0, ...found.map(({ known }) => known?.ageSeconds ?? 0)),
    missing,
  }
}

/** IPv6 is written in many ways; a URL knows the one canonical form. */
function canonical(address: string): string {
  const bare = address.replace(/%.*$/, '').toLowerCase()
  return bare.includes(':') && URL.canParse(`http://[${bare}]/`) ? new URL(`http://[${bare}]/`).hostname : bare
}

/**
 * Warns of a private address that the inventory declares and no interface of the host has. Only facts of this run can
 * tell: remembered ones may be of an earlier address.
 */
export function privateIpWarnings(knowledge: HostKnowledge, declared: Pick<HostRecord, 'privateIp'>): string[] {
  const network = knowledge.families.network
  if (declared.privateIp === undefined || network?.origin !== 'live') return []
  const own = network.value.interfaces.flatMap(({ name, addresses }) => addresses.map(({ address }) => ({ name, address })))
  const wanted = canonical(declared.privateIp)
  if (own.some(({ address }) => canonical(address) === wanted)) return []
  const has = own.filter(({ address }) => network.value.addresses.includes(address)).map(({ name, address }) => `${address} on ${name}`)
  return [
    `The inventory gives ${knowledge.host} the private address ${declared.privateIp}, but no interface of the host has it: it has ${has.join(', ') || 'none'}`,
  ]
}
