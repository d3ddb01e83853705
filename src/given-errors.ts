import type { Given } from './given-words.ts'
import { formatLine, RollcallError, type SourceLine } from './model/errors.ts'
import type { InputDeclaration } from './model/input.ts'
import { meantName } from './module-named.ts'

/** What may be given: inputs of a playbook, vars of an inventory. */
export interface Declared {
  /** `playbook 'release'`; absent where no playbook is loaded. */
  readonly playbook?: string
  readonly inputs: ReadonlyMap<string, InputDeclaration>
  readonly overridable: ReadonlyMap<string, InputDeclaration>
  /** Every var that some host has, and where the inventory is defined: for who gives one that may not be overridden. */
  readonly vars: ReadonlySet<string>
  readonly inventoryAt?: string
  /** A place as it is shown; default is whole. */
  readonly placeOf?: (at: SourceLine) => string
}
/** Something wrong with what is given: a sentence, and what to do instead. */
export interface Mistake {
  readonly sentence: string
  readonly instead?: string
}

/** Of a name that nothing declares; its value is not shown, for it may be a secret. */
export function undeclared({ name, from }: Given, { playbook, inputs, overridable, vars, inventoryAt }: Declared): Mistake {
  const known = [...inputs.keys(), ...overridable.keys()]
  const meant = meantName(name, known)
  const where = playbook === undefined ? 'the inventory' : `${playbook} and its inventory`
  const sentence = `'${name}' (${from}) is no input and no overridable var of ${where}`
  if (meant !== undefined) return { sentence, instead: `Did you mean '${meant}'?` }
  if (vars.has(name))
    return {
      sentence: `'${name}' (${from}) is a var that may not be overridden`,
      instead: `Allow it in defineInventory${inventoryAt === undefined ? '' : `, ${inventoryAt}`}:\noverridable: ['${name}']`,
    }
  if (known.length > 0) return { sentence, instead: `There are: ${known.join(', ')}.` }
  return {
    sentence,
    instead: `There is none. A playbook declares what it is given:\ndefinePlaybook('…', inventory, { inputs: { ${name}: input.string() } }, (play, { inputs }) => { … })`,
  }
}

/** @throws RollcallError (exit 1) that names every mistake at once. */
export function refuse(mistakes: readonly Mistake[], { playbook }: Declared): void {
  if (mistakes.length === 0) return
  throw new RollcallError({
    summary: `What -e gives is wrong${playbook === undefined ? '' : ` for ${playbook}`}`,
    detail: [...new Set(mistakes.map(({ sentence }) => sentence))].join('\n'),
    fix: [...new Set(mistakes.flatMap(({ instead }) => instead ?? []))].join('\n') || 'Nothing was run. Correct the value.',
    exitCode: 1,
  })
}

/** Inputs without a value, and how to give each. */
export function notGiven(
  missing: readonly (readonly [string, InputDeclaration])[],
  { playbook, placeOf = formatLine }: Declared,
  { standIns }: { readonly standIns?: boolean },
): RollcallError {
  const line = ([name, { description, at }]: readonly [string, InputDeclaration]) =>
    `${name}${description === undefined ? '' : `: ${description}`}${at === undefined ? '' : `, ${placeOf(at)}`}`
  const plain = missing.filter(([, { secret }]) => !secret).map(([name, { schema }]) => `-e ${name}=${exampleOf(schema)}`)
  const secrets = missing.filter(([, { secret }]) => secret).map(([name, input]) => otherWays(name, input))
  return new RollcallError({
    summary: `${playbook ?? 'The playbook'} needs inputs that are not given`,
    detail: `${missing.map(line).join('\n')}${standIns ? '\nwhat there is to show hangs on it' : ''}`,
    fix: [...(plain.length > 0 ? [`Give ${plain.length === 1 ? 'it' : 'them'}:`, plain.join(' ')] : []), ...secrets].join('\n'),
    exitCode: 1,
  })
}

/** How a secret is given. */
export function otherWays(name: string, { env }: InputDeclaration): string {
  const variable = env === undefined ? '' : `the variable ${env}, or `
  return `Give ${name} by ${variable}a file (JSON or YAML; age and Ansible Vault may encrypt it), or have it asked for at a terminal:\n-e @secrets.yaml`
}

function exampleOf({ type, enum: words }: InputDeclaration['schema']): string {
  if (Array.isArray(words)) return words.join('|')
  return type === 'boolean' ? 'true|false' : type === 'array' ? 'a,b' : type === 'string' ? '…' : `<${String(type ?? 'value')}>`
}
