import { jsonSafe } from './engine/compare.ts'
import { matchPattern } from './engine/limit.ts'
import { limitFiles } from './limit-files.ts'
import type { SourceAnswer } from './model/sourced.ts'
import { type InventoryRequest, openInventory } from './open-inventory.ts'
import { redactDeep } from './util/redact.ts'

/** One host as declared, values resolved over `all`, groups and the host itself. */
export interface ShownHost {
  readonly host: string
  /** Where it comes from, if code does not declare it. */
  readonly source?: string
  readonly groups: readonly string[]
  readonly privateIp?: string
  readonly publicIp?: string
  /** How it is reached; secrets hidden. */
  readonly connection: unknown
  readonly vars: unknown
}
export interface ShownInventory {
  readonly inventory: string
  /** Group → its hosts in inventory order; `all` among them. */
  readonly groups: { readonly [group: string]: readonly string[] }
  /** Group → the groups directly below it, of groups that have some. */
  readonly children: { readonly [group: string]: readonly string[] }
  readonly hosts: readonly ShownHost[]
  /** How its sources were asked, where it has some. */
  readonly sources?: readonly SourceAnswer[]
}

/**
 * An inventory, or the hosts of it that a pattern leaves. Contacts no host.
 * @throws RollcallError (exit 1) for a pattern that names an unknown host or group.
 */
export async function showInventory(request: InventoryRequest & { readonly pattern?: string }): Promise<ShownInventory> {
  const { model, name } = await openInventory(request)
  const chosen = matchPattern(request.pattern ?? 'all', model, 'The pattern', limitFiles(request.root))
  return {
    inventory: name,
    groups: Object.fromEntries([...model.groups].map(([group, hosts]) => [group, hosts.filter((host) => chosen.includes(host))])),
    children: Object.fromEntries(model.children ?? []),
    ...(model.sources && { sources: redactDeep(model.sources) }),
    hosts: chosen.map((host) => {
      const { groups, privateIp, publicIp, connection, vars, origin } = model.hosts.get(host)!
      return {
        host,
        ...(origin && { source: origin.source }),
        groups,
        ...(privateIp !== undefined && { privateIp }),
        ...(publicIp !== undefined && { publicIp }),
        connection: redactDeep(jsonSafe(connection)),
        vars: redactDeep(jsonSafe(vars)),
      }
    }),
  }
}
