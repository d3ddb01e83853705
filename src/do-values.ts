import { Secret } from './util/secret.ts'
import { Script } from './util/sh.ts'

/** As much of a JSON schema as parameters use. */
export interface ValueSchema {
  readonly type?: string | readonly string[]
  readonly anyOf?: readonly ValueSchema[]
  readonly oneOf?: readonly ValueSchema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly minLength?: number
  readonly items?: ValueSchema
  readonly instanceOf?: string
}
/** The value, or a clause that says why there is none (`it must be true or false`), with what to write instead. */
export type Parsed = { readonly value: unknown } | { readonly wrong: string; readonly instead?: string }

/** Objects of ours that plain text can stand for. A template, a function and bytes exist in playbooks only. */
const made: { readonly [instance: string]: (text: string) => unknown } = {
  Script: (text) => new Script(text),
  Secret: (text) => new Secret(text),
}

function alternatives(schema: ValueSchema): readonly ValueSchema[] {
  const { anyOf, oneOf, ...rest } = schema
  const several = anyOf ?? oneOf
  if (several) return several.flatMap(alternatives)
  return Array.isArray(rest.type) ? rest.type.map((type: string) => ({ ...rest, type })) : [rest]
}

/** What only a playbook can give: `a function`. Undefined where text will do. */
export function playbookOnly(schema: ValueSchema): string | undefined {
  const all = alternatives(schema)
  if (all.some(({ instanceOf }) => instanceOf === undefined || instanceOf in made)) return undefined
  const { instanceOf = '' } = all[0]!
  return instanceOf === 'Function'
    ? 'a function'
    : instanceOf === 'Rendering'
      ? 'a template that is called with its input'
      : `a ${instanceOf}`
}

/**
 * A value as it stands on a command line. The schema decides what the text is: a string stays as it is (`0644`, `yes`,
 * `1`), a number or a boolean has one spelling, a list is JSON or plain words joined by commas.
 */
export function valueOfText(schema: ValueSchema, text: string): Parsed {
  const all = alternatives(schema)
  const isText = ({ type }: ValueSchema) => type === 'string'
  if (all.length === 1 && !isText(all[0]!)) return one(all[0]!, text)
  let first: Parsed | undefined
  // One after the other: making a secret of a text makes it one in all that is reported.
  for (const each of sortedFor(all, text)) {
    const attempt = one(each, text)
    if ('value' in attempt) return attempt
    first ??= attempt
  }
  // What is wrong with a text is told by the validator, which knows the word that was meant.
  return all.some(isText) ? { value: text } : first!
}

/** What is a secret first of all, a password; where text comes first (a word, a content), text is usual and is shown. */
const isSecret = ([first]: readonly ValueSchema[]) => first?.instanceOf === 'Secret'

function sortedFor(all: readonly ValueSchema[], text: string): readonly ValueSchema[] {
  const kept = isSecret(all) ? all : all.filter(({ instanceOf }) => instanceOf !== 'Secret')
  return [...kept].sort((a, b) => rank(a, text) - rank(b, text))
}

/** Of several readings: what looks like JSON, a secret before the text that would show it, text, and last what has one spelling. */
function rank({ type, instanceOf }: ValueSchema, text: string): number {
  if (type === 'array') return text.startsWith('[') || plainList(text) ? 0 : 4
  if (type === 'object') return text.startsWith('{') ? 0 : 6
  if (instanceOf === 'Secret') return 1
  if (instanceOf !== undefined) return 5
  return type === 'string' ? 2 : 3
}

