import { jsonSafe } from './engine/compare.ts'
import { readGiven } from './given-words.ts'
import { inventoryPlaces, levelPlaces, type Place } from './inventory-places.ts'
import { shortPath } from './load/code-frame.ts'
import { formatLine, RollcallError } from './model/errors.ts'
import type { HostRecord, VarLevel } from './model/inventory.ts'
import { type InventoryRequest, type OpenedInventory, openInventory } from './open-inventory.ts'
import { overrideVars, varsOf } from './override-vars.ts'
import { takeGiven } from './take-given.ts'
import { redactDeep } from './util/redact.ts'
import { suggest } from './util/suggest.ts'

/** A var, or a setting of a connection, as one level sets it. */
export interface VarSource extends Place {
  /** `all`, `group cluster`, `host` or `-e`; of a setting also `default`, or the address that SSH takes. */
  readonly from: string
  /** As JSON; secrets hidden. */
  readonly value: unknown
}
/** A var of a host: its value, where it comes from, and what that overrides, nearest first. */
export interface ExplainedVar extends VarSource {
  readonly name: string
  readonly overrides: readonly VarSource[]
}
export interface ExplainedVars {
  readonly inventory: string
  readonly host: string
  readonly vars: readonly ExplainedVar[]
  /** How the host is reached, setting by setting, where that is asked for. */
  readonly connection?: readonly ExplainedVar[]
}

export interface ExplainVarRequest extends InventoryRequest {
  readonly host: string
  readonly name?: string
  /** How the host is reached, instead of its vars. */
  readonly connection?: boolean
  readonly given?: readonly string[]
}

/**
 * Where the vars of a host come from: all, or the one that is asked for; or the settings of its connection. Contacts no host.
 * @throws RollcallError (exit 1) for a host or var there is not, with a suggestion.
 */
export async function explainVar(request: ExplainVarRequest): Promise<ExplainedVars> {
  const opened = await openGiven(request)
  const { hosts } = opened.model
  const host = hosts.get(request.host)
  if (host === undefined) throw unknown('There is no such host', `'${request.host}' in ${opened.name}`, request.host, [...hosts.keys()])
  const { inventory, sourced } = sourcesOf(opened, host)
  if (request.connection) return { inventory, host: host.name, vars: [], connection: settingsOf(opened, host, sourced) }
  const names = Object.keys(host.vars)
  if (request.name !== undefined && !names.includes(request.name))
    throw unknown('The host has no such var', `'${request.name}' of ${host.name}`, request.name, names)
  return {
    inventory,
    host: host.name,
    vars: names
      .filter((name) => request.name === undefined || name === request.name)
      .map((name) => sourced('vars', name, host.varLevels?.get(name) ?? [{ level: 'host', value: host.vars[name] }])),
  }
}

/**
 * The same of `<host>` or `<host>.<var>`; names of hosts may have dots.
 * @returns undefined where the word begins with no host of the inventory.
 */
export async function explainWord({
  word,
  ...request
}: Omit<ExplainVarRequest, 'host' | 'name'> & { readonly word: string }): Promise<ExplainedVars | undefined> {
  const { hosts } = (await openInventory(request)).model
  const fitting = [...hosts.keys()].filter((host) => word === host || word.startsWith(`${host}.`))
  const host = fitting.sort((one, other) => other.length - one.length)[0]
  if (host === undefined) return undefined
  return explainVar({ ...request, host, ...(word !== host && { name: word.slice(host.length + 1) }) })
}

type Sourced = (part: 'vars' | 'connection', name: string, levels: readonly VarLevel[]) => ExplainedVar

function sourcesOf(opened: OpenedInventory, host: HostRecord): { readonly inventory: string; readonly sourced: Sourced } {
  const placeOf = levelPlaces(opened)
  const sourceOf = (part: 'vars' | 'connection', name: string, level: VarLevel): VarSource => ({
    from: level.level === 'group' ? `group ${level.group}` : level.level === 'given' ? '-e' : level.level,
    value: redactDeep(jsonSafe(level.value)),
    ...placeOf(host.name, part, name, level),
  })
  const sourced: Sourced = (part, name, levels) => {
    const [counts, ...overrides] = levels.toReversed()
    return { name, ...sourceOf(part, name, counts!), overrides: overrides.map((level) => sourceOf(part, name, level)) }
  }
  return { inventory: opened.name, sourced }
}

/** Settings that some level gives, those that have a default, and the address where no level says one. */
function settingsOf(opened: OpenedInventory, host: HostRecord, sourced: Sourced): readonly ExplainedVar[] {
  const { connection, connectionLevels: levels } = host
  const own = Object.entries(connection).map(([name, value]): ExplainedVar => {
    const known = levels?.get(name)
    return known ? sourced('connection', name, known) : { name, from: 'default', value, at: '', exact: true, overrides: [] }
  })
  if (connection.type !== 'ssh' || connection.address !== undefined) return own
  const key = (['publicIp', 'privateIp'] as const).find((ip) => host[ip] !== undefined)
  const place = inventoryPlaces(opened)(['hosts', host.name, ...(key ? [key] : [])])
  return [...own, { name: 'address', from: key ?? 'its name', value: host[key ?? 'name'], ...place, overrides: [] }]
}

/** The inventory as `-e` makes it. Without a playbook only vars can be meant. */
async function openGiven(request: InventoryRequest & { readonly given?: readonly string[] }): Promise<OpenedInventory> {
  const opened = await openInventory(request)
  if (request.given === undefined || request.given.length === 0) return opened
  const { model, project } = opened
  const declared = {
    inputs: new Map(),
    overridable: model.overridable ?? new Map(),
    vars: varsOf(model),
    ...(model.at && { inventoryAt: formatLine({ ...model.at, file: shortPath(project.root, model.at.file) }) }),
  }
  const { overrides } = await takeGiven(await readGiven(request.given, request.root), declared, {})
  return { ...opened, model: overrideVars(model, overrides) }
}

function unknown(summary: string, detail: string, word: string, known: readonly string[]): RollcallError {
  const meant = suggest(word, known)
  const there = known.length === 0 ? 'It has none.' : `There are: ${known.join(', ')}.`
  return new RollcallError({ summary, detail, fix: meant ? `Did you mean '${meant}'?` : there, exitCode: 1 })
}
