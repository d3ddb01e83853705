import { schemaOf } from '../dsl/overridable.ts'
import { checked } from '../given-value.ts'
import { RollcallError } from '../model/errors.ts'
import type { InputDeclaration } from '../model/input.ts'
import type { InventoryModel } from '../model/inventory.ts'
import { Secret } from '../util/secret.ts'
import { suggest } from '../util/suggest.ts'

/** What vars are set on. */
export interface Target {
  readonly name: string
  readonly half: 'hosts' | 'groups'
  /** Groups whose vars it has, without `all`. */
  readonly groups: readonly string[]
}
export interface SetVar {
  readonly name: string
  readonly value: unknown
}

/** `sitePort=8080`, or `ports:=[80,443]` with a value that is JSON. */
const word = /^([A-Za-z_$][\w$]*)(:?=)([\s\S]*)$/

/**
 * The vars that words set. A value is read as the inventory's var of that name is typed, by the rules of `-e`.
 * @throws RollcallError (exit 1) that names every mistake at once, and the value of no secret.
 */
export function valuesOf(words: readonly string[], target: Target, model: InventoryModel, isNew: boolean): readonly SetVar[] {
  const known = declaredFor(target, model)
  const mistakes: { sentence: string; instead?: string | undefined }[] = []
  const values = new Map<string, unknown>()
  for (const each of words) {
    const [, name, sign, text] = word.exec(each) ?? []
    if (name === undefined || text === undefined || name === '__proto__') {
      mistakes.push({ sentence: `'${each.split('=')[0]}' is no name of a var with a value`, instead: `sitePort=8080 or ports:='[80,443]'` })
      continue
    }
    const parsed = valueFor(name, text, sign === ':=', known, target, model, isNew)
    if ('value' in parsed) values.set(name, parsed.value)
    else mistakes.push(parsed)
  }
  if (mistakes.length > 0)
    throw new RollcallError({
      summary: 'A var cannot be set so',
      detail: mistakes.map(({ sentence }) => sentence).join('\n'),
      fix: [...new Set(mistakes.flatMap(({ instead }) => instead ?? []))].join('\n') || 'Correct the value.',
      exitCode: 1,
    })
  return [...values].map(([name, value]) => ({ name, value }))
}

type Valued = { readonly value: unknown } | { readonly sentence: string; readonly instead?: string | undefined }

function valueFor(
  name: string,
  text: string,
  isJson: boolean,
  known: ReadonlyMap<string, Declared>,
  target: Target,
  model: InventoryModel,
  isNew: boolean,
): Valued {
  const declared = known.get(name)
  if (declared?.secret || declared?.schema?.instanceOf === 'Secret')
    return {
      sentence: `${name} is a secret, and no secret stands in an inventory`,
      instead: `Change the file it comes from; the value is asked for:\nrollcall secret set <file> ${name}`,
    }
  const json = isJson ? jsonOf(text) : undefined
  if (json && 'wrong' in json) return { sentence: `${name}: ${json.wrong}`, instead: `${name}:='{"key":1}'` }
  if (declared) {
    const { schema } = declared
    if (schema === undefined) return { sentence: `${name} has a value that no text stands for`, instead: 'Change it in an editor.' }
    const parsed = checked(name, json ? json.value : text, json === undefined, `of ${target.name}`, {
      kind: 'input',
      schema,
      secret: false,
      optional: false,
    })
    if ('value' in parsed) return parsed
    return { sentence: parsed.wrong.sentence, instead: parsed.wrong.instead?.replace(/^-e /gm, '') }
  }
  if (!isNew) return undeclared(name, known, target, model)
  if (json) return json
  if (/^(-?\d[\d.eE+-]*|true|false|yes|no|on|off|null|[[{].*)$/is.test(text))
    return {
      sentence: `${name} is new, and '${text}' may be text or not`,
      instead: `${name}:=${/^(-?(0|[1-9]\d*)(\.\d+)?|true|false)$/.test(text) ? text : '…'} or ${name}:='${JSON.stringify(text)}'`,
    }
  return { value: text }
}

function jsonOf(text: string): { readonly value: unknown } | { readonly wrong: string } {
  try {
    const value: unknown = JSON.parse(text)
    return holdsProto(value) ? { wrong: `'__proto__' can be no name` } : { value }
  } catch (error) {
    return { wrong: `what stands behind := is no JSON (${(error as Error).message})` }
  }
}

function holdsProto(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([name, each]) => name === '__proto__' || holdsProto(each))
}

function undeclared(
  name: string,
  known: ReadonlyMap<string, Declared>,
  { name: whose, half, groups }: Target,
  model: InventoryModel,
): Valued {
  const meant = suggest(name, known.keys())
  const where = half === 'groups' ? whose : groups.length === 0 ? 'all' : `all or ${groups.join(', ')}`
  const sentence = `'${name}' is no var of ${where}`
  const elsewhere = [...model.hosts.values()].flatMap(({ varLevels }) => varLevels?.get(name) ?? []).find(({ level }) => level === 'group')
  const other = elsewhere?.group !== undefined && half === 'hosts' ? ` (it is one of ${elsewhere.group})` : ''
  const way =
    half === 'hosts'
      ? `Declare it where its type belongs: rollcall inventory set ${groups[0] ?? 'all'} ${name}=… --new`
      : 'If it is a new one, add --new.'
  return { sentence: `${sentence}${other}`, instead: meant === undefined ? way : `Did you mean '${meant}'?` }
}

/** The vars that are declared for what is set, each with its type: what a schema says, else what its nearest value shows. */
export function declaredFor(target: Target, model: InventoryModel): ReadonlyMap<string, Declared> {
  const { name, half, groups } = target
  const found = new Map<string, Declared>()
  const schemas = schemasOf(model)
  for (const group of ['all', ...(half === 'groups' ? [name] : groups)])
    for (const [key, schema] of Object.entries(schemas.get(group)?.properties ?? {})) if (!found.has(key)) found.set(key, { schema })
  const take = (fits: (level: { level: string; group?: string }, host: string) => boolean) => {
    for (const host of model.hosts.values())
      for (const [key, levels] of host.varLevels ?? [])
        for (const each of levels)
          if (fits(each, host.name) && each.value !== undefined && !found.has(key))
            found.set(key, each.value instanceof Secret ? { secret: true } : { schema: schemaOf(each.value) })
  }
  // What all declares binds groups, and what both declare binds hosts.
  take(({ level }) => level === 'all')
  if (half === 'groups' && name !== 'all') take(({ level, group }) => level === 'group' && group === name)
  if (half === 'hosts') {
    take(({ level, group }) => level === 'group' && groups.includes(group ?? ''))
    take(({ level }, host) => level === 'host' && host === name)
  }
  if (half === 'groups' && name === 'all') take(({ level }) => level === 'group')
  return found
}

interface Declared {
  /** Undefined where no text stands for such a value. */
  readonly schema?: InputDeclaration['schema'] | undefined
  readonly secret?: boolean
}

/** Group → what its vars have to look like, where a group says so. */
function schemasOf(model: object): ReadonlyMap<string, { readonly properties?: { readonly [name: string]: InputDeclaration['schema'] } }> {
  return 'schemas' in model && model.schemas instanceof Map ? model.schemas : new Map()
}
