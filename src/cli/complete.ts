import type { CompletionKind, CompletionRequest, CompletionValue } from '../completions.ts'
import { type AnyCommand, type Command, isGroup, nameOf } from './command.ts'

type Source = (request: Omit<CompletionRequest, 'root'>) => Promise<readonly CompletionValue[]>

/** What words stand for, by the name of the option or positional that takes them. */
const kinds: Readonly<Record<string, CompletionKind>> = {
  playbook: 'playbook',
  inventory: 'inventory',
  limit: 'pattern',
  exclude: 'pattern',
  pattern: 'pattern',
  host: 'host',
  module: 'module',
  connection: 'connection',
  'start-at-task': 'task',
  tags: 'tag',
  'skip-tags': 'tag',
}
/** Names that mean something else in one command. */
const special: Readonly<Record<string, CompletionKind>> = { 'inventory host name': 'host', 'explain var name': 'var' }

/** Where the words before the current one lead. */
interface Position {
  readonly path: readonly string[]
  readonly commands: readonly AnyCommand[]
  readonly command?: Command
  /** Words that are no options, behind those of the path. */
  readonly words: readonly string[]
  /** Values of options, by their long name. */
  readonly given: ReadonlyMap<string, string>
  /** The option whose value comes next. */
  readonly waiting?: string
  readonly behindDashes: boolean
}

/**
 * What the last word of a command line may become; `words` are those behind `rollcall`. Candidates are whole words and
 * begin with what was typed.
 */
export async function complete(
  words: readonly string[],
  commands: readonly AnyCommand[],
  source: Source,
): Promise<readonly CompletionValue[]> {
  const current = words.at(-1) ?? ''
  const at = positionOf(words.slice(0, -1), commands)
  if (at.behindDashes) return []
  const candidates = await candidatesFor(current, at, source)
  return candidates.filter(({ value }) => value.startsWith(current) && value !== current)
}

function positionOf(words: readonly string[], commands: readonly AnyCommand[]): Position {
  const path: string[] = []
  const rest: string[] = []
  const given = new Map<string, string>()
  let here: { commands: readonly AnyCommand[]; command?: Command } = { commands }
  let waiting: string | undefined
  for (const word of words) {
    if (waiting !== undefined) {
      given.set(waiting, word)
      waiting = undefined
    } else if (word === '--') return { path, words: rest, given, ...here, behindDashes: true }
    else if (word.startsWith('-')) {
      const [name = '', value] = word.replace(/^--?/, '').split(/=(.*)/s)
      const option = optionOf(here.command, name)
      if (value !== undefined) given.set(option ?? name, value)
      else if (option !== undefined && takesValue(here.command!, option)) waiting = option
      else given.set(option ?? name, '')
    } else {
      const found = rest.length === 0 ? here.commands.find((command) => nameOf(command) === word) : undefined
      if (found === undefined) rest.push(word)
      else {
        path.push(word)
        here = isGroup(found) ? { commands: found.commands } : { command: found, commands: found.subcommands ?? [] }
      }
    }
  }
  return { path, words: rest, given, ...here, ...(waiting !== undefined && { waiting }), behindDashes: false }
}

async function candidatesFor(current: string, at: Position, source: Source): Promise<readonly CompletionValue[]> {
  if (at.waiting !== undefined) return optionValues(at.waiting, current, at, source)
  const assigned = /^--([^=]+)=(.*)$/s.exec(current)
  if (assigned !== null) {
    const values = await optionValues(assigned[1]!, assigned[2]!, at, source)
    return values.map((each) => ({ ...each, value: `--${assigned[1]}=${each.value}` }))
  }
  if (current.startsWith('-')) return optionNames(at)
  const below = at.words.length === 0 ? at.commands.map((command) => ({ value: nameOf(command), about: command.summary })) : []
  return [...below, ...(at.command === undefined ? [] : await positionalValues(at.command, current, at, source))]
}

function optionOf(command: Command | undefined, name: string): string | undefined {
  return Object.entries(command?.options ?? {}).find(([long, { alias }]) => long === name || alias === name)?.[0]
}

function takesValue(command: Command, option: string): boolean {
  return !['boolean', 'count'].includes(command.options[option]!.type ?? 'string')
}

function optionNames({ command, given }: Position): readonly CompletionValue[] {
  const names = Object.entries(command?.options ?? {})
    .filter(([name, { array, type, hidden }]) => !hidden && (array || type === 'count' || !given.has(name)))
    .map(([name, { describe }]) => ({ value: `--${name}`, ...(typeof describe === 'string' && { about: describe }) }))
  return [...names, { value: '--help', about: 'show help' }, ...(command ? [] : [{ value: '--version', about: 'show the version' }])]
}

async function optionValues(name: string, current: string, at: Position, source: Source): Promise<readonly CompletionValue[]> {
  return valuesOf(name, at.command?.options[name]?.choices, current, at, source)
}

async function positionalValues(command: Command, current: string, at: Position, source: Source): Promise<readonly CompletionValue[]> {
  const names = command.usage.split(' ').slice(1)
  const usage = names[at.words.length] ?? (names.at(-1)?.includes('..') ? names.at(-1) : undefined)
  const name = usage?.replace(/[<>[\].]/g, '')
  return name === undefined ? [] : valuesOf(name, command.positionals[name]?.choices, current, at, source)
}

async function valuesOf(
  name: string,
  choices: Command['options'][string]['choices'],
  current: string,
  at: Position,
  source: Source,
): Promise<readonly CompletionValue[]> {
  if (choices !== undefined) return [choices].flat().map((choice) => ({ value: String(choice) }))
  const kind = special[[...at.path, name].join(' ')] ?? kinds[name]
  if (kind === undefined) return []
  const positionals = (at.command?.usage.split(' ').slice(1) ?? []).map((word) => word.replace(/[<>[\].]/g, ''))
  const word = (positional: string) => at.words[positionals.indexOf(positional)]
  const inventory = at.given.get('inventory')
  const [playbook, host] = [word('playbook'), word('host')]
  const values = await source({
    kind,
    ...(inventory !== undefined && { inventory }),
    ...(playbook !== undefined && { playbook }),
    ...(host !== undefined && { host }),
  })
  // Of a list only the last name is being typed: `web:!ed`, `a,b`.
  const typed =
    kind === 'pattern' ? (/^.*[:,][!&]?|^[!&]/s.exec(current)?.[0] ?? '') : kind === 'tag' ? (/^.*,/s.exec(current)?.[0] ?? '') : ''
  const used = new Set(typed.split(/[:,]/).map((part) => part.replace(/^[!&]/, '')))
  return values.filter(({ value }) => !used.has(value)).map((each) => ({ ...each, value: `${typed}${each.value}` }))
}
