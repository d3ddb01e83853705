import { jsonSafe } from './engine/compare.ts'
import { readGiven } from './given-words.ts'
import { inventoryPlaces, keysOf, type Place } from './inventory-places.ts'
import { shortPath } from './load/code-frame.ts'
import { formatLine, RollcallError } from './model/errors.ts'
import type { VarLevel } from './model/inventory.ts'
import { type InventoryRequest, type OpenedInventory, openInventory } from './open-inventory.ts'
import { overrideVars, varsOf } from './override-vars.ts'
import { takeGiven } from './take-given.ts'
import { suggest } from './util/suggest.ts'

/** A var as one level sets it. */
export interface VarSource extends Place {
  /** `all`, `group cluster`, `host` or `-e`. */
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
}

/**
 * Where the vars of a host come from: all, or the one that is asked for. Contacts no host.
 * @throws RollcallError (exit 1) for a host or var there is not, with a suggestion.
 */
export async function explainVar(
  request: InventoryRequest & { readonly host: string; readonly name?: string; readonly given?: readonly string[] },
): Promise<ExplainedVars> {
  const opened = await openGiven(request)
  const { hosts } = opened.model
  const host = hosts.get(request.host)
  if (host === undefined) throw unknown('There is no such host', `'${request.host}' in ${opened.name}`, request.host, [...hosts.keys()])
  const names = Object.keys(host.vars)
  if (request.name !== undefined && !names.includes(request.name))
    throw unknown('The host has no such var', `'${request.name}' of ${host.name}`, request.name, names)
  const placeOf = inventoryPlaces(opened)
  const sourceOf = (name: string, level: VarLevel): VarSource => ({
    from: level.level === 'group' ? `group ${level.group}` : level.level === 'given' ? '-e' : level.level,
    value: jsonSafe(level.value),
    ...(level.level === 'given' ? { at: level.from ?? '-e', exact: true } : placeOf(keysOf(host.name, name, level))),
  })
  return {
    inventory: opened.name,
    host: host.name,
    vars: names
      .filter((name) => request.name === undefined || name === request.name)
      .map((name) => {
        const [counts, ...overrides] = host.varLevels!.get(name)!.toReversed()
        return { name, ...sourceOf(name, counts!), overrides: overrides.map((level) => sourceOf(name, level)) }
      }),
  }
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
