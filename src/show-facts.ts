import { askHosts } from './ask-hosts.ts'
import { summarise } from './facts/knowledge.ts'
import { type FactOrigin, builtInFamilies as families, type HostKnowledge } from './model/facts.ts'
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
  readonly progress: (line: string) => void
}
/** What is known of one host. */
export interface ShownFacts {
  readonly host: string
  readonly origin: FactOrigin | 'none'
  readonly ageSeconds: number
  /** False where what is remembered would do, or with `cached`. */
  readonly asked: boolean
  readonly reachable: boolean
  readonly reason?: string
  /** Each family that is known, with its own origin and age. */
  readonly families: HostKnowledge['families']
}

const hour = 3600

/**
 * The facts of hosts, with origin and age. Reads only; a host that does not answer is shown as such.
 * @throws RollcallError (exit 1) for a pattern that names an unknown host or leaves none.
 */
export async function showFacts(request: FactsRequest): Promise<readonly ShownFacts[]> {
  const { path, model } = await openInventory(request)
  const names = chooseHosts({ ...request, pattern: request.pattern ?? 'all' }, model)
  const knowledge = request.from === 'cached' ? await rememberedFacts(path, model, names) : await ask(request, path, model, names)
  return names.map((host) => {
    const of = knowledge.get(host)!
    const { origin, ageSeconds } = summarise(of, families)
    return {
      host,
      origin,
      ageSeconds,
      asked: of.asked,
      reachable: of.reachable,
      ...(of.reason !== undefined && { reason: of.reason }),
      families: of.families,
    }
  })
}

async function ask(
  request: FactsRequest,
  path: string,
  model: Awaited<ReturnType<typeof openInventory>>['model'],
  names: readonly string[],
) {
  const hosts = names.map((name) => model.hosts.get(name)!)
  const gathered = await askHosts({
    inventory: model,
    inventoryPath: path,
    hosts,
    families,
    targets: new Set(request.from === 'refresh' ? names : []),
    maxAge: hour,
    check: true,
    forks: request.forks,
    progress: request.progress,
  })
  await Promise.all([...gathered.access.values()].map((access) => access.close()))
  return gathered.knowledge
}
