import { RollcallError } from '../model/errors.ts'
import type { Become } from './become.ts'

/** Where, and who one is before. */
export interface Names {
  readonly host: string
  readonly login: string
}

/** sudo wants a terminal (requiretty), and had none. */
export class NeedsTerminal extends RollcallError {
  override readonly name = 'NeedsTerminal'
}

const whose = ({ method, user }: Become, login: string) => (method === 'su' ? user : login)
const who = (login: string, { user }: Become) => `user '${login}' becoming '${user}'`

const unasked: Readonly<Record<Become['method'], (login: string) => string>> = {
  sudo: (login) => `allow '${login}' to use sudo without one (NOPASSWD in /etc/sudoers.d)`,
  doas: (login) => `allow '${login}' to use doas without one (permit nopass in /etc/doas.conf)`,
  su: () => `become by sudo or doas, which can do without one (becomeMethod)`,
}

/** There is a question, and no answer to it. */
export function needsPassword({ host, login }: Names, become: Become): RollcallError {
  return new RollcallError({
    summary: `${become.method} asks for a password, and none was given`,
    detail: who(login, become),
    host,
    fix: `Give a become password (that of '${whose(become, login)}'): becomePassword in the inventory, or --ask-become-pass. Or ${unasked[become.method](login)}.`,
  })
}

/** What was answered was no good. */
export function wrongPassword({ host, login }: Names, become: Become): RollcallError {
  return new RollcallError({
    summary: `${become.method} did not accept the password`,
    detail: who(login, become),
    host,
    fix: `Check the become password: ${become.method} wants the one of '${whose(become, login)}'. It was tried once, to keep the account from being locked.`,
  })
}

interface Refusal {
  readonly pattern: RegExp
  readonly of?: Become['method']
  readonly summary: (become: Become) => string
  readonly fix: (become: Become, login: string) => string
}

/** The messages (in English) that say why nothing was started, and what each of them means. */
const refusals: readonly Refusal[] = [
  {
    pattern: /is not in the sudoers file|may not run sudo|is not allowed to (?:execute|run)/i,
    of: 'sudo',
    summary: () => 'The login user may not use sudo this way',
    fix: ({ user }, login) => `Allow '${login}' to run a shell as '${user}' in /etc/sudoers.d on the host, or log in as another user.`,
  },
  {
    pattern: /doas: Operation not permitted|doas\.conf/i,
    of: 'doas',
    summary: () => 'The login user may not use doas this way',
    fix: ({ user }, login) => `Allow it in /etc/doas.conf on the host:\npermit ${login} as ${user}`,
  },
  {
    pattern: /restricted shell|account is currently not available/i,
    of: 'su',
    summary: ({ user }) => `su gives no shell to '${user}', whose own shell allows none`,
    fix: ({ user }) => `Become '${user}' by sudo or doas (becomeMethod), or log in as root; only root's su may name another shell.`,
  },
  {
    pattern: /unknown user|unknown uid|user \S+ does not exist|unknown id/i,
    summary: () => 'The user to become does not exist on the host',
    fix: ({ user }) => `Create '${user}' on the host, or name another user to become.`,
  },
  {
    pattern: /a password is required|no password was provided|a terminal is required|conversation failed|incorrect password/i,
    of: 'sudo',
    summary: () => 'sudo could not authenticate the login user',
    fix: (_become, login) => `Check that '${login}' can run 'sudo -v' on the host with its password.`,
  },
  {
    pattern: /: (?:command )?not found|no such file or directory/i,
    summary: ({ method }) => `${method} is not installed on the host`,
    fix: ({ method }) =>
      `Install ${method} on the host, become by another program (becomeMethod), or log in as the user that the play becomes.`,
  },
]

const noTerminal: Refusal = {
  pattern: /stty/,
  summary: ({ method }) => `The terminal that ${method} needs could not be set up on the host`,
  fix: () => 'Install coreutils (or busybox with stty) on the host.',
}

const refusedPassword = /authentication (?:failure|failed)|incorrect password|authentication token manipulation|permission denied/i
const wantsTerminal = /must be run from a terminal|a tty is required|authorization required/i

/** Why a program ended without starting the session, from what it printed. */
export function explainBecome(printed: string, prompt: string, become: Become, terminal: boolean, names: Names): RollcallError {
  const { method, user, password } = become
  const begun = method === 'sudo' ? -1 : printed.lastIndexOf(prompt)
  const said = printed
    .slice(begun < 0 ? 0 : begun + prompt.length)
    .replaceAll(prompt, '')
    .replaceAll('\r', '')
    .trim()
  const { host, login } = names
  if (method === 'sudo' && !terminal && /you must have a tty/i.test(said))
    return new NeedsTerminal({
      summary: 'sudo on this host demands a terminal (requiretty)',
      detail: who(login, become),
      host,
      fix: `Add 'Defaults:${login} !requiretty' to /etc/sudoers.d on the host.`,
    })
  if (method !== 'sudo') {
    if (password === undefined && (wantsTerminal.test(said) || refusedPassword.test(said))) return needsPassword(names, become)
    if (refusedPassword.test(said)) return wrongPassword(names, become)
  }
  const known = [...(terminal ? [noTerminal] : []), ...refusals].find(
    (refusal) => (refusal.of ?? method) === method && refusal.pattern.test(said),
  )
  return new RollcallError({
    summary: known?.summary(become) ?? `${method} ended without starting a shell`,
    detail: [who(login, become), said].filter((line) => line !== '').join('\n'),
    host,
    fix: known?.fix(become, login) ?? `Try on the host, as '${login}':\n${attempt(method, user)}`,
  })
}

function attempt(method: Become['method'], user: string): string {
  return method === 'su' ? `su -s /bin/sh -c id ${user}` : `${method} -u ${user} -- sh -c id`
}
