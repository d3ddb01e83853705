import { type Parsed, playbookOnly, type ValueSchema, valueOfJson, valueOfText } from './do-values.ts'
import type { Definition } from './dsl/definition.ts'
import { RollcallError } from './model/errors.ts'
import { meantName } from './module-named.ts'

/** Something wrong with the parameters: a sentence, and what to write instead. */
interface Mistake {
  readonly sentence: string
  readonly instead?: string
}

/**
 * The parameters of one module from the words of a command line: `name=value …`, or one JSON object.
 * @throws RollcallError (exit 1) that names every mistake at once.
 */
export function paramsFromWords(definition: Definition, words: readonly string[]): object {
  if (words.length === 1 && words[0]!.trimStart().startsWith('{')) return paramsFromJson(definition, words[0]!, 'the parameters')
  const mistakes: Mistake[] = []
  const params: Record<string, unknown> = {}
  for (const word of words) {
    const [, name, text] = /^([A-Za-z_][\w-]*)=([\s\S]*)$/.exec(word) ?? []
    if (name === undefined || text === undefined) mistakes.push(bare(definition, words, word))
    else if (Object.hasOwn(params, name)) mistakes.push({ sentence: `'${name}' is given twice` })
    else take(definition, params, mistakes, name, (schema) => valueOfText(schema, text), text)
  }
  return orRefuse(definition, params, mistakes)
}

/** The parameters of one module from a JSON object. `source` names it in messages: `parameters.json`. */
export function paramsFromJson(definition: Definition, text: string, source: string): object {
  const refuse = (sentence: string) => orRefuse(definition, {}, [{ sentence, instead: `{"name":"value"}` }])
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (error) {
    return refuse(`${source}: no JSON (${(error as Error).message})`)
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return refuse(`${source}: a JSON object is needed`)
  const mistakes: Mistake[] = []
  const params: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given))
    take(definition, params, mistakes, name, (schema) => valueOfJson(schema, value), JSON.stringify(value))
  return orRefuse(definition, params, mistakes)
}

function take(
  definition: Definition,
  params: Record<string, unknown>,
  mistakes: Mistake[],
  name: string,
  parse: (schema: ValueSchema) => Parsed,
  shown: string,
): void {
  const { properties } = definition.params
  if (!Object.hasOwn(properties, name)) {
    const known = Object.keys(properties)
    const meant = meantName(name, known)
    mistakes.push({
      sentence: `${definition.name} has no parameter '${name}'${meant ? `: did you mean '${meant}'?` : `; it has ${known.join(', ')}`}`,
    })
    return
  }
  const schema = visible.has(name) ? withoutSecrets(properties[name] as ValueSchema) : (properties[name] as ValueSchema)
  const only = playbookOnly(schema)
  if (only !== undefined) {
    mistakes.push({
      sentence: `${definition.name} ${name} takes ${only}, which only a playbook can give`,
      instead: forPlaybooks(definition),
    })
    return
  }
  const parsed = parse(schema)
  if ('value' in parsed) params[name] = parsed.value
  else
    mistakes.push({
      sentence: `${definition.name} ${name} is '${shorten(shown)}': ${parsed.wrong}`,
      ...(parsed.instead !== undefined && { instead: `${name}=${quoted(parsed.instead)}` }),
    })
}

/**
 * What stands on a command line for all to see. Were it secret, each of a command's words would be hidden in whatever is
 * printed, and a file's new content in its diff.
 */
const visible = new Set(['argv', 'environment', 'content'])

function withoutSecrets(schema: ValueSchema): ValueSchema {
  const rest = Object.entries(schema).map(([key, value]) => {
    if (key === 'anyOf') return [key, (value as ValueSchema[]).filter((each) => each.instanceOf !== 'Secret').map(withoutSecrets)]
    const nested = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RegExp)
    return [key, nested ? withoutSecrets(value as ValueSchema) : value]
  })
  return Object.fromEntries(rest) as ValueSchema
}

/** A word that is no `name=value`: Ansible's free form, most likely. */
function bare({ name, params }: Definition, words: readonly string[], word: string): Mistake {
  const sentence = `'${shorten(word)}' is no parameter: parameters are written name=value`
  const free = words.filter((each) => !/^[A-Za-z_][\w-]*=/.test(each))
  if ('argv' in params.properties) return { sentence, instead: `argv=${quoted(JSON.stringify(free))}` }
  const script = Object.entries(params.properties).find(([, schema]) => (schema as ValueSchema).instanceOf === 'Script')?.[0]
  if (script !== undefined) return { sentence, instead: `${script}=${quoted(free.join(' '))}` }
  if (word.startsWith('@'))
    return { sentence: `'${word}' stands for all parameters, so it stands alone`, instead: `rollcall do <pattern> ${name} ${word}` }
  const [needed = 'name' in params.properties ? 'name' : undefined] = params.required ?? []
  const isName = Object.hasOwn(params.properties, word)
  return { sentence, ...(needed !== undefined && !isName && { instead: `${needed}=${quoted(word)}` }) }
}

/** What a module needs that a command line cannot give; undefined where it can be used ad hoc. */
export function forPlaybooksOnly({ name, params }: Definition): RollcallError | undefined {
  const [parameter] = (params.required ?? []).filter((each) => playbookOnly(params.properties[each] as ValueSchema) !== undefined)
  if (parameter === undefined) return undefined
  return new RollcallError({
    summary: 'This module is for playbooks',
    detail: `${name} needs ${parameter}: ${playbookOnly(params.properties[parameter] as ValueSchema)}, which only a playbook can give`,
    fix:
      name === 'template'
        ? 'Put it into a task of a playbook; to write given content use copy content=….'
        : 'Put it into a task of a playbook.',
    exitCode: 1,
  })
}

function forPlaybooks({ name }: Definition): string {
  return `Leave it out, or put the task into a playbook: task('…', ${name}({ … }))`
}

function orRefuse({ name }: Definition, params: object, mistakes: readonly Mistake[]): object {
  if (mistakes.length === 0) return params
  const instead = [...new Set(mistakes.flatMap((mistake) => mistake.instead ?? []))]
  throw new RollcallError({
    summary: `Wrong parameters for ${name}`,
    detail: [...new Set(mistakes.map(({ sentence }) => sentence))].join('\n'),
    fix: [...instead, `rollcall doc ${name}`].join('\n'),
    exitCode: 1,
  })
}

const quoted = (text: string) => (/^[\w%+:,./@-]+$/.test(text) ? text : `'${text.replaceAll(`'`, `'\\''`)}'`)
const shorten = (text: string) => (text.length > 80 ? `${text.slice(0, 79)}…` : text)
