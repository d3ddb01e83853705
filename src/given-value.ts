import { valueOfJson, valueOfText } from './do-values.ts'
import type { Definition } from './dsl/definition.ts'
import type { Terminal } from './engine/context.ts'
import { loadValidator } from './engine/validate.ts'
import { type Declared, type Mistake, otherWays } from './given-errors.ts'
import type { Given } from './given-words.ts'
import { RollcallError } from './model/errors.ts'
import type { InputDeclaration } from './model/input.ts'
import { Secret } from './util/secret.ts'

export type Valued = { readonly value: unknown } | { readonly wrong: Mistake }

/** What a value is, as what it is given to takes it. */
export function givenValue({ name, value, isText, from }: Given, input: InputDeclaration, declared: Declared): Valued {
  if (!input.secret) {
    const nested = isText ? nestedName(value as string, declared) : undefined
    if (nested !== undefined)
      return {
        wrong: {
          sentence: `${name} (${from}) would be all of the text, with ${nested}= in it`,
          instead: `Each has an -e of its own:\n-e ${name}=… -e ${nested}=…`,
        },
      }
    return checked(name, value, isText, from, input)
  }
  if (from === '-e')
    return {
      wrong: {
        sentence: `${name} is a secret, and the command line is seen in process lists and kept in histories`,
        instead: otherWays(name, input),
      },
    }
  if (typeof value !== 'string')
    return { wrong: { sentence: `${name} (${from}) is a secret, and a secret is text`, instead: 'Put it between double quotes.' } }
  return secretOf(name, value, from, input)
}

/** As one would write it for Ansible: several in one word. */
function nestedName(text: string, { inputs, overridable }: Declared): string | undefined {
  return [...text.matchAll(/\s([A-Za-z_]\w*)=/g)].map(([, name]) => name!).find((name) => inputs.has(name) || overridable.has(name))
}

export function secretOf(name: string, text: string, from: string, { schema }: InputDeclaration): Valued {
  const least = Number(schema.minLength ?? 0)
  if (text.length >= least) return { value: new Secret(text) }
  return { wrong: { sentence: `${name} (${from}) is ${text === '' ? 'empty' : `shorter than ${least} characters`}` } }
}

const validate = loadValidator()

export function checked(name: string, value: unknown, isText: boolean, from: string, { schema, description }: InputDeclaration): Valued {
  const parsed = isText ? valueOfText(schema, value as string) : valueOfJson(schema, value)
  const about = description === undefined ? '' : ` (${description})`
  if ('wrong' in parsed)
    return {
      wrong: {
        sentence: `${name} (${from}) is '${shorten(String(value))}': ${parsed.wrong}${about}`,
        ...(parsed.instead !== undefined && { instead: `-e ${name}=${quoted(parsed.instead)}` }),
      },
    }
  const named = {
    kind: 'query',
    name: '',
    params: { type: 'object', properties: { [name]: schema }, required: [name] },
  } as unknown as Definition
  const problem = validate(named, { [name]: parsed.value })
  if (problem === undefined) return { value: parsed.value }
  const quote = !isText && typeof value !== 'string' && schema.type === 'string' && ['number', 'boolean'].includes(typeof value)
  return {
    wrong: {
      sentence: `${problem.startsWith(` ${name}`) ? `${name} (${from})${problem.slice(name.length + 1)}` : `${name} (${from}): ${problem.trimStart()}`}${about}`,
      ...(quote && { instead: `In a file, text that looks like a number or a word of YAML stands between quotes:\n${name}: "…"` }),
    },
  }
}

/** How often an answer may be wrong. */
const attempts = 3

/** The answer of the person at the terminal, once it fits. */
export async function ask(name: string, input: InputDeclaration, { ask: put, say }: Terminal): Promise<unknown> {
  const question = input.prompt ?? (input.description === undefined ? name : `${input.description} (${name})`)
  for (let attempt = 1; ; attempt++) {
    const text = await put(question, { echo: !input.secret })
    const again = input.secret && input.confirm ? await put('The same again', { echo: false }) : text
    const parsed = input.secret ? secretOf(name, text, 'asked', input) : checked(name, text, true, 'asked', input)
    if ('value' in parsed && again === text) return parsed.value
    const sentence = 'wrong' in parsed ? parsed.wrong.sentence : 'the two differ'
    if (attempt === attempts) throw new RollcallError({ summary: 'An input is wrong', detail: sentence, exitCode: 1 })
    say(sentence)
  }
}

const quoted = (text: string) => (/^[\w%+:,./@-]+$/.test(text) ? text : `'${text.replaceAll(`'`, `'\\''`)}'`)
const shorten = (text: string) => (text.length > 80 ? `${text.slice(0, 79)}…` : text)
