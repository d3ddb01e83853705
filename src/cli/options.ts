import { type Portion, wrongPortion } from '../dsl/serial.ts'
import { type BecomeMethod, type BecomeOption, becomeMethods, isUserName } from '../model/become.ts'
import { RollcallError } from '../model/errors.ts'
import type { Emit } from '../model/event.ts'
import { formats } from '../report/index.ts'
import type { Context } from './context.ts'

/** Options that several commands share, word for word. */
export const shared = {
  inventory: { alias: 'i', type: 'string', requiresArg: true, describe: "inventory to use, by name or path; default is the project's" },
  limit: {
    alias: 'l',
    type: 'string',
    requiresArg: true,
    describe: 'hosts this run may change, e.g. web:!edge, web[0] or @file; templates still know every host',
  },
  exclude: { type: 'string', requiresArg: true, describe: 'hosts to leave out of that, e.g. edge,db[0]' },
  'allow-empty': { type: 'boolean', describe: 'no host being left is no error: nothing runs, and the exit code is 0' },
  force: { type: 'boolean', describe: 'apply again what is as it should be, where a module can, and notify handlers' },
  check: { alias: 'C', type: 'boolean', describe: 'only say what would change' },
  diff: { alias: 'D', type: 'boolean', describe: 'show changes line by line' },
  'detailed-exit-code': { type: 'boolean', describe: 'exit with 3 where something changed, or would' },
  format: { choices: formats, default: 'human', requiresArg: true, describe: 'output for people, or for machines' },
  'no-live': { type: 'boolean', describe: 'do not show on a terminal what takes long while it runs' },
  timing: { type: 'boolean', describe: 'tell of each host what was sent and where the time went' },
  forks: { alias: 'f', type: 'string', default: '50', defaultDescription: '50', requiresArg: true, describe: 'how many hosts at once' },
  'facts-timeout': {
    type: 'string',
    requiresArg: true,
    describe: 'seconds that hosts which are not to be changed have together to give their facts; default 10, or what the plays say',
  },
  'connect-retries': {
    type: 'string',
    requiresArg: true,
    describe: 'how often a host that does not answer is tried again; default: 2, where neither its inventory nor ssh_config says',
  },
  'wait-for-lock': {
    type: 'string',
    requiresArg: true,
    describe: 'seconds to wait for a host that another run is changing; default: fail there',
  },
  timeout: { type: 'string', requiresArg: true, describe: 'seconds after which what runs on hosts is ended, and the run has failed' },
  serial: {
    type: 'string',
    requiresArg: true,
    describe: 'so many hosts at a time: 2, 30%, or 1,5,30%; where all of one batch fail, the rest is left out',
  },
} as const

/** How hosts are logged in to, for commands that contact them. */
export const login = {
  'accept-new-host-keys': {
    type: 'boolean',
    describe: 'let hosts in whose key is in no file, and note it down; a changed key never passes',
  },
  'connect-retries': shared['connect-retries'],
} as const

/** Where the password for logging in comes from, for commands that contact hosts. */
export const connectionPassword = {
  'ask-pass': { alias: 'k', type: 'boolean', describe: 'ask once for the password of SSH logins, for hosts whose inventory has none' },
  'connection-password-file': {
    type: 'string',
    requiresArg: true,
    describe: 'file with the password of SSH logins, or a program that prints it',
  },
} as const

/** Where the password for becoming another user comes from. */
export const becomePassword = {
  'ask-become-pass': { alias: 'K', type: 'boolean', describe: 'ask once for the password of become' },
  'become-password-file': {
    type: 'string',
    requiresArg: true,
    describe: 'file with the password of become, or a program that prints it',
  },
} as const

/** Becoming another user, for commands without a playbook. */
export const become = {
  become: { alias: 'b', type: 'boolean', describe: 'as another user: root by sudo, unless the inventory or these options say otherwise' },
  'become-user': { type: 'string', requiresArg: true, describe: 'as this user; implies --become' },
  'become-method': { choices: becomeMethods, requiresArg: true, describe: 'by this program; implies --become' },
  ...becomePassword,
} as const

interface BecomeArguments {
  readonly become?: boolean | undefined
  readonly 'become-user'?: string | undefined
  readonly 'become-method'?: BecomeMethod | undefined
  readonly 'ask-become-pass'?: boolean | undefined
  readonly 'become-password-file'?: string | undefined
}

