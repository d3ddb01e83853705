import type { Options, PositionalOptions } from 'yargs'
import { type AnyCommand, type Command, isGroup, nameOf } from './command.ts'

/** A command line that was understood. */
export interface PlainWords {
  readonly command: Command
  readonly args: { readonly [name: string]: unknown }
}

/** All that options and positionals are described by; one that is described by more is left to yargs. */
const understood = new Set([
  ...['alias', 'type', 'array', 'requiresArg', 'describe', 'choices', 'default', 'defaultDescription', 'demandOption'],
])

/**
 * Reads a command line in which nothing is in doubt, as nearly all are. Undefined for every other: help, mistakes, whatever could be
 * read in two ways. That is left to yargs, whose loading and parsing cost more than starting Node.
 */
export function plainWords(argv: readonly string[], commands: readonly AnyCommand[]): PlainWords | undefined {
  const command = commands.find((each) => nameOf(each) === argv[0])
  if (!command || isGroup(command) || command.subcommands) return undefined
  const described = [...Object.values(command.options), ...Object.values(command.positionals)]
  if (described.some((each) => Object.keys(each).some((key) => !understood.has(key)))) return undefined
  const end = argv.indexOf('--')
  if (end !== -1 && command.behindDashes === undefined) return undefined
  const given = new Map<string, unknown>()
  const words: string[] = []
  const before = argv.slice(1, end === -1 ? argv.length : end)
  for (let at = 0; at < before.length; at++) {
    const word = before[at]!
    if (!word.startsWith('-')) {
      if (!isPlain(word)) return undefined
      words.push(word)
      continue
    }
    const [flag, value] = split(word)
    const names = optionsOf(flag, command)
    if (names === undefined) return undefined
    const takes = names.filter((name) => isValued(command.options[name]!))
    if (takes.length === 0) {
      if (value !== undefined) return undefined
      for (const name of names) note(given, name, command.options[name]!)
      continue
    }
    // A value stands behind its own option alone: -Cl web is left to yargs.
    if (names.length > 1) return undefined
    const text = value ?? before[++at]
    if (text === undefined || !isPlain(text) || !keep(given, names[0]!, command.options[names[0]!]!, text)) return undefined
  }
  const placed = place(words, command)
  if (!placed) return undefined
  for (const [name, { default: preset, demandOption, type }] of Object.entries(command.options)) {
    if (given.has(name)) continue
    if (demandOption) return undefined
    if (type === 'count') given.set(name, 0)
    else if (preset !== undefined) given.set(name, preset)
  }
  const behind = end === -1 ? {} : { '--': argv.slice(end + 1) }
  return { command, args: { ...Object.fromEntries(given), ...placed, ...behind } }
}

/** Not an option, not empty, not what yargs would give to a switch before it, and no quotes around it, which it would take off. */
function isPlain(word: string): boolean {
  return word !== '' && !/^[-'"]|^(true|false)$/.test(word)
}

function split(word: string): [flag: string, value: string | undefined] {
  const at = word.indexOf('=')
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)]
}

const isValued = ({ type }: Options) => type !== 'boolean' && type !== 'count'

/** The options that `--name`, `-n` or several letters after one dash stand for; undefined where one of them is none. */
function optionsOf(flag: string, { options }: Command): string[] | undefined {
  if (flag.startsWith('--')) return Object.hasOwn(options, flag.slice(2)) ? [flag.slice(2)] : undefined
  const named = [...flag.slice(1)].map((letter) => Object.keys(options).find((name) => options[name]!.alias === letter))
  return named.length > 0 && named.every((name) => name !== undefined) ? (named as string[]) : undefined
}

function note(given: Map<string, unknown>, name: string, { type }: Options): void {
  given.set(name, type === 'count' ? ((given.get(name) as number | undefined) ?? 0) + 1 : true)
}

function keep(given: Map<string, unknown>, name: string, { array, choices }: Options, text: string): boolean {
  if (choices && !choices.includes(text)) return false
  if (array) given.set(name, [...((given.get(name) as string[] | undefined) ?? []), text])
  else if (given.has(name)) return false
  else given.set(name, text)
  return true
}

/** Gives each word the name that the usage line has at its place; undefined where there are too few or too many. */
function place(words: readonly string[], { usage, positionals }: Command): Record<string, unknown> | undefined {
  const placed: Record<string, unknown> = {}
  let at = 0
  for (const slot of usage.split(' ').slice(1)) {
    const name = slot.replace(/^[<[]|(?:\.\.)?[\]>]$/g, '')
    const many = slot.includes('..')
    const taken = many ? words.slice(at) : words.slice(at, at + 1)
    at += taken.length
    if (taken.length === 0 && slot.startsWith('<')) return undefined
    const { choices, default: preset }: PositionalOptions = positionals[name] ?? {}
    if (preset !== undefined || (choices && taken.some((word) => !choices.includes(word)))) return undefined
    if (taken.length > 0) placed[name] = many ? taken : taken[0]
  }
  return at === words.length ? placed : undefined
}
