import { formatError, RollcallError } from '../../model/errors.ts'
import { jsonText, printable } from '../../report/index.ts'
import type { ShownKey, Trusted } from '../../trust.ts'
import { defineCommand } from '../command.ts'
import { narrowing, positiveInteger, shared, vault, words } from '../options.ts'
import { openTerminal } from '../terminal.ts'

/** `rollcall trust`: host keys, looked at by somebody before they are noted down. */
export const trust = defineCommand({
  usage: 'trust <pattern>',
  summary: 'show the keys of hosts, and note down in known_hosts those that somebody vouches for',
  positionals: { pattern: { type: 'string', demandOption: true, describe: 'hosts and groups, e.g. web:!edge' } },
  options: {
    inventory: shared.inventory,
    exclude: shared.exclude,
    'allow-empty': shared['allow-empty'],
    yes: { alias: 'y', type: 'boolean', describe: 'take every new key as it is shown, unseen' },
    fingerprint: {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'take only keys with this fingerprint, as ssh-keygen -l prints it; may be repeated',
    },
    replace: { type: 'boolean', describe: 'put a key that has changed in the place of the one that is known; asked for like a new one' },
    forks: shared.forks,
    'connect-retries': shared['connect-retries'],
    format: shared.format,
    ...vault,
  },
  examples: [
    ['rollcall trust web', 'compare each fingerprint with the one on the host, and answer'],
    ['rollcall trust honor-viper --fingerprint SHA256:…', 'in a script, with what the console of the host printed'],
    ['rollcall trust honor-viper --replace', 'after the host was set up anew'],
  ],
  async run(args, { engine, screen, colours, cwd, progress }) {
    const fingerprints = words(args.fingerprint).map(fullFingerprint)
    const terminal = openTerminal(screen)
    const { yes = false, replace = false, format } = args
    return engine.trust({
      root: cwd,
      pattern: args.pattern,
      ...(args.inventory !== undefined && { inventory: args.inventory }),
      ...narrowing(args),
      yes,
      fingerprints,
      replace,
      forks: positiveInteger(args.forks, '--forks'),
      progress,
      ...(terminal && {
        vouch: async (key: ShownKey) => {
          for (const line of questionLines(key)) terminal.say(printable(line))
          const answer = (await terminal.ask('is it the same? yes, no, or the fingerprint', { echo: true })).trim()
          return /^y(es)?$/i.test(answer) || answer === key.fingerprint
        },
      }),
      done: (result: Trusted) => {
        if (format === 'json') return screen.print(jsonText(result))
        const { outcome, error } = result
        const paint =
          error || outcome === 'declined' ? colours.failed : outcome === 'known' || outcome === 'skipped' ? colours.hint : colours.ok
        for (const [at, line] of resultLines(result).entries()) screen.print(at === 0 ? paint(printable(line)) : printable(line))
      },
    })
  },
})

function questionLines({ host, jumpHost, key, known }: ShownKey): readonly string[] {
  const whose = jumpHost === undefined ? host : `${jumpHost}, the jump host to ${host}`
  const file = `/etc/ssh/ssh_host_${/\((\w+)\)$/.exec(key)?.[1]?.toLowerCase()}_key.pub`
  return [
    ...(known === undefined ? [] : [`${whose} was known by another key:`, `  ${known}`]),
    `${whose} shows this key; compare it with what this prints on the host itself: ssh-keygen -lf ${file}`,
    `  ${key}`,
  ]
}

function resultLines({ host, jumpHost, key, outcome, file, error, reason }: Trusted): readonly string[] {
  const whose = jumpHost === undefined ? host : `${jumpHost} (on the way to ${host})`
  if (error)
    return [
      `${host}: ${outcome}`,
      ...formatError(error)
        .split('\n')
        .map((line) => `  ${line}`),
    ]
  if (outcome === 'skipped') return [`${host}: nothing to note down, ${reason}`]
  const said = { recorded: `noted down in ${file}`, replaced: `replaced in ${file}`, known: 'known', declined: 'not noted down' }[
    outcome as 'recorded' | 'replaced' | 'known' | 'declined'
  ]
  return [`${whose}: ${said}`, `  ${key}`]
}

/** @throws RollcallError (exit 1) for what is no fingerprint of ssh-keygen. */
function fullFingerprint(text: string): string {
  const bare = /^(?:SHA256:)?([A-Za-z0-9+/]{43})=?$/.exec(text)?.[1]
  if (bare !== undefined) return `SHA256:${bare}`
  throw new RollcallError({
    summary: '--fingerprint needs a fingerprint by SHA256',
    detail: `'${text}'`,
    fix: 'It is what this prints on the host:\nssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
    exitCode: 1,
  })
}
