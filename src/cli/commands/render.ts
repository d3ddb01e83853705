import { isUtf8 } from 'node:buffer'
import { factsSentence, jsonText, notLiveLines, printable, viewSentence } from '../../report/index.ts'
import { defineCommand } from '../command.ts'
import { connectionPassword, factsTimeout, given, playbook, positiveInteger, shared, vault } from '../options.ts'
import { takeConnectionPassword } from '../passwords.ts'
import { openTerminal } from '../terminal.ts'

/** `rollcall render`: one file as it would be written. stdout holds exactly its bytes, so that it can be piped. */
export const render = defineCommand({
  usage: 'render <playbook>',
  summary: 'print one file as a run would write it; changes nothing',
  positionals: playbook,
  options: {
    task: { type: 'string', demandOption: true, requiresArg: true, describe: 'name of the task that writes the file' },
    host: { type: 'string', demandOption: true, requiresArg: true, describe: 'host it would be written to' },
    reveal: { type: 'boolean', describe: 'print the secrets in it; without it they are [secret]' },
    inventory: shared.inventory,
    ...given,
    ...vault,
    ...connectionPassword,
    forks: shared.forks,
    'facts-timeout': shared['facts-timeout'],
    format: shared.format,
  },
  examples: [
    ['rollcall render prepare --task haproxy.cfg --host honor-viper', 'the file on stdout, notes on stderr'],
    ['rollcall render prepare --task haproxy.cfg --host honor-viper | haproxy -c -f /dev/stdin', 'have it checked'],
  ],
  async run(args, context) {
    const { engine, screen, stdout, errorColours, cwd, progress } = context
    await takeConnectionPassword(args, context)
    const file = await engine.renderOne({
      root: cwd,
      playbook: args.playbook,
      ...(args.inventory !== undefined && { inventory: args.inventory }),
      task: args.task,
      host: args.host,
      ...(args.reveal && { reveal: true }),
      ...(args['extra-vars'] && { given: args['extra-vars'] }),
      terminal: openTerminal(screen),
      forks: positiveInteger(args.forks, '--forks'),
      ...factsTimeout(args),
      progress,
    })
    if (args.format === 'json') {
      const { bytes, ...about } = file
      const content = isUtf8(bytes) ? { text: Buffer.from(bytes).toString('utf8') } : { base64: Buffer.from(bytes).toString('base64') }
      screen.print(jsonText({ ...about, ...content }))
      return 0
    }
    const notes = [
      `${file.task} on ${file.host}${file.dest === undefined ? '' : `: ${file.dest}`}`,
      factsSentence(file.facts.hosts),
      ...notLiveLines(file.facts.hosts, 8),
      ...file.warnings.map((warning) => `warning: ${warning}`),
      ...(file.sealed && !args.reveal ? ['secrets in it are shown as [secret]; --reveal prints them'] : []),
      ...file.views.map((view) => `${view.template} ${view.input}: ${viewSentence(view)}`),
    ]
    for (const note of notes) screen.note(errorColours.faint(printable(note)))
    stdout.write(file.bytes)
    return 0
  },
})
