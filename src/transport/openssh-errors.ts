import { RollcallError, UnreachableError } from '../model/errors.ts'
import { sh } from '../util/sh.ts'
import { mayPass, unreachable } from './connect-errors.ts'
import { option } from './openssh-program.ts'
import { loginByHand, type OpensshTarget } from './openssh-target.ts'
import { optionOf, whatToCheck } from './password-words.ts'

/** What ssh printed, without the carriage returns and the box around a changed key. */
function clean(said: string): string {
  return said
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('@'))
    .join('\n')
}

const reasons: readonly (readonly [RegExp, string])[] = [
  [/connection refused/i, 'connection refused: nothing listens there'],
  [/no route to host|host is unreachable/i, 'no route to the host, or it does not answer'],
  [/network is unreachable/i, 'no route to its network'],
  [/timed out/i, 'no answer'],
  [/could not resolve hostname/i, 'the name is not known'],
  [/reset by peer/i, 'the connection was reset'],
  [/closed by|broken pipe/i, 'the connection was closed'],
]

/** Why ssh ended before it had logged in, or did not come that far in time (`late`). */
export function explainMaster(target: OpensshTarget, stderr: string, late?: string): RollcallError {
  const said = clean(stderr)
  if (/REVOKED HOST KEY|host key .* (?:was|is marked as) revoked/i.test(stderr)) return revoked(target, said)
  if (/IDENTIFICATION HAS CHANGED|host key .*has changed/i.test(stderr)) return changed(target, said)
  if (/host key is known for|Host key verification failed/i.test(stderr)) return unknown(target, said)
  const refusal = /^(?:([^\s@]+)@(\S+): )?(?:Permission denied \(|.*too many authentication failures)/im.exec(said)
  if (refusal !== null) return refused(target, said, refusal[1], refusal[2])
  const known = reasons.find(([pattern]) => pattern.test(said))?.[1]
  // With a jump host only ssh's own words tell which of the hosts it was.
  const words = known !== undefined && !target.proxy ? '' : said
  const error = unreachable(target, [late ?? known ?? 'ssh gave up', words].filter((part) => part !== '').join('\n'))
  if (late !== undefined) return mayPass(error, 'late')
  return /connection refused|kex_exchange_identification|banner exchange/i.test(said) ? mayPass(error, 'soon') : error
}

/** Why the master ended while it was in use. */
export function masterEnded(target: OpensshTarget, stderr: string): UnreachableError {
  const said = clean(stderr)
  return unreachable(target, `the connection was lost${said === '' ? '' : `: ${said}`}`)
}

function refused(target: OpensshTarget, said: string, user = target.user, at?: string): UnreachableError {
  const here = `${target.user}@${target.address}`.toLowerCase()
  const other = target.proxy && at !== undefined && `${user}@${at}`.toLowerCase() !== here
  const password = other ? undefined : target.password
  const option = optionOf(password)
  const accepts = /Permission denied \(([^)]*)\)/i.exec(said)?.[1]?.split(',')
  return new UnreachableError({
    summary: other ? 'A jump host refused the login' : `The host refused the login as '${user}'`,
    detail: option === undefined ? said : `${said}\nthe password of ${option} was at hand`,
    host: target.host,
    fix: `${whatToCheck({ password, accepts, jump: other })}; an encrypted key must be in an ssh-agent. This shows more:\n${loginByHand(target, ['-v'])}`,
  })
}

function nameIn(said: string): string | undefined {
  return /host key is known for (\S+)|[Hh]ost key for (\S+)/.exec(said)?.slice(1).find(Boolean)
}

function keyKind(said: string): string {
  return /No (\S+) host key is known/.exec(said)?.[1] ?? ''
}

function unknown(target: OpensshTarget, said: string): RollcallError {
  return new RollcallError({
    summary: "The host's key is not known",
    detail: /No (\S+) host key is known for/.test(said) ? `${nameIn(said)}: no ${keyKind(said)} key of it is known` : said,
    host: target.host,
    fix: `Log in once by hand, compare the fingerprint that is shown with one taken on the host itself (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), and accept the key:\n${loginByHand(target, option('StrictHostKeyChecking', 'ask'))}`,
  })
}

function changed(target: OpensshTarget, said: string): RollcallError {
  const [, file, line] = /^Offending \S+ key in (.+):(\d+)$/m.exec(said) ?? []
  const name = nameIn(said) ?? target.address
  const shown = /^(SHA256:\S+?)\.?$/m.exec(said)?.[1]
  return new RollcallError({
    summary: "The host's key is not the one that is known: somebody else may be answering",
    detail: [
      name,
      ...(file === undefined ? [] : [`known  (${file}:${line})`]),
      ...(shown === undefined ? [] : [`shown  ${shown}`]),
      ...(file === undefined || shown === undefined ? [said] : []),
    ].join('\n'),
    host: target.host,
    fix: `Find out why it changed. Only if the host was set up anew, remove the old key and run again:\n${(file === undefined ? sh`ssh-keygen -R ${name}` : sh`ssh-keygen -f ${file} -R ${name}`).text}`,
  })
}

function revoked(target: OpensshTarget, said: string): RollcallError {
  return new RollcallError({
    summary: 'The host showed a key that is marked as revoked',
    detail: said,
    host: target.host,
    fix: 'Do not log in. Whoever answers there has a key that was given up.',
  })
}
