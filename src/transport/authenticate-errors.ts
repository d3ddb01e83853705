import { RollcallError, UnreachableError } from '../model/errors.ts'
import { sh } from '../util/sh.ts'
import { blamed, subject, which } from './connect-errors.ts'
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
    fix: many
      ? `Name the key for this host and let no other of the agent be tried, in ~/.ssh/config:\nIdentitiesOnly yes`
      : locked !== undefined && notes.some((note) => note.startsWith(`${locked}: encrypted`))
        ? unlockFix(locked)
        : `Check the user and its key; this shows more:\n${loginCommand(target)}`,
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
        ? 'Name an identityFile in the inventory or in ~/.ssh/config, or start an ssh-agent and add a key to it.'
        : unlockFix(locked),
  })
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
