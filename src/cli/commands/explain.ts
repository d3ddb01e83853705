import { defineCommand } from '../command.ts'
import { formatExplain } from '../format-explain.ts'
import { playbook, shared, words } from '../options.ts'

/** `rollcall explain`: what a run would know and touch, without touching anything. */
export const explain = defineCommand({
  usage: 'explain <playbook>',
  summary: 'show what each task and template sees: targets, fleet, facts scope; contacts no host',
  positionals: playbook,
  options: {
    inventory: shared.inventory,
    limit: shared.limit,
    tags: { alias: 't', type: 'string', array: true, requiresArg: true, describe: 'only tasks with one of these tags' },
    'skip-tags': { type: 'string', array: true, requiresArg: true, describe: 'no task with one of these tags' },
    format: shared.format,
  },
  examples: [['rollcall explain prepare --limit honor-viper', 'see that templates know every host all the same']],
  async run(args, { engine, screen, colours, cwd }) {
    const report = await engine.explain({
      root: cwd,
      playbook: args.playbook,
      ...(args.inventory !== undefined && { inventory: args.inventory }),
      ...(args.limit !== undefined && { limit: args.limit }),
      tags: words(args.tags),
      skipTags: words(args['skip-tags']),
    })
    const lines = args.format === 'json' ? [JSON.stringify(report)] : formatExplain(report, colours)
    for (const line of lines) screen.print(line)
    return 0
  },
})
