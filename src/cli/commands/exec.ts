import { formatError, RollcallError } from '../../model/errors.ts'
import type { HostTraffic, RunningEvent } from '../../model/event.ts'
import { jsonText, printable, printableDeep, runningLines, timingLines } from '../../report/index.ts'
import { defineCommand } from '../command.ts'
import { steered } from '../interrupt.ts'
import {
  become,
  becomeOf,
  connectionPassword,
  login,
  narrowing,
  portionsOf,
  positiveInteger,
  secondsOf,
  shared,
  vault,
  watches,
} from '../options.ts'
import { takePasswords } from '../passwords.ts'

/** `rollcall exec`: one command on many hosts. */
export const exec = defineCommand({
  usage: 'exec <pattern>',
  summary: 'run a command on hosts; it may change them, and check mode knows nothing of it',
  behindDashes: '<command..>',
  positionals: { pattern: { type: 'string', demandOption: true, describe: 'hosts and groups, e.g. web:!edge; localhost is this machine' } },
  options: {
    inventory: shared.inventory,
    exclude: shared.exclude,
    'allow-empty': shared['allow-empty'],
    ...become,
    ...connectionPassword,
    forks: shared.forks,
    serial: shared.serial,
    format: shared.format,
    timeout: shared.timeout,
    'wait-for-lock': shared['wait-for-lock'],
    'no-lock': {
      type: 'boolean',
      describe: 'run it also where another run is changing the host, and keep none off: to look at what goes on',
    },
    'no-live': shared['no-live'],
    timing: shared.timing,
    ...login,
    ...vault,
  },
  examples: [
    ['rollcall exec cluster -- uptime', 'on every host of a group'],
    ['rollcall exec honor-viper --no-lock -- ps aux', 'also while a run changes the host'],
    ["rollcall exec honor-viper -b -- sh -c 'journalctl -u haproxy | tail'", 'as root, with a shell of your own'],
  ],
  async run(args, context) {
    const { engine, screen, colours, cwd, progress } = context
    const argv = args['--'] ?? []
    if (argv.length === 0)
      throw new RollcallError({
        summary: 'A command is missing',
        detail: `what shall run on ${args.pattern}?`,
        fix: `rollcall exec ${args.pattern} -- uptime`,
      })
    const timeout = secondsOf(args.timeout, '--timeout')
    const wait = secondsOf(args['wait-for-lock'], '--wait-for-lock')
    if (wait !== undefined && args['no-lock'])
      throw new RollcallError({
        summary: '--wait-for-lock and --no-lock exclude each other',
        fix: 'Give one of them, or none.',
        exitCode: 1,
      })
    const serial = portionsOf(args.serial)
    const timings: { [host: string]: HostTraffic } = {}
    const asWhom = becomeOf(args)
    const becomePassword = await takePasswords(args, context)
    const exitCode = await steered(timeout, (steering) =>
      engine.exec({
        steering,
        root: cwd,
        ...(args.inventory !== undefined && { inventory: args.inventory }),
        ...narrowing(args),
        ...(serial.length > 0 && { serial }),
        pattern: args.pattern,
        argv,
        become: asWhom,
        ...(becomePassword && { becomePassword }),
        forks: positiveInteger(args.forks, '--forks'),
        waitMs: args['no-lock'] ? undefined : (wait ?? 0) * 1000,
        progress,
        ...(watches(args, context) && {
          running: (event: RunningEvent) => screen.live(runningLines(printableDeep(event), colours, screen.room)),
        }),
        done: (result) => {
          if (args.format === 'json') return screen.print(jsonText(result))
          const { host, outcome, rc, stdout, stderr, error, timing } = result
          timings[host] = timing
          const said = outcome === 'ok' ? colours.ok('ok') : colours.failed(rc === undefined ? outcome : `failed, exit code ${rc}`)
          screen.print(`${host}: ${said}`)
          const text = [stdout, stderr, error ? formatError(error) : '']
            .map((part) => part.replace(/\n+$/, ''))
            .filter((part) => part !== '')
          for (const line of text.flatMap((part) => part.split('\n'))) screen.print(`  ${printable(line)}`)
        },
      }),
    )
    if (args.timing && args.format === 'human') for (const line of timingLines(timings, colours)) screen.print(line)
    return exitCode
  },
})
