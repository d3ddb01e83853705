import { text } from 'node:stream/consumers'
import { createDoReporter } from '../../report/index.ts'
import { defineCommand } from '../command.ts'
import { steered } from '../interrupt.ts'
import {
  become,
  becomeOf,
  changesMade,
  connectionPassword,
  login,
  narrowing,
  noteChanges,
  portionsOf,
  positiveInteger,
  secondsOf,
  shared,
  vault,
  watches,
} from '../options.ts'
import { takePasswords } from '../passwords.ts'

/** `rollcall do`: one module on many hosts, without a playbook. */
export const doCommand = defineCommand({
  usage: 'do <pattern> <module> [parameters..]',
  summary: 'run one module on hosts, without a playbook',
  positionals: {
    pattern: { type: 'string', demandOption: true, describe: 'hosts and groups, e.g. web:!edge; localhost is this machine' },
    module: { type: 'string', demandOption: true, describe: 'name of a built-in module; rollcall doc lists them' },
    parameters: {
      type: 'string',
      array: true,
      describe: `name=value, as rollcall doc <module> lists them; or one JSON object, @file with one, or - for one on standard input`,
    },
  },
  options: {
    inventory: shared.inventory,
    exclude: shared.exclude,
    'allow-empty': shared['allow-empty'],
    ...become,
    ...connectionPassword,
    check: shared.check,
    diff: shared.diff,
    force: shared.force,
    forks: shared.forks,
    serial: shared.serial,
    format: shared.format,
    timeout: shared.timeout,
    'wait-for-lock': shared['wait-for-lock'],
    'no-live': shared['no-live'],
    timing: shared.timing,
    ...login,
    ...vault,
    verbose: { alias: 'v', type: 'count', describe: 'print steps and the whole result' },
    'detailed-exit-code': shared['detailed-exit-code'],
  },
  examples: [
    ['rollcall do all command argv=\'["uptime"]\'', 'a program with its arguments, as a list'],
    ["rollcall do cluster shell script='df -h | tail -n +2'", 'a shell script'],
    ['rollcall do web apt name=nginx,curl updateCache=true -b', 'packages, as root'],
    ['rollcall do web service name=nginx state=started -b -C', 'only say what would change'],
    ['rollcall do honor-viper copy src=motd dest=/etc/motd mode=0644 -bD', 'a file from here, with its diff'],
    ['rollcall do localhost file - <params.json', 'parameters from standard input, as JSON'],
    ['rollcall do localhost stat path=/etc/hosts --format json', 'this machine; needs no inventory'],
    ['rollcall doc copy', 'the parameters of a module'],
  ],
  async run(args, context) {
    const { engine, screen, colour, cwd, progress } = context
    const forks = positiveInteger(args.forks, '--forks')
    const timeout = secondsOf(args.timeout, '--timeout')
    const serial = portionsOf(args.serial)
    const wait = secondsOf(args['wait-for-lock'], '--wait-for-lock')
    const { pattern, module } = args
    const report = createDoReporter(args.format, screen, module, {
      colour,
      verbosity: args.verbose,
      diff: args.diff ?? false,
      timing: args.timing ?? false,
      cwd,
    })
    const changes = noteChanges(report)
    const asWhom = becomeOf(args)
    const becomePassword = await takePasswords(args, context)
    const exitCode = await steered(timeout, (steering) =>
      engine.doModule({
        steering,
        ...(watches(args, context) && { live: true }),
        ...(wait !== undefined && { waitForLockMs: wait * 1000 }),
        root: cwd,
        ...(args.inventory !== undefined && { inventory: args.inventory }),
        ...narrowing(args),
        ...(serial.length > 0 && { serial }),
        pattern,
        module,
        words: args.parameters ?? [],
        become: asWhom,
        ...(becomePassword && { becomePassword }),
        check: args.check ?? false,
        ...(args.force && { force: true }),
        forks,
        emit: changes.emit,
        progress,
        standardInput: () => text(process.stdin),
      }),
    )
    return exitCode === 0 && changes.made() && args['detailed-exit-code'] ? changesMade : exitCode
  },
})
