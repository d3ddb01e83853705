import { loginSettings } from '../util/login-settings.ts'
import type { Secret } from '../util/secret.ts'

/** The option of the command line that gave a password; undefined for one of the inventory. */
export function optionOf(password: Secret | undefined): string | undefined {
  const given = loginSettings().password
  return given && given.value === password ? given.from : undefined
}

interface RefusedLogin {
  readonly password: Secret | undefined
  /** The ways that the host takes, as far as it has said so. */
  readonly accepts: readonly string[] | undefined
  /** It took one of them, and wants another besides. */
  readonly partial?: boolean
  /** The command line's password is not for hosts that are jumped over. */
  readonly jump: boolean
}

/** What to look at after a refused login, without an end to the sentence. */
export function whatToCheck({ password, accepts, partial = false, jump }: RefusedLogin): string {
  const takesPassword = accepts?.some((method) => method === 'password' || method === 'keyboard-interactive')
  if (password !== undefined && takesPassword === false && !partial)
    return 'The host takes no password from this user (PasswordAuthentication in its sshd_config): it needs a key'
  if (password !== undefined) return `Check the user and ${whose(password)}`
  return `Check the user and its key${takesPassword && !partial && !jump ? ', or give a password: --ask-pass (-k)' : ''}`
}

function whose(password: Secret): string {
  const option = optionOf(password)
  return option === undefined ? 'its password in the inventory' : `the password given by ${option}`
}
