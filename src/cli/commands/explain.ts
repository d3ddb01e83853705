import type { ExplainedVars } from '../../explain-var.ts'
import { RollcallError } from '../../model/errors.ts'
import { jsonText } from '../../report/index.ts'
import { defineCommand } from '../command.ts'
import { formatExplain } from '../format-explain.ts'
import { formatVars } from '../format-vars.ts'
import { given, narrowing, playbook, shared, vault, words } from '../options.ts'

/** `rollcall explain var`: where the vars of a host come from. */
const explainVar = defineCommand({
  usage: 'var <host> [name]',
  summary: 'show where the vars of a host come from, and what they override; contacts no host',
  positionals: {
    host: { type: 'string', demandOption: true, describe: 'a host of the inventory' },
    name: { type: 'string', describe: 'one of its vars; default is all' },
  },
  options: { inventory: shared.inventory, ...given, format: shared.format, ...vault },
  examples: [
    ['rollcall explain var honor-viper', 'every var with its origin'],
    ['rollcall explain var honor-viper appPort', 'one of them, with what it overrides'],
    ['rollcall explain var honor-viper appPort -e appPort=9000', 'as a run with this -e has it'],
  ],
  async run(args, { engine, screen, colours, cwd }) {
    const explained = await engine.explainVar({
      root: cwd,
      host: args.host,
      ...(args.name !== undefined && { name: args.name }),
      ...(args.inventory !== undefined && { inventory: args.inventory }),
      ...(args['extra-vars'] && { given: args['extra-vars'] }),
    })
    for (const line of args.format === 'json' ? [jsonText(explained)] : formatVars(explained, colours)) screen.print(line)
    return 0
  },
})

/** `rollcall explain`: where values of a host come from, or what a run would know and touch, without touching anything. */
export const explain = defineCommand({
  usage: 'explain <playbook>',
  summary: 'show what each task and template sees: targets, fleet, facts scope; contacts no host',
  positionals: { playbook: { ...playbook.playbook, describe: `${playbook.playbook.describe}; or <host>, or <host>.<var>` } },
  options: {
    inventory: shared.inventory,
    connection: { type: 'boolean', describe: 'of a host: where the settings of its connection come from' },
    limit: shared.limit,
    exclude: shared.exclude,
    tags: { alias: 't', type: 'string', array: true, requiresArg: true, describe: 'only tasks with one of these tags' },
    'skip-tags': { type: 'string', array: true, requiresArg: true, describe: 'no task with one of these tags' },
    ...given,
    format: shared.format,
    ...vault,
  },
  examples: [
    ['rollcall explain prepare --limit honor-viper', 'see that templates know every host all the same'],
    ['rollcall explain honor-viper.appPort', 'where a var comes from, and what it overrides'],
    ['rollcall explain honor-viper --connection', 'the same of how a host is reached'],
  ],
  // A playbook named var is meant by `explain var` alone, and by `explain var.ts` whatever follows.
  subcommands: [explainVar],
  async run(args, { engine, screen, colours, cwd }) {
    const print = (lines: readonly string[]) => {
      for (const line of lines) screen.print(line)
      return 0
    }
    const ofInventory = {
      root: cwd,
      ...(args.inventory !== undefined && { inventory: args.inventory }),
      ...(args['extra-vars'] && { given: args['extra-vars'] }),
    }
    const printVars = (explained: ExplainedVars) => print(args.format === 'json' ? [jsonText(explained)] : formatVars(explained, colours))
    if (args.connection) return printVars(await engine.explainVar({ ...ofInventory, host: args.playbook, connection: true }))
    const explaining = engine.explain({
      ...ofInventory,
      playbook: args.playbook,
      ...(args.limit !== undefined && { limit: args.limit }),
      ...narrowing(args),
      tags: words(args.tags),
      skipTags: words(args['skip-tags']),
    })
    try {
      const report = await explaining
      return print(args.format === 'json' ? [jsonText(report)] : formatExplain(report, colours))
    } catch (error) {
      if (!(error instanceof RollcallError) || error.details.summary !== 'There is no such playbook') throw error
      if (args.playbook === 'var') throw noHost()
      // A word that names no playbook may name a host: playbooks were here first.
      const explained = await engine.explainWord({ ...ofInventory, word: args.playbook })
      if (explained === undefined) throw error
      return printVars(explained)
    }
  },
})

function noHost(): RollcallError {
  return new RollcallError({
    summary: 'A word is missing',
    detail: 'rollcall explain var needs <host> [name]',
    fix: 'rollcall explain var --help',
  })
}