function one(schema: ValueSchema, text: string): Parsed {
  if (schema.const !== undefined) return String(schema.const) === text ? { value: schema.const } : { wrong: `it must be ${schema.const}` }
  if (schema.instanceOf !== undefined) {
    const make = made[schema.instanceOf]
    return make ? { value: make(text) } : { wrong: `it takes ${playbookOnly(schema)}` }
  }
  switch (schema.type) {
    case 'integer':
      return /^-?(0|[1-9]\d*)$/.test(text) && Number.isSafeInteger(Number(text))
        ? { value: Number(text) }
        : { wrong: 'it must be a whole number' }
    case 'number':
      return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? { value: Number(text) } : { wrong: 'it must be a number' }
    case 'boolean':
      return boolean(text)
    case 'null':
      return text === 'null' ? { value: null } : { wrong: 'it must be null' }
    case 'array':
      return list(schema.items ?? {}, text)
    case 'object':
      return json(text, '{', 'it takes an object, as JSON', '{"name":"value"}')
    default:
      return string(schema, text)
  }
}

function boolean(text: string): Parsed {
  if (text === 'true' || text === 'false') return { value: text === 'true' }
  const meant = /^(yes|on|1|true)$/i.test(text) ? 'true' : /^(no|off|0|false)$/i.test(text) ? 'false' : undefined
  return { wrong: 'it must be true or false', ...(meant !== undefined && { instead: meant }) }
}

function string({ enum: words, pattern, minLength = 0 }: ValueSchema, text: string): Parsed {
  const fits =
    (words === undefined || words.includes(text)) && (pattern === undefined || new RegExp(pattern).test(text)) && text.length >= minLength
  return fits ? { value: text } : { wrong: 'it is no such text' }
}

const plainWord = /^[^\s,"'[\]{}]+$/

/** The words of `a,b`; undefined where a comma or a space could belong to a word. */
function plainList(text: string): readonly string[] | undefined {
  if (!text.includes(',')) return undefined
  const words = text.split(',').map((word) => word.trim())
  return words.every((word) => plainWord.test(word)) ? words : undefined
}

function list(items: ValueSchema, text: string): Parsed {
  if (text.startsWith('[')) {
    // A shell takes quotes away: `["a"]` arrives as `[a]`.
    const meant = text.slice(1).replace(/\]$/, '').split(',')
    const parsed = json(
      text,
      '[',
      'it takes a list, and this is no JSON',
      JSON.stringify(meant.map((word) => word.trim().replace(/^"|"$/g, ''))),
    )
    return 'value' in parsed ? valueOfJson({ type: 'array', items }, parsed.value) : parsed
  }
  const words = plainList(text) ?? (plainWord.test(text) ? [text] : undefined)
  if (words === undefined)
    return {
      wrong: 'it takes a list, and this can be read in more than one way',
      instead: JSON.stringify(text.split(/\s+/).filter(Boolean)),
    }
  return all(words.map((word) => valueOfText(items, word)))
}

function all(parsed: readonly Parsed[]): Parsed {
  const values: unknown[] = []
  for (const each of parsed) {
    if (!('value' in each)) return each
    values.push(each.value)
  }
  return { value: values }
}

function json(text: string, begin: string, wrong: string, instead: string): Parsed {
  try {
    if (text.startsWith(begin)) return { value: JSON.parse(text) as unknown }
  } catch (error) {
    return { wrong: `${wrong} (${(error as Error).message})`, instead }
  }
  return { wrong, instead }
}

/** A value that came as JSON: as it is, with text in the place of scripts and secrets made into those. */
export function valueOfJson(schema: ValueSchema, value: unknown): Parsed {
  const choices = alternatives(schema)
  const only = playbookOnly(schema)
  if (only !== undefined) return { wrong: `it takes ${only}` }
  if (Array.isArray(value)) {
    const items = choices.find(({ type }) => type === 'array')?.items
    return items ? all(value.map((each) => valueOfJson(items, each))) : { value }
  }
  if (typeof value !== 'string') return { value }
  const secret = isSecret(choices) ? 'Secret' : undefined
  const text = choices.some(({ type }) => type === 'string')
  const instance =
    secret ?? (text ? undefined : choices.find(({ instanceOf }) => instanceOf !== undefined && instanceOf in made)?.instanceOf)
  return { value: instance === undefined ? value : made[instance]!(value) }
}
