import { randomBytes } from 'node:crypto'
import { RollcallError } from '../model/errors.ts'
import type { Secret } from '../util/secret.ts'
import { type Script, sh } from '../util/sh.ts'
import type { RemoteProcess } from './connection.ts'
import { bootWords } from './session-loop.ts'

/** Becoming another user on a host that one has logged in to. */
export interface Become {
  readonly method: 'sudo'
  readonly user: string
  readonly password?: Secret
}

/** A prompt that nothing else on the host can print, without `%`, which sudo would expand. */
export function randomPrompt(): string {
  return `[rollcall-${randomBytes(12).toString('hex')}] `
}

/** Starts what takes the session's loop, as another user. sudo's messages are wanted in English, since they are recognised below. */
export function sudoCommand(become: Become, prompt: string, nonce: string): Script {
  return sh`exec env LC_ALL=C LANGUAGE= ${sudoWords(become, prompt, nonce)}`
}

/** The same as words, for whoever has seen to the language. */
export function sudoWords(become: Become, prompt: string, nonce: string): readonly string[] {
  return ['sudo', '-H', '-S', '-p', prompt, '-u', become.user, '--', ...bootWords(nonce)]
}

/**
 * Answers sudo's prompt on standard error. The password is sent once, and only after the prompt has been seen: sent
 * ahead, with NOPASSWD it would become the loop's input.
 * @returns a promise that only ever rejects, when sudo asks for what cannot be given.
 */
export function answerPrompt(
  process: RemoteProcess,
  prompt: string,
  become: Become,
  names: { host: string; login: string },
): Promise<never> {
  return new Promise((_, reject) => {
    let seen = ''
    let sent = false
    const fail = (error: RollcallError) => {
      process.stderr.off('data', listen)
      reject(error)
      process.stdin.end()
    }
    const listen = (chunk: Buffer) => {
      seen += chunk.toString('latin1')
      const at = seen.indexOf(prompt)
      if (at < 0) {
        seen = seen.slice(-prompt.length)
        return
      }
      seen = seen.slice(at + prompt.length)
      if (become.password === undefined) return fail(needsPassword(names, become))
      if (sent) return fail(wrongPassword(names, become))
      sent = true
      process.stdin.write(`${become.password.reveal()}\n`)
    }
    process.stderr.on('data', listen)
  })
}

function needsPassword(names: { host: string; login: string }, become: Become): RollcallError {
  return new RollcallError({
    summary: 'sudo asks for a password, and none was given',
    detail: `user '${names.login}' becoming '${become.user}'`,
    host: names.host,
    fix: `Give a become password, or allow '${names.login}' to use sudo without one (NOPASSWD in /etc/sudoers.d).`,
  })
}

function wrongPassword(names: { host: string; login: string }, become: Become): RollcallError {
  return new RollcallError({
    summary: 'sudo did not accept the password',
    detail: `user '${names.login}' becoming '${become.user}'`,
    host: names.host,
    fix: `Check the become password: sudo wants the one of '${names.login}'. It was tried once, to keep the account from being locked.`,
  })
}

/** The messages of sudo (in English) that say why it did nothing, and what each of them means. */
const refusals: readonly { readonly pattern: RegExp; readonly summary: string; readonly fix: (login: string, user: string) => string }[] = [
  {
    pattern: /you must have a tty/i,
    summary: 'sudo on this host demands a terminal (requiretty), which is not supported',
    fix: (login) => `Add 'Defaults:${login} !requiretty' to /etc/sudoers.d on the host.`,
  },
  {
    pattern: /is not in the sudoers file|may not run sudo|is not allowed to (?:execute|run)/i,
    summary: 'The login user may not use sudo this way',
    fix: (login, user) => `Allow '${login}' to run a shell as '${user}' in /etc/sudoers.d on the host, or log in as another user.`,
  },
  {
    pattern: /unknown user|unknown uid/i,
    summary: 'The user to become does not exist on the host',
    fix: (_login, user) => `Create '${user}' on the host, or name another user to become.`,
  },
  {
    pattern: /a password is required|no password was provided|a terminal is required|conversation failed|incorrect password/i,
    summary: 'sudo could not authenticate the login user',
    fix: (login) => `Check that '${login}' can run 'sudo -v' on the host with its password.`,
  },
  {
    pattern: /sudo['’]?:? (?:command )?not found|no such file or directory/i,
    summary: 'sudo is not installed on the host',
    fix: () => 'Install sudo on the host, or log in as the user that the play becomes and leave `become` out.',
  },
]

/** Why sudo ended without starting the session, from what it printed. */
export function explainSudo(stderr: string, prompt: string, become: Become, names: { host: string; login: string }): RollcallError {
  const said = stderr.replaceAll(prompt, '').trim()
  const known = refusals.find((refusal) => refusal.pattern.test(said))
  return new RollcallError({
    summary: known?.summary ?? 'sudo ended without starting a shell',
    detail: [`user '${names.login}' becoming '${become.user}'`, said].filter((line) => line !== '').join('\n'),
    host: names.host,
    fix: known?.fix(names.login, become.user) ?? `Try on the host, as '${names.login}':\nsudo -u ${become.user} -- sh -c id`,
  })
}
