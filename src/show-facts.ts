import { askHosts } from './ask-hosts.ts'
import { summarise } from './facts/knowledge.ts'
import { RollcallError } from './model/errors.ts'
import { type Contact, type FactOrigin, builtInFamilies as families, type HostKnowledge } from './model/facts.ts'
import { chooseHosts } from './open-hosts.ts'
import { type InventoryRequest, openInventory } from './open-inventory.ts'
import { rememberedFacts } from './remembered-facts.ts'

export interface FactsRequest extends InventoryRequest {
  /** Which hosts; default all. */
  readonly pattern?: string
  /** Hosts to take away from that. */
  readonly exclude?: string
  /** No host being left is no error. */
  readonly allowEmpty?: boolean
  /** `refresh`: ask every host. `cached`: ask none. `auto`: ask those whose remembered facts are older than an hour. */
  readonly from: 'auto' | 'refresh' | 'cached'
  readonly forks: number
  /** Seconds that hosts have together, but with `refresh`. */
  readonly timeoutSeconds?: number | undefined
  readonly progress: (line: string) => void
  /** Gets what is wrong with what was remembered, and with what hosts say. */
  readonly warn: (line: string) => void
}
/** What is known of one host. */
export interface ShownFacts {
  readonly host: string
  readonly origin: FactOrigin | 'none'
  readonly ageSeconds: number
  readonly contact: Contact
  readonly reason?: string
  /** Each family that is known, with its own origin and age. */
  readonly families: HostKnowledge['families']
}

const hour = 3600

/**
 * The facts of hosts, with origin and age. Reads only; a host that does not answer is shown as such.
 * @throws RollcallError (exit 1) for a pattern that names an unknown host or leaves none, and where nothing but what is
 * remembered is wanted and that cannot be read.
 */
export async function showFacts(request: FactsRequest): Promise<readonly ShownFacts[]> {
  const opened = await openInventory(request)
  const names = chooseHosts({ ...request, pattern: request.pattern ?? 'all' }, opened.model)
  const { knowledge, warnings } = await (request.from === 'cached' ? recall(opened, names) : ask(request, opened, names))
  for (const warning of warnings) request.warn(warning)
  return names.map((host) => {
    const of = knowledge.get(host)!
    const { origin, ageSeconds } = summarise(of, families)
    const { contact, reason } = of
    return { host, origin, ageSeconds, contact, ...(reason !== undefined && { reason }), families: of.families }
  })
}

interface Known {
  readonly knowledge: ReadonlyMap<string, HostKnowledge>
  readonly warnings: readonly string[]
}
type Opened = Awaited<ReturnType<typeof openInventory>>

async function recall({ path, model }: Opened, names: readonly string[]): Promise<Known> {
  const remembered = await rememberedFacts(path, model, names)
  const { failure } = remembered
  if (failure === undefined) return remembered
  // One of ours knows what to do about it.
  if (failure instanceof RollcallError) throw failure
  throw new RollcallError({
    summary: 'What is remembered of hosts cannot be read',
    detail: remembered.warnings.join('\n'),
    fix: 'Without --cached hosts are asked.',
    exitCode: 1,
  })
}

async function ask(request: FactsRequest, { path, model }: Opened, names: readonly string[]): Promise<Known> {
  const hosts = names.map((name) => model.hosts.get(name)!)
  const { access, knowledge, warnings } = await askHosts({
    inventory: model,
    inventoryPath: path,
    hosts,
    wishes: new Map(names.map((name) => [name, { families, maxAge: hour, insists: false }])),
    timeoutSeconds: request.timeoutSeconds,
    targets: new Set(request.from === 'refresh' ? names : []),
    check: true,
    forks: request.forks,
    progress: request.progress,
  })
  await Promise.all([...access.values()].map((way) => way.close()))
  return { knowledge, warnings: warnings.map(({ host, message }) => (host === undefined ? message : `${host}: ${message}`)) }
}
