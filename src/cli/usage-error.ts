import { RollcallError } from '../model/errors.ts'
import { suggest } from '../util/suggest.ts'
import { type AnyCommand, type Command, isGroup, nameOf } from './command.ts'

/** Where on the command line we are: the words that led to the commands or to the command. */
export interface Standing {
  /** `rollcall`, `rollcall lab`, `rollcall run`. */
  readonly path: string
  readonly commands: readonly AnyCommand[]
  readonly command?: Command
}

/** Follows the words of a command line as far as they name commands. */
export function standingOf(argv: readonly string[], commands: readonly AnyCommand[]): Standing {
  let standing: Standing = { path: 'rollcall', commands }
  for (const [at, word] of argv.entries()) {
    if (word === '--') break
    if (word.startsWith('-')) continue
    const found = standing.commands.find((command) => nameOf(command) === word)
    if (!found) break
    const path = `${standing.path} ${word}`
    if (!isGroup(found)) return below({ path, commands: [], command: found }, found, argv.slice(at + 1))
    standing = { path, commands: found.commands }
  }
  return standing
}

/**
 * A command's own words may be named like a command below it: only a word more, or a wish for help, tells them apart. One
 * that takes no words has none that could be meant.
 */
function below(standing: Standing, command: Command, argv: readonly string[]): Standing {
  const words = wordsOf(argv, command.options)
  const found = command.subcommands?.find((sub) => nameOf(sub) === words[0])
  const meant = words.length > 1 || takesNoWords(command) || argv.some((word) => word === '--help' || word === '-h')
  return found && meant ? { path: `${standing.path} ${words[0]}`, commands: [], command: found } : standing
}

function takesNoWords({ usage }: Command): boolean {
  return !usage.includes(' ')
}

/** What of a command line is neither an option nor the value of one. */
function wordsOf(argv: readonly string[], options: Command['options']): readonly string[] {
  const dashes = argv.indexOf('--')
  const before = dashes === -1 ? argv : argv.slice(0, dashes)
  const takesValue = (word: string) => {
    const name = word.replace(/^--?/, '')
    const [, option] = Object.entries(options).find(([long, { alias }]) => long === name || alias === name) ?? []
    return option !== undefined && option.type !== 'boolean' && option.type !== 'count'
  }
  return before.filter((word, at) => !word.startsWith('-') && !(before[at - 1]?.startsWith('-') && takesValue(before[at - 1]!)))
}

/** What yargs refused, as an error of ours. Its words are English whatever the locale, and tests hold each of them. */
export function usageError(message: string, argv: readonly string[], standing: Standing): RollcallError {
  const [, kind, values = ''] = /^(Unknown|Missing|Not enough|Invalid)[^:]*:\s*([\s\S]*)$/.exec(message) ?? []
  switch (kind) {
    case 'Unknown':
      return unknown(values.split(', ')[0]!.replace(/^"(.*)"$/, '$1'), argv, standing)
    case 'Missing':
      return missing(values.split(', '), standing)
    case 'Not enough':
      return message.includes('following') ? withoutValue(values, standing) : missingWord(standing)
    case 'Invalid':
      return invalidChoice(values, standing)
    default:
      return error('The command line cannot be understood', message, undefined, standing)
  }
}

/** Mistakes that yargs lets pass. Each could start another run than the one meant. */
export function refuseAmbiguous(args: { readonly [name: string]: unknown }, argv: readonly string[], standing: Standing): void {
  const behind = (args['--'] ?? []) as readonly string[]
  if (behind.length > 0 && standing.command?.behindDashes === undefined)
    throw error('There is a word too many', `'${behind[0]}' behind the two dashes`, undefined, standing)
  const dashes = argv.indexOf('--')
  const before = dashes === -1 ? argv : argv.slice(0, dashes)
  for (const [name, option] of Object.entries(standing.command?.options ?? {})) {
    const value = args[name]
    if (option.type === 'boolean') {
      const given = before.find(
        (word) => word.startsWith(`--${name}=`) || (option.alias !== undefined && word.startsWith(`-${String(option.alias)}=`)),
      )
      // yargs takes every value but `true` for false: --check=yes would be a run that changes hosts.
      if (given !== undefined) throw error('This option takes no value', given, `--${name}`, standing)
      continue
    }
    if (option.type === 'count' || value === undefined) continue
    if (Array.isArray(value) && !('array' in option))
      throw error('An option is given twice', `--${name}: ${value.join(' and ')}`, onceOnly(name, value.map(String)), standing)
    // An empty shell variable must not turn "only these tags" into "every task".
    if ([value].flat().some((text) => String(text).replaceAll(',', '').trim() === ''))
      throw error('An option has an empty value', `--${name}`, 'Give it a value, or leave it out.', standing)
  }
}

