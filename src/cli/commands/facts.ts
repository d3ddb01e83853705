import { RollcallError } from '../../model/errors.ts'
import { factsSentence, formatAge, jsonText, notLiveLines, printable } from '../../report/index.ts'
import type { ShownFacts } from '../../show-facts.ts'
import { defineCommand } from '../command.ts'
import { connectionPassword, login, narrowing, positiveInteger, secondsOf, shared, vault } from '../options.ts'
import { takeConnectionPassword } from '../passwords.ts'

/** `rollcall facts`: what is known of hosts, from where, and how old it is. */
export const facts = defineCommand({
  usage: 'facts [pattern]',
  summary: 'show the facts of hosts, with origin and age',
  positionals: { pattern: { type: 'string', describe: 'hosts and groups, e.g. web:!edge; default is all' } },
  options: {
    inventory: shared.inventory,
    exclude: shared.exclude,
    'allow-empty': shared['allow-empty'],
    refresh: { type: 'boolean', describe: 'ask every host, however young what is remembered' },
    cached: { type: 'boolean', describe: 'ask no host: only what is remembered or declared' },
    forks: shared.forks,
    'facts-timeout': { ...shared['facts-timeout'], describe: 'seconds that hosts have together to answer, but with --refresh; default 10' },
    ...login,
    ...connectionPassword,
    ...vault,
    format: shared.format,
  },
  examples: [
    ['rollcall facts', 'what is known of every host; those not asked for an hour are asked'],
    ['rollcall facts honor-viper --refresh', 'ask one host now'],
    ['rollcall facts --cached --format json', 'for a program, without contacting a host'],
  ],
  async run(args, context) {
    const { engine, screen, colours, errorColours, cwd, progress } = context
    if (args.refresh && args.cached)
      throw new RollcallError({ summary: '--refresh and --cached exclude each other', fix: 'Give one of them, or none.' })
    if (!args.cached) await takeConnectionPassword(args, context)
    const known = await engine.showFacts({
      root: cwd,
      ...(args.inventory !== undefined && { inventory: args.inventory }),
      ...narrowing(args),
      ...(args.pattern !== undefined && { pattern: args.pattern }),
      from: args.refresh ? 'refresh' : args.cached ? 'cached' : 'auto',
      forks: positiveInteger(args.forks, '--forks'),
      ...(args['facts-timeout'] !== undefined && { timeoutSeconds: secondsOf(args['facts-timeout'], '--facts-timeout') }),
      progress,
      warn: (line) => screen.note(errorColours.warning(printable(`warning: ${line}`))),
    })
    if (args.format === 'json') screen.print(jsonText(known))
    else {
      screen.print(colours.strong(factsSentence(known)))
      for (const line of notLiveLines(known, 8)) screen.print(colours.warning(printable(line)))
      for (const host of known) for (const line of linesOf(host)) screen.print(printable(line))
    }
    // A host that was to be asked and did not answer counts as unreachable, as everywhere.
    return args.refresh && known.some(({ contact }) => contact !== 'answered') ? 4 : 0
  },
})

function linesOf({ host, families }: ShownFacts): string[] {
  const known = Object.entries(families)
  return [
    '',
    host,
    ...(known.length === 0
      ? ['  nothing is known']
      : known.flatMap(([family, of]) => (of ? [`  ${family}  ${from(of)}`, ...fields(of.value)] : []))),
  ]
}

function from({ origin, ageSeconds }: { readonly origin: string; readonly ageSeconds: number }): string {
  return origin === 'cached' ? `cached ${formatAge(ageSeconds)}` : origin
}

function fields(value: object): string[] {
  return Object.entries(value).map(([name, field]) => `    ${name}: ${typeof field === 'object' ? JSON.stringify(field) : String(field)}`)
}
