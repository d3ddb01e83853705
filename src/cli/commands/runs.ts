import { type Colours, count, createReporter, formatDuration, jsonText, printableDeep } from '../../report/index.ts'
import type { ListedRun } from '../../runs.ts'
import { localTime } from '../../util/local-time.ts'
import { defineCommand } from '../command.ts'
import { positiveInteger, shared } from '../options.ts'

const show = defineCommand({
  usage: 'show <run>',
  summary: 'report a run again, as it was reported when it ran',
  positionals: { run: { type: 'string', demandOption: true, describe: "id of a run, a part of it that no other has, or 'last'" } },
  options: {
    diff: shared.diff,
    format: shared.format,
    timing: shared.timing,
    verbose: { alias: 'v', type: 'count', describe: 'print every task, its steps and its result' },
  },
  examples: [
    ['rollcall runs show last', 'what happened'],
    ['rollcall runs show last -vD', 'with every task, its result and what it changed'],
  ],
  async run(args, { engine, screen, colour, errorColours, cwd }) {
    const { run, events, soFar } = await engine.showRun({ root: cwd, run: args.run })
    const { verbose: verbosity, diff = false, timing = false } = args
    const report = createReporter(args.format, screen, { colour, verbosity, diff, timing, cwd })
    for (const event of events) report(event)
    if (soFar && args.format !== 'json') report(soFar)
    if (run.outcome === 'cut off') screen.note(errorColours.warning('the run was cut off: it was interrupted, or its process was killed'))
    if (run.outcome === 'running') screen.note(errorColours.warning('the run is still going on'))
    return 0
  },
})

/** `rollcall runs`: what was run. */
export const runs = defineCommand({
  usage: 'runs',
  summary: 'list the runs of this project; show reports one again',
  positionals: {},
  options: {
    last: {
      alias: 'n',
      type: 'string',
      requiresArg: true,
      default: '20',
      defaultDescription: '20',
      describe: 'how many, the newest first',
    },
    format: shared.format,
  },
  subcommands: [show],
  examples: [
    ['rollcall runs', 'when, what, on which hosts, and how it ended; contacts no host'],
    ['rollcall runs show last', 'the report of the last one'],
    ['rollcall runs --json', 'for a program'],
  ],
  async run(args, { engine, screen, colours, cwd }) {
    const most = positiveInteger(args.last, '--last')
    const all = await engine.listRuns({ root: cwd })
    const shown = all.slice(0, most)
    if (args.format === 'json') screen.print(jsonText(shown))
    else if (all.length === 0) screen.print('no run of this project is known')
    else for (const line of table(printableDeep(shown), colours)) screen.print(line)
    if (args.format !== 'json' && shown.length < all.length)
      screen.print(colours.hint(`${all.length - shown.length} older: --last ${all.length}`))
    return 0
  },
})

function table(runs: readonly ListedRun[], colours: Colours): string[] {
  const cells = runs.map((run) => [run.id, localTime(new Date(run.started)), what(run), how(run), formatDuration(run.durationMs)])
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  return cells.map((row, index) => {
    const [id, time, asked, ended, took] = row.map((cell, column) => cell.padEnd(widths[column]!)) as [
      string,
      string,
      string,
      string,
      string,
    ]
    return `${id}  ${time}  ${asked}  ${paint(runs[index]!, ended, colours)}  ${took}`.trimEnd()
  })
}

function what({ playbook, inventory, check, limit, exclude, tags, skipTags, continues }: ListedRun): string {
  return [
    `${playbook} on ${inventory}`,
    check && '--check',
    limit !== undefined && `--limit ${limit}`,
    exclude !== undefined && `--exclude ${exclude}`,
    tags.length > 0 && `--tags ${tags.join()}`,
    skipTags.length > 0 && `--skip-tags ${skipTags.join()}`,
    continues && (continues.by === 'resume' ? '--resume' : '--retry-failed'),
  ]
    .filter(Boolean)
    .join(' ')
}

function how({ outcome, hosts, counts, check }: ListedRun): string {
  const changed = check ? `${counts.changed} would change` : `${counts.changed} changed`
  const wrong = [
    hosts.failed > 0 && `${count(hosts.failed, 'host')} failed`,
    hosts.unreachable > 0 && `${count(hosts.unreachable, 'host')} unreachable`,
    hosts.unfinished > 0 && outcome !== 'running' && `${count(hosts.unfinished, 'host')} unfinished`,
  ].filter(Boolean)
  return [outcome, changed, ...wrong].join(', ')
}

function paint({ outcome }: ListedRun, text: string, colours: Colours): string {
  return outcome === 'done' ? colours.ok(text) : outcome === 'running' ? text : colours.failed(text)
}
