import { RollcallError, UnreachableError } from '../model/errors.ts'
import { sh } from '../util/sh.ts'
import { blamed, subject, which } from './connect-errors.ts'
import { optionOf, whatToCheck } from './password-words.ts'
import type { SshTarget } from './target.ts'

export interface Refused {
  readonly tried: readonly string[]
  readonly accepts: readonly string[] | undefined
  /** It took one of them, and wanted another besides. */
  readonly partial: boolean
  readonly notes: readonly string[]
  /** A file that is encrypted. */
  readonly locked: string | undefined
  /** In the host's own words. */
  readonly reason: string | undefined
}

export function refusedLogin(target: SshTarget, { tried, accepts, partial, notes, locked, reason }: Refused): UnreachableError {
  const many = /too many/i.test(reason ?? '')
  const { password, jumpTo } = target
  const gave = tried.some((label) => label.includes('password'))
  const opens = locked !== undefined && notes.some((note) => note.startsWith(`${locked}: encrypted`))
  return new UnreachableError({
    summary: `${subject(target)} refused the login as '${target.user}'`,
    detail: [
      ...which(target),
      ...(reason === undefined ? [] : [reason]),
      `tried: ${tried.join(', ') || 'nothing that it accepts'}`,
      ...(partial ? ['it took one of them, and wants another method besides'] : []),
      ...(accepts === undefined ? [] : [`it accepts: ${accepts.join(', ') || 'nothing more'}`]),
      ...notes,
    ].join('\n'),
    host: blamed(target),
    fix:
      many && password !== undefined && !gave
        ? `It was offered so many keys that the password never had its turn. Let it go first, for this host in ~/.ssh/config:\nPreferredAuthentications keyboard-interactive,password`
        : many
          ? `Name the key for this host and let no other of the agent be tried, in ~/.ssh/config:\nIdentitiesOnly yes`
          : opens && !(gave && optionOf(password) !== undefined) // Who gives a password there means to log in by it.
            ? unlockFix(locked)
            : `${whatToCheck({ password, accepts, partial, jump: jumpTo !== undefined })}; this shows more:\n${loginCommand(target)}`,
  })
}

export function nothingToTry(target: SshTarget, notes: readonly string[], locked: string | undefined): RollcallError {
  return new RollcallError({
    summary: locked === undefined ? 'There is nothing to log in with' : 'The private key is encrypted, and there is no agent that holds it',
    detail: [
      ...which(target),
      `user '${target.user}', keys looked for: ${target.identityFiles?.join(', ') || 'none'}; ${target.agent === undefined ? 'no agent' : `agent ${target.agent}`}; ${target.password === undefined ? 'no password' : 'a password'}`,
      ...notes,
    ].join('\n'),
    host: blamed(target),
    fix:
      locked === undefined
        ? `Name an identityFile in the inventory or in ~/.ssh/config, or start an ssh-agent and add a key to it. ${passwordFix(target)}`
        : unlockFix(locked),
  })
}

function passwordFix({ jumpTo }: SshTarget): string {
  if (jumpTo === undefined) return 'A password is given by --ask-pass (-k).'
  return 'A password of a jump host stands in the inventory; that of --ask-pass is for the hosts behind it.'
}

function loginCommand({ port, user, address, via }: SshTarget): string {
  const jump = via?.kind === 'jump' ? ['-J', chainOf(via.target)] : []
  return sh`${['ssh', '-v', ...jump, '-p', String(port), `${user}@${address}`, 'true']}`.text
}

function chainOf({ user, address, port, via }: SshTarget): string {
  return `${via?.kind === 'jump' ? `${chainOf(via.target)},` : ''}${user}@${address}:${port}`
}

function unlockFix(file: string): string {
  return `Load the encrypted key into an ssh-agent:\n${sh`ssh-add ${file}`.text}`
}
