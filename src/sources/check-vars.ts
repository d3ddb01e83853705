import { relative } from 'node:path'
import type { ErrorObject, ValidateFunction } from 'ajv'
import { schemaOf } from '../dsl/overridable.ts'
import { theAjv } from '../engine/ajv.ts'
import { jsonSafe } from '../engine/compare.ts'
import { fits } from '../engine/fits.ts'
import { formatLine, RollcallError, type SourceLine } from '../model/errors.ts'
import type { HostRecord, InventoryModel, VarLevel } from '../model/inventory.ts'
import { redact, redactDeep } from '../util/redact.ts'
import { suggest } from '../util/suggest.ts'

/** Says where a level sets a var of a host; without a level, where the host itself stands. */
export type PlaceOf = (host: string, name: string, level: VarLevel | undefined) => SourceLine | string

/** More than these are of no more help. */
const shownMistakes = 10

interface Mistake {
  readonly said: string
  readonly place: SourceLine | string
}
interface Schema {
  readonly properties?: { readonly [name: string]: unknown }
  readonly additionalProperties?: unknown
}

/**
 * Holds vars of every host, as they are resolved, to the schemas of its groups. Ajv is loaded where something does not plainly fit.
 * @throws RollcallError that names host, var, value, what is expected, and the line that sets it.
 */
export function checkVars(model: InventoryModel, root: string, placeOf: PlaceOf): void {
  const mistakes: Mistake[] = [...(model.schemas ?? [])].flatMap(([group, schema]) => {
    const hosts = (model.groups.get(group) ?? []).map((name) => model.hosts.get(name)!)
    return mistakesOf(hosts, group, schema, placeOf)
  })
  for (const host of model.hosts.values()) if (host.origin) mistakes.push(...unlikeCode(host, placeOf))
  if (mistakes.length === 0) return
  const more = mistakes.length - shownMistakes
  const first = mistakes[0]!.place
  const placeText = (place: SourceLine | string) =>
    typeof place === 'string' ? place : formatLine({ ...place, file: relative(root, place.file) })
  throw new RollcallError({
    summary: 'Vars of the inventory do not fit their schema',
    detail: [
      ...mistakes.slice(0, shownMistakes).map(({ said, place }) => `${said}  ${placeText(place)}`),
      ...(more > 0 ? [`and ${more} more`] : []),
    ].join('\n'),
    fix: 'Correct them there, or the schema of the group.',
    exitCode: 1,
    ...(typeof first === 'object' && { at: first }),
  })
}

/** A source may set what code sets for a group, in the type that it has there: playbooks were compiled with that. */
function unlikeCode(host: HostRecord, placeOf: PlaceOf): readonly Mistake[] {
  return [...(host.varLevels ?? [])].flatMap(([name, levels]) => {
    const [counts, declared] = levels.toReversed()
    if (counts?.level !== 'host' || declared === undefined) return []
    const schema = schemaOf(declared.value)
    if (schema === undefined || fits(schema)(counts.value)) return []
    const validate: ValidateFunction = theAjv().compile(schema)
    if (validate(counts.value)) return []
    const of = declared.group === undefined ? 'all' : `group '${declared.group}'`
    const place = placeOf(host.name, name, counts)
    return (validate.errors ?? []).map((error) => ({
      said: `host '${host.name}': the var '${[name, ...error.instancePath.split('/').slice(1)].join('.')}' is ${shown(error.data)}, it ${error.message}, as in ${of}`,
      place,
    }))
  })
}

function mistakesOf(hosts: readonly HostRecord[], group: string, schema: object, placeOf: PlaceOf): readonly Mistake[] {
  // A host has vars of other groups as well: closed can be what is below them only.
  const { additionalProperties: _, ...open }: Schema = schema
  const plainly = fits(open)
  const wrong = hosts.filter(({ vars }) => !plainly(vars))
  if (wrong.length === 0) return []
  const validate: ValidateFunction = theAjv().compile(open)
  return wrong.flatMap((host) => {
    if (validate(host.vars)) return []
    const of = new Map((validate.errors ?? []).map((error) => [`${error.instancePath} ${error.keyword} ${error.message}`, error]))
    return [...of.values()].map((error) => sentence(error, host, group, open, placeOf))
  })
}

function sentence(error: ErrorObject, host: HostRecord, group: string, { properties = {} }: Schema, placeOf: PlaceOf): Mistake {
  const keys = error.instancePath.split('/').slice(1)
  const [name] = keys
  if (name === undefined) {
    const missing = String(error.params.missingProperty)
    const place = placeOf(host.name, missing, undefined)
    if (error.keyword !== 'required') return { said: `host '${host.name}': its vars ${error.message} (group '${group}')`, place }
    const meant = suggest(
      missing,
      Object.keys(host.vars).filter((has) => !(has in properties)),
    )
    const near = meant === undefined ? '' : `; it has '${meant}'`
    return { said: `host '${host.name}' lacks the var '${missing}', which group '${group}' asks for${near}`, place }
  }
  const level = host.varLevels?.get(name)?.at(-1)
  const path = [name, ...keys.slice(1)].join('.')
  const expected =
    error.keyword === 'additionalProperties' ? `has '${error.params.additionalProperty}', which is not expected` : `${error.message}`
  return {
    said: `host '${host.name}': the var '${path}' is ${shown(error.data)}, it ${expected} (group '${group}')`,
    place: placeOf(host.name, name, level),
  }
}

function shown(value: unknown): string {
  const text = redact(JSON.stringify(redactDeep(jsonSafe(value))) ?? String(value))
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
