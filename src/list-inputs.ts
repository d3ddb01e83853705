import { chooseInventory } from './choose-inventory.ts'
import { shortPath } from './load/code-frame.ts'
import { loadPlaybook } from './load/load.ts'
import { findPlaybook, findProject } from './load/project.ts'
import { formatLine } from './model/errors.ts'
import type { InputDeclaration } from './model/input.ts'
import type { PlaybookRequest } from './open-playbook.ts'
import { settling } from './settle-inventory.ts'

export interface ListedInput {
  readonly name: string
  /** In words: `text`, `whole number from 1`, `one of a, b`. */
  readonly takes: string
  /** Whether a run without a terminal needs to be given it. */
  readonly needed: boolean
  readonly default?: unknown
  readonly description?: string
  /** Variable of the environment that gives it as well. */
  readonly env?: string
  readonly at?: string
}
/** What `-e` may give a playbook. */
export interface InputList {
  readonly playbook: string
  readonly inventory: string
  readonly inputs: readonly ListedInput[]
  /** Vars of the inventory that may be overridden. */
  readonly vars: readonly ListedInput[]
}

/** Lists the inputs of a playbook without running its body. Contacts no host and asks nothing. */
export async function listInputs(request: Pick<PlaybookRequest, 'root' | 'playbook' | 'inventory'>): Promise<InputList> {
  const project = findProject(request.root)
  const playbookFile = findPlaybook(project, request.playbook, request.root)
  const chosen = await chooseInventory(project, request.inventory, request.root)
  const { playbook, checked } = await loadPlaybook({
    project,
    playbook: playbookFile,
    inventory: chosen.module,
    named: chosen.path,
    settle: settling({ project, path: chosen.path }),
  })
  await checked
  const list = (entries: Iterable<readonly [string, InputDeclaration]>, ofPlaybook: boolean) =>
    [...entries].map(([name, { at, description, env, default: preset, optional, ...declared }]) => ({
      name,
      takes: inWords(declared),
      needed: ofPlaybook && preset === undefined && !optional,
      ...(preset !== undefined && { default: preset }),
      ...(description !== undefined && { description }),
      ...(env !== undefined && { env }),
      ...(at && { at: formatLine({ ...at, file: shortPath(project.root, at.file) }) }),
    }))
  return {
    playbook: playbook.name,
    inventory: shortPath(project.root, chosen.path),
    inputs: list(Object.entries(playbook.inputs ?? {}), true),
    vars: list(playbook.inventory.model.overridable ?? [], false),
  }
}

function inWords({ schema, secret }: Pick<InputDeclaration, 'schema' | 'secret'>): string {
  if (secret) return 'secret'
  const { type, enum: words, pattern, minimum, maximum, items } = schema
  if (Array.isArray(words)) return `one of ${words.join(', ')}`
  const bounds = [minimum !== undefined && `from ${minimum}`, maximum !== undefined && `to ${maximum}`].filter(Boolean)
  const kinds: { readonly [type: string]: string } = {
    string: pattern === undefined ? 'text' : `text like ${String(pattern)}`,
    integer: ['whole number', ...bounds].join(' '),
    number: ['number', ...bounds].join(' '),
    boolean: 'true or false',
    array: `list of ${typeof items === 'object' && (items as { type?: string }).type === 'string' ? 'texts' : 'values'}`,
    object: 'object, as JSON',
  }
  return kinds[String(type)] ?? 'value, as JSON'
}
