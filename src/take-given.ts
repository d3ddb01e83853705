import { jsonSafe } from './engine/compare.ts'
import type { Terminal } from './engine/context.ts'
import { type Declared, type Mistake, notGiven, refuse, undeclared } from './given-errors.ts'
import { ask, checked, givenValue, secretOf } from './given-value.ts'
import type { Given } from './given-words.ts'
import { RollcallError } from './model/errors.ts'
import type { GivenInput, InputDeclaration } from './model/input.ts'
import { mask } from './util/redact.ts'
import { Secret } from './util/secret.ts'

export interface Taken {
  readonly inputs: { readonly [name: string]: unknown }
  readonly overrides: ReadonlyMap<string, { readonly value: unknown; readonly from: string }>
  /** For the header and the events, defaults too. */
  readonly given: readonly GivenInput[]
  /** Inputs that have a stand-in for a value. */
  readonly standIns: readonly string[]
}
export interface TakeOptions {
  readonly terminal?: Terminal | undefined
  /** Nothing runs and nobody is asked: text that is not given is `<name>`, a secret is locked. */
  readonly standIns?: boolean
  /** Settles when questions make sense: before, the playbook may still be refused. */
  readonly beforeAsking?: Promise<unknown>
}

/**
 * Finds for each value what it is given to, and for each input its value: given, from a variable, the default, or asked for.
 * @throws RollcallError (exit 1) that names every mistake at once, and never the value of a secret or of something undeclared.
 */
export async function takeGiven(given: readonly Given[], declared: Declared, options: TakeOptions): Promise<Taken> {
  const mistakes: Mistake[] = []
  const inputs: Record<string, unknown> = {}
  const overrides = new Map<string, { value: unknown; from: string }>()
  const told = new Map<string, GivenInput>()
  for (const each of given) {
    const input = declared.inputs.get(each.name)
    const found = input ?? declared.overridable.get(each.name)
    if (found === undefined) {
      mistakes.push(undeclared(each, declared))
      continue
    }
    const parsed = givenValue(each, found, declared)
    if ('wrong' in parsed) {
      mistakes.push(parsed.wrong)
      continue
    }
    if (input) inputs[each.name] = parsed.value
    else overrides.set(each.name, { value: parsed.value, from: each.from })
    told.set(each.name, { name: each.name, value: shown(parsed.value), from: each.from, of: input ? 'playbook' : 'var' })
  }
  refuse(mistakes, declared)
  const missing: (readonly [name: string, input: InputDeclaration])[] = []
  for (const [name, input] of declared.inputs) {
    if (Object.hasOwn(inputs, name)) continue
    const other = otherwise(name, input)
    if (other !== undefined) {
      inputs[name] = other.value
      told.set(name, { name, value: shown(other.value), from: other.from, of: 'playbook' })
    } else if (input.optional) inputs[name] = undefined
    else missing.push([name, input])
  }
  const standIns = options.standIns ? missing.filter(([, input]) => standInOf('', input) !== undefined) : []
  for (const [name, input] of standIns) {
    inputs[name] = standInOf(name, input)
    told.set(name, { name, value: shown(inputs[name]), from: 'not given', of: 'playbook' })
  }
  const asked = missing.filter((each) => !standIns.includes(each))
  if (asked.length > 0 && (options.standIns || options.terminal === undefined)) throw notGiven(asked, declared, options)
  await (asked.length > 0 ? options.beforeAsking : undefined)
  for (const [name, input] of asked) {
    inputs[name] = await ask(name, input, options.terminal!)
    told.set(name, { name, value: shown(inputs[name]), from: 'asked', of: 'playbook' })
  }
  const order = [...declared.inputs.keys(), ...declared.overridable.keys()]
  return {
    inputs,
    overrides,
    given: order.flatMap((name) => told.get(name) ?? []),
    standIns: standIns.map(([name]) => name),
  }
}

/** What there is without an `-e` and without a question. */
function otherwise(name: string, input: InputDeclaration): { readonly value: unknown; readonly from: string } | undefined {
  const variable = input.env === undefined ? undefined : process.env[input.env]
  if (variable !== undefined && variable !== '') {
    const secret = secretOf(name, variable, `variable ${input.env}`, input)
    if ('wrong' in secret) throw new RollcallError({ summary: 'An input is wrong', detail: secret.wrong.sentence, exitCode: 1 })
    return { value: secret.value, from: `variable ${input.env}` }
  }
  if (input.default === undefined) return undefined
  const preset = checked(name, input.default, false, 'its default', input)
  if ('value' in preset) return { value: input.default, from: 'default' }
  throw new RollcallError({
    summary: 'The default of an input does not fit what the input takes',
    detail: preset.wrong.sentence,
    fix: 'Correct one of them.',
    exitCode: 1,
    ...(input.at && { at: input.at }),
  })
}

/** What may stand for a value while nothing runs. A number or a choice decides what there is to show, so nothing can. */
function standInOf(name: string, { schema, secret }: InputDeclaration): unknown {
  if (secret)
    return new Secret(() => {
      throw new RollcallError({
        summary: 'An input that is a secret was revealed, and is not given',
        detail: name,
        fix: 'Pass the Secret itself.',
        exitCode: 1,
      })
    })
  return schema.type === 'string' && schema.enum === undefined ? `<${name}>` : undefined
}

function shown(value: unknown): unknown {
  return value instanceof Secret ? mask : jsonSafe(value)
}
