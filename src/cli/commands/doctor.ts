import type { Checked } from '../../doctor/check.ts'
import { type Colours, count, jsonText, printableDeep } from '../../report/index.ts'
import { defineCommand } from '../command.ts'
import { connectionPassword, positiveInteger, shared } from '../options.ts'
import { takeConnectionPassword } from '../passwords.ts'

/** `rollcall doctor`: what is wrong here, and what to do. */
export const doctor = defineCommand({
  usage: 'doctor [pattern]',
  summary: 'check this machine and project, and the hosts of a pattern; changes nothing on them',
  positionals: { pattern: { type: 'string', describe: 'hosts and groups to look at as well, e.g. web:!edge; default is none' } },
  options: { inventory: shared.inventory, ...connectionPassword, forks: shared.forks, format: shared.format },
  examples: [
    ['rollcall doctor', 'this machine and the project'],
    ['rollcall doctor all -i production', 'its hosts, too: reachable, login, sudo, tools, clock, disks'],
    ['rollcall doctor --json', 'for a program; exit code 1 when there is a problem'],
  ],
  async run(args, context) {
    const { engine, screen, colours, colour, env, stdout, cwd } = context
    // Without a pattern no host is contacted.
    if (args.pattern !== undefined) await takeConnectionPassword(args, context)
    const human = args.format !== 'json'
    const checks = await engine.doctor({
      root: cwd,
      ...(args.inventory !== undefined && { inventory: args.inventory }),
      ...(args.pattern !== undefined && { pattern: args.pattern }),
      forks: positiveInteger(args.forks, '--forks'),
      env,
      colour,
      terminal: stdout.isTTY ?? false,
      found: (check) => {
        if (human) for (const line of linesOf(printableDeep(check), colours)) screen.print(line)
      },
    })
    const of = (verdict: Checked['verdict']) => checks.filter((check) => check.verdict === verdict).length
    const [problems, warnings] = [of('problem'), of('warning')]
    if (!human) screen.print(jsonText({ ok: problems === 0, problems, warnings, checks }))
    else {
      const sum = [`${count(checks.length, 'check')}`, count(problems, 'problem'), count(warnings, 'warning')].join(', ')
      screen.print((problems > 0 ? colours.failed : warnings > 0 ? colours.warning : colours.ok)(sum))
    }
    return problems === 0 ? 0 : 1
  },
})

function linesOf({ verdict, about, host, message, fix }: Checked, colours: Colours): string[] {
  const paint = { ok: colours.ok, warning: colours.warning, problem: colours.failed }[verdict]
  const [first = '', ...rest] = message.split('\n')
  return [
    `${paint(verdict.padEnd('problem'.length))}  ${host === undefined ? '' : `${host}  `}${about}: ${first}`,
    ...rest.map((line) => `           ${line}`),
    ...(fix?.split('\n').map((line) => `         ${colours.hint(line)}`) ?? []),
  ]
}
