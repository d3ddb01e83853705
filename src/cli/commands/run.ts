import { RollcallError } from '../../model/errors.ts'
import { createReporter, jsonText } from '../../report/index.ts'
import type { RunRequest } from '../../run.ts'
import { defineCommand } from '../command.ts'
import { formatInputs } from '../format-inputs.ts'
import { formatOutline } from '../format-outline.ts'
import { steered } from '../interrupt.ts'
import {
  becomePassword,
  changesMade,
  connectionPassword,
  exclusive,
  factsTimeout,
  given,
  login,
  narrowing,
  noteChanges,
  playbook,
  positiveInteger,
  secondsOf,
  shared,
  vault,
  watches,
  words,
} from '../options.ts'
import { takePasswords } from '../passwords.ts'
import { openTerminal } from '../terminal.ts'

/** `rollcall run`: the main job. */
export const run = defineCommand({
  usage: 'run <playbook>',
  summary: 'run a playbook: every host answers before any host changes',
  positionals: playbook,
  options: {
    inventory: shared.inventory,
    'refresh-inventory': { type: 'boolean', describe: 'ask sources of the inventory, whatever is kept of them' },
    limit: shared.limit,
    exclude: shared.exclude,
    'allow-empty': shared['allow-empty'],
    check: shared.check,
    diff: shared.diff,
    force: shared.force,
    tags: { alias: 't', type: 'string', array: true, requiresArg: true, describe: 'only tasks with one of these tags' },
    'skip-tags': { type: 'string', array: true, requiresArg: true, describe: 'no task with one of these tags' },
    'retry-failed': { type: 'boolean', describe: 'only hosts that failed in the last run of this playbook and inventory' },
    resume: { type: 'boolean', describe: 'go on where the last run failed: what its actions did is not done again' },
    'start-at-task': { type: 'string', requiresArg: true, describe: 'begin with this task, by name or glob; those before it are skipped' },
    step: { type: 'boolean', describe: 'ask before each task: yes, no, or continue without asking' },
    ...given,
    forks: shared.forks,
    format: shared.format,
    'list-hosts': { type: 'boolean', describe: 'list the hosts and stop; contacts none' },
    'list-tasks': { type: 'boolean', describe: 'list the tasks and stop; contacts no host' },
    'list-tags': { type: 'boolean', describe: 'list the tags of each play and stop; contacts no host' },
    'list-inputs': { type: 'boolean', describe: 'list what -e may give and stop; contacts no host' },
    timeout: shared.timeout,
    'facts-timeout': shared['facts-timeout'],
    'wait-for-lock': shared['wait-for-lock'],
    'no-live': shared['no-live'],
    timing: shared.timing,
    ...login,
    ...vault,
    verbose: { alias: 'v', type: 'count', describe: 'print every task, its steps and its result' },
    'detailed-exit-code': shared['detailed-exit-code'],
    ...connectionPassword,
    ...becomePassword,
  },
  examples: [
    ['rollcall run prepare', 'run playbooks/prepare.ts on all its hosts'],
    ['rollcall run prepare --limit honor-viper', 'change one host; its templates still know every host'],
    ['rollcall run prepare -CD', 'say what would change, line by line'],
    ['rollcall run prepare -kK', 'ask for the passwords of SSH and of sudo, once for all hosts'],
    ['rollcall run prepare --resume', 'after a failure: go on at the task that failed'],
    ['rollcall run site --limit @down.txt --exclude edge', 'hosts from a file, a line each, without some'],
    ["rollcall run site --start-at-task 'haproxy : *' --step", 'from a task on, asking before each'],
    ['rollcall run release -e version=1.2.3 -e @more.yaml', 'with values for inputs that the playbook declares'],
    ['rollcall run prepare -i production --list-hosts', 'which hosts that would be on another inventory'],
  ],
  async run(args, context) {
    const { engine, screen, colour, colours, cwd, progress } = context
    const request = {
      root: cwd,
      playbook: args.playbook,
      ...(args.inventory !== undefined && { inventory: args.inventory }),
      ...(args.limit !== undefined && { limit: args.limit }),
      ...narrowing(args),
      ...(args['start-at-task'] !== undefined && { startAt: args['start-at-task'] }),
      tags: words(args.tags),
      skipTags: words(args['skip-tags']),
      ...(args['extra-vars'] && { given: args['extra-vars'] }),
      ...(args['refresh-inventory'] && { refreshInventory: true }),
    }
    const goOn = goOnWith(args.resume ?? false, args['retry-failed'] ?? false)
    const forks = positiveInteger(args.forks, '--forks')
    const timeout = secondsOf(args.timeout, '--timeout')
    const wait = secondsOf(args['wait-for-lock'], '--wait-for-lock')
    const facts = factsTimeout(args)
    const lists = { hosts: args['list-hosts'] ?? false, tasks: args['list-tasks'] ?? false, tags: args['list-tags'] ?? false }
    const listing = Object.entries({ ...lists, inputs: args['list-inputs'] ?? false }).find(([, wanted]) => wanted)?.[0]
    if (listing !== undefined && args.step) throw exclusive('--step', `--list-${listing}`, 'A list runs nothing that could be asked for.')
    if (args['list-inputs']) {
      if (lists.hosts || lists.tasks || lists.tags) throw onlyInputs()
      const inputs = await engine.listInputs(request)
      for (const line of args.format === 'json' ? [jsonText(inputs)] : formatInputs(inputs, colours)) screen.print(line)
      return 0
    }
    if (listing !== undefined) {
      const outline = await engine.outline({ ...request, ...goOn })
      const lines = args.format === 'json' ? [jsonText(outline)] : formatOutline(outline, lists, colours)
      for (const line of lines) screen.print(line)
      return 0
    }
    const report = createReporter(args.format, screen, {
      colour,
      verbosity: args.verbose,
      each: args.step ?? false,
      diff: args.diff ?? false,
      timing: args.timing ?? false,
      cwd,
    })
    const changes = noteChanges(report)
    const terminal = openTerminal(screen)
    const password = await takePasswords(args, context)
    const exitCode = await steered(timeout, (steering) =>
      engine.run({
        ...request,
        check: args.check ?? false,
        ...(args.force && { force: true }),
        forks,
        ...(args.step && { step: true }),
        emit: changes.emit,
        progress,
        terminal,
        steering,
        ...facts,
        ...(watches(args, context) && { live: true }),
        ...(wait !== undefined && { waitForLockMs: wait * 1000 }),
        ...goOn,
        ...(password && { becomePassword: password }),
      }),
    )
    return exitCode === 0 && changes.made() && args['detailed-exit-code'] ? changesMade : exitCode
  },
})

/** @throws RollcallError where both are asked for. */
function goOnWith(resume: boolean, retryFailed: boolean): Pick<RunRequest, 'goOn'> {
  if (resume && retryFailed)
    throw exclusive(
      '--resume',
      '--retry-failed',
      'the one goes on at the failed task of each host, the other does everything again on hosts that failed',
    )
  return resume ? { goOn: 'resume' } : retryFailed ? { goOn: 'retryFailed' } : {}
}

function onlyInputs(): RollcallError {
  return new RollcallError({
    summary: '--list-inputs stands alone',
    detail: 'what else there is to list may hang on the inputs',
    fix: 'Ask for one list after the other.',
    exitCode: 1,
  })
}
