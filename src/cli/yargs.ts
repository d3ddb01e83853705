import type { Argv } from 'yargs'
import { setChosenInventory } from '../model/chosen-inventory.ts'
import { colours, createScreen, wantsColour } from '../report/index.ts'
import { importModule } from '../util/import-module.ts'
import { ownVersion } from '../util/own-root.ts'
import { type AnyCommand, type Command, isGroup, nameOf } from './command.ts'
import { cleanup } from './commands/cleanup.ts'
import { completion } from './commands/completion.ts'
import { connections } from './commands/connections.ts'
import { doCommand } from './commands/do.ts'
import { doc } from './commands/doc.ts'
import { doctor } from './commands/doctor.ts'
import { exec } from './commands/exec.ts'
import { explain } from './commands/explain.ts'
import { facts } from './commands/facts.ts'
import { inventory } from './commands/inventory.ts'
import { lab } from './commands/lab.ts'
import { render } from './commands/render.ts'
import { run } from './commands/run.ts'
import { runs } from './commands/runs.ts'
import { secret } from './commands/secret.ts'
import { trust } from './commands/trust.ts'
import { complete } from './complete.ts'
import type { Context, World } from './context.ts'
import { failureOf } from './failure.ts'
import { plainWords } from './plain-words.ts'
import { refuseAmbiguous, standingOf, usageError } from './usage-error.ts'

/** Every command there is, in the order of the help. */
export const commands: readonly AnyCommand[] = [
  run,
  runs,
  explain,
  render,
  facts,
  inventory,
  doCommand,
  exec,
  trust,
  doc,
  secret,
  lab,
  doctor,
  connections,
  cleanup,
  completion,
]
type Args = { readonly [name: string]: unknown }

/** Runs one command line to its end and gives the exit code. Errors become text on stderr. */
export async function commandLine(words: readonly string[], world: World): Promise<number> {
  // As git and others have it.
  const argv = words[0] === 'help' && words.length > 1 ? [...words.slice(1), '--help'] : words
  const screen = world.screen ?? createScreen(world.stdout, world.stderr)
  const colour = wantsColour(world.env, world.stdout.isTTY ?? false)
  const errorColours = colours(wantsColour(world.env, world.stderr.isTTY ?? false))
  const context: Context = {
    ...world,
    screen,
    colour,
    colours: colours(colour),
    errorColours,
    progress: (line) => screen.note(errorColours.faint(line)),
  }
  if (argv[0] === '--complete') return printCompletions(argv.slice(1), context)
  try {
    const { command, args, output } = await parse(argv, world)
    setChosenInventory(typeof args.inventory === 'string' ? args.inventory : undefined)
    if (command) return await command.run(args, context)
    if (output !== '') screen.print(output)
    if (output !== '') return 0
    const help = await parse([...argv, '--help'], world)
    screen.note(help.output)
    return 1
  } catch (error) {
    const { lines, exitCode } = failureOf(error, errorColours, world.cwd)
    screen.status(undefined)
    for (const line of lines) screen.note(line)
    return exitCode
  }
}

/** For the scripts of `completion`: a candidate a line, with a tab before what is said of it. Silent whatever is wrong. */
async function printCompletions(words: readonly string[], { engine, cwd, screen }: Context): Promise<number> {
  const found = await complete(words, commands, (request) => engine.completions({ ...request, root: cwd })).catch(() => [])
  for (const { value, about } of found) screen.print(about === undefined ? value : `${value}\t${about.replaceAll(/\s+/g, ' ')}`)
  return 0
}

interface Parsed {
  /** Absent where yargs itself answers: help, version, completion. */
  readonly command?: Command
  readonly args: Args
  readonly output: string
}

async function parse(argv: readonly string[], world: World): Promise<Parsed> {
  const plain = plainWords(argv, commands)
  if (!plain) return parseByYargs(argv, world)
  refuseAmbiguous(plain.args, argv, standingOf(argv, commands))
  return { ...plain, output: '' }
}

/** What a command line means, whatever it is. @throws RollcallError where it means nothing. */
export async function parseByYargs(argv: readonly string[], { stdout }: Pick<World, 'stdout'>): Promise<Parsed> {
  const { default: yargs } = (await importModule('yargs')) as typeof import('yargs')
  const standing = standingOf(argv, commands)
  const wantsHelp = argv.some((word) => word === '--help' || word === '-h')
  let chosen: Command | undefined
  const add = (to: Argv, command: AnyCommand, path: string): Argv => {
    const group = isGroup(command)
    const build = (inner: Argv): Argv => {
      if (group) return command.commands.reduce((argv, each) => add(argv, each, `${path} ${command.usage}`), inner)
      // Where its own words are meant, a command does without those below it; its help lists them.
      const subcommands = standing.command === command && !wantsHelp ? [] : (command.subcommands ?? [])
      const here = `${path} ${nameOf(command)}`
      // Its options would be those of the command below it, too.
      const below = subcommands.some((each) => each === standing.command)
      return subcommands.reduce((argv, each) => add(argv, each, here), below ? inner : describe(inner, command, `${path} ${command.usage}`))
    }
    return to.command(command.usage, command.summary, build, () => {
      if (!group) chosen = command
    })
  }
  const parser: Argv = commands
    .reduce((argv, command) => add(argv, command, 'rollcall'), yargs([]) as Argv)
    .scriptName('rollcall')
    .usage('$0 <command>\n\nPlaybooks over plain SSH: every host answers before any host changes.')
    .locale('en')
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'duplicate-arguments-array': true,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': true,
      'strip-aliased': true,
    })
    .help()
    .alias('help', 'h')
    .version(ownVersion())
    .wrap(Math.min(100, stdout.columns ?? 80))
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      throw message ? usageError(message, argv, standing) : error
    })
  let output = ''
  const args = (await parser.parseAsync(keepDash(argv), {}, (_error: unknown, _args: unknown, text: string) => {
    output = text
  })) as Args
  if (chosen) refuseAmbiguous(args, argv, standing)
  return { ...(chosen && { command: chosen }), args, output }
}

/** yargs loses a lone dash at the end of a list of words; `@-` means the same and is kept. */
function keepDash(argv: readonly string[]): string[] {
  const end = argv.indexOf('--')
  return argv.map((word, index) => (word === '-' && argv[0] === 'do' && (end === -1 || index < end) ? '@-' : word))
}

function describe(inner: Argv, { positionals, options, examples, summary, behindDashes }: Command, path: string): Argv {
  const withWords = Object.entries(positionals).reduce((argv, [name, positional]) => argv.positional(name, positional), inner)
  return examples.reduce(
    (argv, [line, does]) => argv.example(line, does),
    withWords.options(options).usage(`${path}${behindDashes === undefined ? '' : ` -- ${behindDashes}`}\n\n${summary}`),
  )
}
