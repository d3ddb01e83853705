import type { Cleaned } from '../../cleanup/cleanup.ts'
import { type Kept, kinds } from '../../cleanup/kept.ts'
import { RollcallError } from '../../model/errors.ts'
import { type Colours, count, describeError, formatAge, jsonText, printableDeep } from '../../report/index.ts'
import { defineCommand } from '../command.ts'
import { connectionPassword, positiveInteger, shared } from '../options.ts'
import { takeConnectionPassword } from '../passwords.ts'

/** `rollcall cleanup`: what Rollcall keeps, and away with it. */
export const cleanup = defineCommand({
  usage: 'cleanup [pattern]',
  summary: 'list what Rollcall keeps on hosts and on this machine; removes it with --remove',
  positionals: { pattern: { type: 'string', describe: 'hosts and groups, e.g. web:!edge; default is all' } },
  options: {
    inventory: shared.inventory,
    remove: { type: 'boolean', describe: 'remove it, after a question; never what a run or a lab uses' },
    yes: { alias: 'y', type: 'boolean', describe: 'do not ask; needed without a terminal' },
    'clear-pending': { type: 'boolean', describe: 'remove records of handlers that a run still owes, too' },
    'hosts-only': { type: 'boolean', describe: 'look at hosts only' },
    'controller-only': { type: 'boolean', describe: 'look at this machine only; contacts no host' },
    only: { choices: kinds, array: true, requiresArg: true, describe: 'only things of this kind; may be repeated' },
    ...connectionPassword,
    forks: shared.forks,
    format: shared.format,
  },
  examples: [
    ['rollcall cleanup', 'see what there is, with sizes and ages'],
    ['rollcall cleanup --controller-only --only images --remove', 'remove what lab hosts are made from'],
    ['rollcall cleanup web -i production --remove --yes', 'tidy hosts up without a question'],
  ],
  async run(args, context) {
    const { engine, screen, colours, errorColours, cwd, ask } = context
    if (args['hosts-only'] && args['controller-only'])
      throw new RollcallError({ summary: '--hosts-only and --controller-only exclude each other', fix: 'Give one of them, or none.' })
    if (args['controller-only'] && args.pattern !== undefined)
      throw new RollcallError({ summary: '--controller-only looks at no host', detail: `'${args.pattern}'`, fix: 'Leave one of them out.' })
    if (args.remove && !args.yes && ask === undefined)
      throw new RollcallError({
        summary: 'There is no terminal to ask at',
        fix: 'See what would be removed first, then say yes to it:\nrollcall cleanup --remove --yes',
      })
    if (!args['controller-only']) await takeConnectionPassword(args, context)
    const human = args.format !== 'json'
    const confirm = async (going: readonly Kept[]): Promise<boolean> => {
      if (args.yes) return true
      for (const line of listing(printableDeep(going), colours)) screen.note(line)
      return ask!(`Remove ${count(going.length, 'thing')}, ${size(going)}?`)
    }
    const cleaned = await engine.cleanup({
      root: cwd,
      ...(args.inventory !== undefined && { inventory: args.inventory }),
      ...(args.pattern !== undefined && { pattern: args.pattern }),
      hosts: !args['controller-only'],
      controller: !args['hosts-only'],
      ...(args.only !== undefined && { only: args.only }),
      clearPending: args['clear-pending'] ?? false,
      forks: positiveInteger(args.forks, '--forks'),
      ...(args.remove && { confirm }),
    })
    if (!human) screen.print(jsonText(cleaned))
    else {
      for (const { host, outcome, error } of printableDeep(cleaned.failures)) {
        if (outcome === 'partly') screen.note(errorColours.warning(`${host}: only the login user's part was looked at: ${error.summary}`))
        else for (const line of describeError({ ...error, host }, errorColours, cwd)) screen.note(line)
      }
      for (const line of report(printableDeep(cleaned), args.remove ?? false, colours)) screen.print(line)
    }
    const outcomes = cleaned.failures.map(({ outcome }) => outcome)
    return outcomes.includes('failed') ? 2 : outcomes.includes('unreachable') ? 4 : 0
  },
})

function report({ kept, removable, removed, down }: Cleaned, remove: boolean, colours: Colours): string[] {
  const owed = kept.filter((item) => item.kind === 'pending' && item.inUse === undefined && !removable.includes(item))
  const lines = [
    ...(removed
      ? listing(
          kept.filter((item) => !hasPath(removable, item)),
          colours,
        )
      : listing(kept, colours)),
    ...(down.length > 0 ? [`no lab is up, so nothing is kept on ${down.join(', ')}`] : []),
    ...(owed.length > 0
      ? [colours.hint(`${count(owed.length, 'handler')} still owed: the next run of the playbook runs them; --clear-pending forgets them`)]
      : []),
  ]
  if (removed) return [...lines, colours.changed(`removed ${count(removable.length, 'thing')}, ${size(removable)}`)]
  if (removable.length === 0) return [...lines, 'there is nothing to remove']
  return [...lines, remove ? 'nothing was removed' : `${count(removable.length, 'thing')}, ${size(removable)}, can be removed by --remove`]
}

function hasPath(items: readonly Kept[], { host, path }: Kept): boolean {
  return items.some((item) => item.host === host && item.path === path)
}

function listing(items: readonly Kept[], colours: Colours): string[] {
  const widest = (cell: (item: Kept) => string) => Math.max(0, ...items.map((item) => cell(item).length))
  const where = ({ host }: Kept) => host ?? 'this machine'
  const big = (item: Kept) => size([item])
  const old = ({ ageSeconds }: Kept) => formatAge(ageSeconds)
  const [whereWidth, kindWidth, sizeWidth, ageWidth] = [widest(where), widest(({ kind }) => kind), widest(big), widest(old)]
  return items.flatMap((item) => [
    `${where(item).padEnd(whereWidth)}  ${item.kind.padEnd(kindWidth)}  ${big(item).padStart(sizeWidth)}  ${old(item).padStart(ageWidth)}  ${item.path}`,
    colours.faint(`  ${item.about}${item.inUse === undefined ? '' : `; stays: ${item.inUse}`}`),
  ])
}

function size(items: readonly Kept[]): string {
  const kb = Math.ceil(items.reduce((sum, { bytes }) => sum + bytes, 0) / 1024)
  if (kb < 1024) return `${kb} kB`
  return kb < 1024 * 1024 ? `${Math.round(kb / 1024)} MB` : `${(kb / 1024 / 1024).toFixed(1)} GB`
}
