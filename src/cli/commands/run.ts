import { createReporter, jsonText } from '../../report/index.ts'
import { defineCommand } from '../command.ts'
import { formatOutline } from '../format-outline.ts'
import { steered } from '../interrupt.ts'
import { changesMade, noteChanges, playbook, positiveInteger, secondsOf, shared, words } from '../options.ts'
import { openTerminal } from '../terminal.ts'

/** `rollcall run`: the main job. */
export const run = defineCommand({
  usage: 'run <playbook>',
  summary: 'run a playbook: every host answers before any host changes',
  positionals: playbook,
  options: {
    inventory: shared.inventory,
    limit: shared.limit,
    check: shared.check,
    diff: shared.diff,
    tags: { alias: 't', type: 'string', array: true, requiresArg: true, describe: 'only tasks with one of these tags' },
    'skip-tags': { type: 'string', array: true, requiresArg: true, describe: 'no task with one of these tags' },
    forks: shared.forks,
    format: shared.format,
    'list-hosts': { type: 'boolean', describe: 'list the hosts and stop; contacts none' },
    'list-tasks': { type: 'boolean', describe: 'list the tasks and stop; contacts no host' },
    timeout: shared.timeout,
    'wait-for-lock': shared['wait-for-lock'],
    timing: shared.timing,
    verbose: { alias: 'v', type: 'count', describe: 'print every task, its steps and its result' },
    'detailed-exit-code': shared['detailed-exit-code'],
  },
  examples: [
    ['rollcall run prepare', 'run playbooks/prepare.ts on all its hosts'],
    ['rollcall run prepare --limit honor-viper', 'change one host; its templates still know every host'],
    ['rollcall run prepare -CD', 'say what would change, line by line'],
    ['rollcall run prepare -i production --list-hosts', 'which hosts that would be on another inventory'],
  ],
  async run(args, { engine, screen, colour, colours, cwd, progress }) {
    const request = {
      root: cwd,
      playbook: args.playbook,
      ...(args.inventory !== undefined && { inventory: args.inventory }),
      ...(args.limit !== undefined && { limit: args.limit }),
      tags: words(args.tags),
      skipTags: words(args['skip-tags']),
    }
    const forks = positiveInteger(args.forks, '--forks')
    const timeout = secondsOf(args.timeout, '--timeout')
    const wait = secondsOf(args['wait-for-lock'], '--wait-for-lock')
    const lists = { hosts: args['list-hosts'] ?? false, tasks: args['list-tasks'] ?? false }
    if (lists.hosts || lists.tasks) {
      const outline = await engine.outline(request)
      const lines = args.format === 'json' ? [jsonText(outline)] : formatOutline(outline, lists, colours)
      for (const line of lines) screen.print(line)
      return 0
    }
    const report = createReporter(args.format, screen, {
      colour,
      verbosity: args.verbose,
      diff: args.diff ?? false,
      timing: args.timing ?? false,
      cwd,
    })
    const changes = noteChanges(report)
    const terminal = openTerminal(screen)
    const exitCode = await steered(timeout, (steering) =>
      engine.run({
        ...request,
        check: args.check ?? false,
        forks,
        emit: changes.emit,
        progress,
        terminal,
        steering,
        ...(wait !== undefined && { waitForLockMs: wait * 1000 }),
      }),
    )
    return exitCode === 0 && changes.made() && args['detailed-exit-code'] ? changesMade : exitCode
  },
})