/** Of two limits it is not to be guessed whether both widen the run, or the second narrows it. */
function onceOnly(name: string, [one = '', other = '']: readonly string[]): string {
  if (name === 'exclude') return `Give it once: --exclude '${one},${other}'`
  return name === 'limit' ? `Give it once: '${one},${other}' are hosts of either, '${one},&${other}' those of both.` : 'Give it once.'
}

function error(summary: string, detail: string, hint: string | undefined, { path }: Standing): RollcallError {
  return new RollcallError({ summary, detail, fix: [hint, `${path} --help`].filter(Boolean).join('\n'), exitCode: 1 })
}

function didYouMean(word: string, candidates: readonly string[], prefix = ''): string | undefined {
  const meant = suggest(word, candidates)
  return meant === undefined ? undefined : `Did you mean '${meant.length === 1 ? '-' : prefix}${meant}'?`
}

function unknown(word: string, argv: readonly string[], standing: Standing): RollcallError {
  const typed = argv.find(
    (given) =>
      given === `--${word}` || given.startsWith(`--${word}=`) || (word.length === 1 && /^-[A-Za-z]/.test(given) && given.includes(word)),
  )
  const dashes = standing.command?.behindDashes
  const behind =
    dashes === undefined || argv.includes('--')
      ? undefined
      : `What is not for rollcall stands behind two dashes:\n${standing.path} ${positionals(standing.command!)} -- ${dashes}`
  if (typed !== undefined) {
    const dashed = word.length === 1 ? `-${word}` : `--${word}`
    const options = Object.entries(standing.command?.options ?? {}).flatMap(([name, { alias }]) => [
      name,
      ...(typeof alias === 'string' ? [alias] : []),
    ])
    const candidates = [...options, 'help', 'version'].filter((name) => (word.length === 1) === (name.length === 1))
    return error('There is no such option', `${dashed} for ${standing.path}`, didYouMean(word, candidates, '--') ?? behind, standing)
  }
  const below = standing.command?.subcommands
  if (standing.command && !(below && takesNoWords(standing.command))) {
    // `explain vra web-1`: the first word may have been meant as a command below.
    const [first = ''] = wordsOf(argv, standing.command.options).slice(standing.path.split(' ').length - 1)
    const hint = didYouMean(first, (below ?? []).map(nameOf)) ?? behind
    return error('There is a word too many', `'${word}' in ${standing.path} ${positionals(standing.command)}`, hint, standing)
  }
  if (/\.[cm]?ts$/.test(word)) return error('A command is missing before the playbook', `'${word}'`, `rollcall run ${word}`, standing)
  const names = (below ?? standing.commands).map(nameOf)
  return error(
    'There is no such command',
    `'${standing.path} ${word}'`,
    didYouMean(word, names) ?? `There are: ${names.join(', ')}.`,
    standing,
  )
}

function missing(names: readonly string[], standing: Standing): RollcallError {
  const options = names.map((name) => `--${name}`).join(', ')
  const described = names
    .flatMap((name) => standing.command?.options[name]?.describe ?? [])
    .map((text, index) => `--${names[index]}: ${text}`)
  return error('An option is missing', `${standing.path} needs ${options}`, described.join('\n'), standing)
}

function withoutValue(name: string, standing: Standing): RollcallError {
  const about = standing.command?.options[name]?.describe
  return error('An option has no value', about === undefined ? `--${name}` : `--${name}: ${about}`, undefined, standing)
}

function missingWord(standing: Standing): RollcallError {
  return error(
    'A word is missing',
    `${standing.path} needs ${standing.command ? positionals(standing.command) : 'a command'}`,
    undefined,
    standing,
  )
}

function positionals({ usage }: Command): string {
  return usage.split(' ').slice(1).join(' ')
}

function invalidChoice(values: string, standing: Standing): RollcallError {
  const [, name = '', given = '', choices = ''] = /Argument: (\S+), Given: "([^"]*)".*, Choices: (.*)$/m.exec(values) ?? []
  const known = choices.split(', ').map((choice) => choice.replaceAll('"', ''))
  return error(
    'An option has a value it does not know',
    `--${name} '${given}'`,
    didYouMean(given, known) ?? `It knows: ${known.join(', ')}.`,
    standing,
  )
}
