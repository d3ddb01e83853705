import { limitHosts, namesIn, showLimit } from './engine/limit.ts'
import { limitFiles } from './limit-files.ts'
import { hasInventory, projectOf } from './load/project.ts'
import { RollcallError } from './model/errors.ts'
import type { HostRecord, InventoryModel } from './model/inventory.ts'
import { type InventoryRequest, openInventory } from './open-inventory.ts'

export interface HostsRequest extends InventoryRequest {
  /** Hosts and groups, as `--limit` takes them; or `localhost`, which every inventory has and none needs. */
  readonly pattern: string
  /** Hosts to take away from that. */
  readonly exclude?: string
  /** No host being left is no error. */
  readonly allowEmpty?: boolean
}
export interface OpenedHosts {
  /** Where the facts of these hosts are remembered; of no file where there is no inventory. */
  readonly path: string
  /** The inventory's file, relative to the project. */
  readonly name: string
  readonly model: InventoryModel
  /** Those the pattern leaves, in its order; at least one, unless none is allowed. */
  readonly hosts: readonly HostRecord[]
}

/** What is said where no host is left and that is allowed. */
export const nobody = 'no host is left to run on, as --allow-empty lets pass'

const controller = 'localhost'
/** The controller, for whoever does not declare it. In no group: `all` are the hosts that were declared. */
const implicit: HostRecord = { name: controller, groups: [], vars: {}, connection: { type: 'local' } }

/**
 * The hosts of a pattern, for commands without a playbook. `localhost` is the machine itself unless the inventory has a
 * host or a group of that name; it needs neither inventory nor project. Contacts no host.
 * @throws RollcallError (exit 1) for a pattern that names an unknown host or leaves none.
 */
export async function openHosts(request: HostsRequest): Promise<OpenedHosts> {
  const opened = needsNone(request) ? nowhere : await openInventory(request)
  const model = namesOf(request).includes(controller) ? withController(opened.model) : opened.model
  const hosts = chooseHosts(request, model).map((name) => model.hosts.get(name)!)
  return { path: opened.path, name: opened.name, model, hosts }
}

/**
 * The names a pattern leaves, in its order.
 * @throws RollcallError (exit 1) for unknown names, and where none is left unless that is allowed.
 */
export function chooseHosts(
  { pattern, exclude, root, allowEmpty }: Omit<HostsRequest, 'inventory'>,
  model: InventoryModel,
): readonly string[] {
  const options = { limit: pattern, limitOption: 'The pattern', exclude, readFile: limitFiles(root) }
  const hosts = limitHosts(options, model)
  if (hosts.length > 0 || allowEmpty) return hosts
  throw new RollcallError({
    summary: 'No host is left to run on',
    detail: `${showLimit({ ...options, limitOption: 'the pattern' })} leaves none`,
    fix: 'See which hosts there are:\nrollcall inventory list',
    exitCode: 1,
  })
}

const namesOf = ({ pattern, exclude }: HostsRequest) => [pattern, exclude ?? ''].flatMap(namesIn)

const nowhere = {
  path: '/',
  name: 'none',
  model: { hosts: new Map(), groups: new Map([['all', []]]) } as InventoryModel,
}

/** The pattern is the controller alone, and here is no inventory that could mean something else by it. */
function needsNone(request: HostsRequest): boolean {
  const { root, inventory } = request
  if (inventory !== undefined || namesOf(request).some((name) => name !== controller)) return false
  const project = projectOf(root)
  return project === undefined || !hasInventory(project)
}

function withController({ hosts, groups, ...rest }: InventoryModel): InventoryModel {
  if (hosts.has(controller) || groups.has(controller)) return { hosts, groups, ...rest }
  return { hosts: new Map([...hosts, [controller, implicit]]), groups, ...rest }
}
