import { randomBytes } from 'node:crypto'
import type { BecomeMethod } from '../model/become.ts'
import type { Secret } from '../util/secret.ts'
import { quote, type Script, sh } from '../util/sh.ts'
import { bootWords, terminalBootWords } from './session-loop.ts'

/** Becoming another user on a host that one has logged in to. */
export interface Become {
  readonly method: BecomeMethod
  readonly user: string
  readonly password?: Secret
  /** Through a terminal or not; by default only where the program reads a password from nothing else. */
  readonly terminal?: boolean
}

/** Whether it goes through a terminal: su and doas read a password from one, sudo from its input. */
export function usesTerminal({ method, password, terminal }: Become): boolean {
  return terminal ?? (method !== 'sudo' && password !== undefined)
}

/** A prompt that nothing else on the host can print, without `%`, which sudo would expand. */
export function randomPrompt(): string {
  return `[rollcall-${randomBytes(12).toString('hex')}] `
}

/**
 * Starts what takes the session's loop, as another user. Messages are wanted in English, since they are recognised. For sudo
 * `prompt` is its prompt; su and doas have their own, and say it only behind `prompt`: what a profile printed before is none.
 */
export function becomeCommand(become: Become, prompt: string, nonce: string): Script {
  if (become.method === 'sudo' && !usesTerminal(become)) return sh`exec env LC_ALL=C LANGUAGE= ${sudoWords(become, prompt, nonce)}`
  return sh`exec sh -c ${entry} rollcall ${become.method === 'sudo' ? '' : prompt} ${wordsOf(become, prompt, nonce)}`
}

// No echo before anything is sent. Lines stay lines while a password is read, since PAM takes what one read gives it; which
// keys would be signals is said here, too.
const entry =
  'rc_m=$1; shift; LC_ALL=C; LANGUAGE=; export LC_ALL LANGUAGE; if [ -t 0 ]; then stty -echo -isig -ixon -iexten || exit 97; fi; printf %s "$rc_m" >&2; exec "$@"'

// su leaves the login user's places in the environment, which are not for another user's files.
const ownPlaces = 'unset XDG_RUNTIME_DIR XDG_STATE_HOME XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME TMPDIR MAIL DBUS_SESSION_BUS_ADDRESS;'

/** sudo's words, for whoever has seen to the language. */
export function sudoWords(become: Become, prompt: string, nonce: string): readonly string[] {
  const boot = usesTerminal(become) ? terminalBootWords(nonce) : bootWords(nonce)
  return ['sudo', '-H', '-S', '-p', prompt, '-u', become.user, '--', ...boot]
}

function wordsOf(become: Become, prompt: string, nonce: string): readonly string[] {
  const { method, user } = become
  if (method === 'sudo') return sudoWords(become, prompt, nonce)
  const boot = terminalBootWords(nonce)
  if (method === 'doas') return ['doas', '-u', user, '--', ...boot]
  // The shell is named, as that of a service's user may run nothing.
  return [
    'su',
    '-s',
    '/bin/sh',
    '-c',
    `${ownPlaces} USER=${user}; LOGNAME=${user}; export USER LOGNAME; exec ${boot.map(quote).join(' ')}`,
    user,
  ]
}