/** What the options of {@link become} say. @throws RollcallError (exit 1) for what cannot be a user, and a password for nobody. */
export function becomeOf(args: BecomeArguments): BecomeOption {
  const { become: plain = false, 'become-user': user, 'become-method': method } = args
  const password = args['ask-become-pass'] ? '--ask-become-pass' : args['become-password-file'] !== undefined && '--become-password-file'
  if (user === undefined && method === undefined) {
    if (!plain && password)
      throw new RollcallError({
        summary: `${password} without --become`,
        detail: 'nobody becomes another user, so no password is needed',
        fix: 'Add --become (-b), or --become-user.',
        exitCode: 1,
      })
    return plain
  }
  if (user === undefined || isUserName(user)) return { ...(user !== undefined && { user }), ...(method !== undefined && { method }) }
  throw new RollcallError({
    summary: '--become-user needs the name of a user',
    detail: `'${user}'`,
    fix: '--become-user postgres',
    exitCode: 1,
  })
}

/** What a playbook and its inventory are given from outside. */
export const given = {
  'extra-vars': {
    alias: 'e',
    type: 'string',
    array: true,
    requiresArg: true,
    describe:
      'give an input of the playbook, or an overridable var: name=value, @file (JSON or YAML), @- for standard input; the last one counts',
  },
} as const

/** Whether somebody watches: on a terminal that can redraw lines, unless they said no. */
export function watches(
  args: { readonly format: string; readonly 'no-live'?: boolean | undefined },
  { stdout, env }: Pick<Context, 'stdout' | 'env'>,
): boolean {
  return args.format === 'human' && !args['no-live'] && stdout.isTTY === true && env.TERM !== 'dumb'
}

/** Passwords of Ansible's vaults, by the names that Ansible gives the options. */
export const vault = {
  'vault-password-file': {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'file that holds the password of Ansible vaults, or program that prints it',
  },
  'vault-id': { type: 'string', array: true, requiresArg: true, describe: 'the same for vaults of one label: label@file or label@prompt' },
  'ask-vault-pass': { type: 'boolean', describe: 'ask for the password of Ansible vaults' },
} as const

export const playbook = {
  playbook: { type: 'string', demandOption: true, describe: 'name of a playbook in playbooks/, or a path' },
} as const

/** What was said of hosts besides a pattern, for a request. */
export function narrowing(args: { readonly exclude?: string | undefined; readonly 'allow-empty'?: boolean | undefined }): {
  readonly exclude?: string
  readonly allowEmpty?: boolean
} {
  return { ...(args.exclude !== undefined && { exclude: args.exclude }), ...(args['allow-empty'] && { allowEmpty: true }) }
}

/** Exit code of `--detailed-exit-code` for a run that succeeded and changed something, or would. */
export const changesMade = 3

/** A listener that also remembers whether anything changed. */
export function noteChanges(report: Emit): { readonly emit: Emit; readonly made: () => boolean } {
  let changed = false
  return {
    emit: (event) => {
      if (event.event === 'recap') changed = Object.values(event.hosts).some((host) => host.changed > 0)
      report(event)
    },
    made: () => changed,
  }
}

/** Two options that mean different runs. */
export function exclusive(one: string, other: string, why: string): RollcallError {
  return new RollcallError({ summary: `${one} and ${other} exclude each other`, detail: why, fix: 'Give one of them.', exitCode: 1 })
}

/** The words of an option that may be repeated and hold several joined by commas. */
export function words(values: readonly string[] | undefined): readonly string[] {
  return (values ?? [])
    .flatMap((value) => value.split(','))
    .map((word) => word.trim())
    .filter((word) => word !== '')
}

/** Seconds of an option that need not be given. @throws RollcallError unless the text is a whole number from 1. */
export function secondsOf(text: string | undefined, option: string): number | undefined {
  return text === undefined ? undefined : positiveInteger(text, option)
}

/** What was said of the time for facts, for a request. */
export function factsTimeout(args: { readonly 'facts-timeout'?: string | undefined }): { readonly factsTimeout?: number } {
  const seconds = secondsOf(args['facts-timeout'], '--facts-timeout')
  return seconds === undefined ? {} : { factsTimeout: seconds }
}

/** Sizes of batches of an option. @throws RollcallError for what is none. */
export function portionsOf(text: string | undefined): readonly Portion[] {
  const portions = (text === undefined ? [] : text.split(',')).map((part): Portion => {
    const trimmed = part.trim()
    return /^[0-9]+$/.test(trimmed) ? Number(trimmed) : (trimmed as Portion)
  })
  const wrong = portions.map(wrongPortion).find((one) => one !== undefined)
  if (wrong === undefined) return portions
  throw new RollcallError({
    summary: '--serial names no number of hosts',
    detail: wrong,
    fix: '--serial 2, --serial 30%, or --serial 1,5,30%',
    exitCode: 1,
  })
}

/** @throws RollcallError unless the text is a whole number from 1. */
export function positiveInteger(text: string, option: string): number {
  if (/^[0-9]{1,6}$/.test(text) && Number(text) >= 1) return Number(text)
  throw new RollcallError({ summary: `${option} needs a whole number from 1`, detail: `'${text}'`, fix: `${option} 50` })
}
