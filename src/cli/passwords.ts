import { loginSettings, useLoginSettings } from '../util/login-settings.ts'
import type { Secret } from '../util/secret.ts'
import type { Context } from './context.ts'
import { givenPassword, type PasswordKind, refuseBoth } from './given-password.ts'

export interface ConnectionPasswordArguments {
  readonly 'ask-pass'?: boolean | undefined
  readonly 'connection-password-file'?: string | undefined
}
export interface BecomePasswordArguments {
  readonly 'ask-become-pass'?: boolean | undefined
  readonly 'become-password-file'?: string | undefined
}

const connection = {
  name: 'SSH password',
  asks: '--ask-pass',
  file: '--connection-password-file',
  instead: 'password in the inventory',
} as const satisfies PasswordKind
const become = {
  name: 'become password',
  asks: '--ask-become-pass',
  file: '--become-password-file',
  instead: 'becomePassword in the inventory',
} as const satisfies PasswordKind

const ofConnection = (args: ConnectionPasswordArguments) => ({ asks: args['ask-pass'], file: args['connection-password-file'] })
const ofBecome = (args: BecomePasswordArguments) => ({ asks: args['ask-become-pass'], file: args['become-password-file'] })

/**
 * Has all logins of this process use the password that the command line gives for them, where it gives one. For commands that
 * are about to contact hosts.
 * @throws RollcallError (exit 1) where it cannot be had; no host has been contacted.
 */
export async function takeConnectionPassword(args: ConnectionPasswordArguments, context: Context): Promise<Secret | undefined> {
  const words = ofConnection(args)
  const password = await givenPassword(connection, words, context)
  const from = words.asks ? connection.asks : connection.file
  if (password) useLoginSettings({ ...loginSettings(), password: { value: password, from } })
  return password
}

/**
 * The same, and then the password for becoming, undefined where the command line gives none. Where both are asked for, an empty
 * answer to the second question means the first password, as in Ansible.
 * @throws RollcallError (exit 1) where one of them cannot be had; no host has been contacted.
 */
export async function takePasswords(
  args: ConnectionPasswordArguments & BecomePasswordArguments,
  context: Context,
): Promise<Secret | undefined> {
  refuseBoth(become, ofBecome(args)) // Before anybody is asked anything.
  const password = await takeConnectionPassword(args, context)
  const usual = args['ask-pass'] && password ? { called: connection.name, password } : undefined
  return givenPassword(become, ofBecome(args), context, usual)
}
