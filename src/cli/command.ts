import type { InferredOptionTypes, Options, PositionalOptions } from 'yargs'
import { RollcallError } from '../model/errors.ts'
import { useVaultSources } from '../secrets/vault-passwords.ts'
import { useLoginSettings } from '../util/login-settings.ts'
import type { Context } from './context.ts'
import { openTerminal } from './terminal.ts'

interface Named {
  /** As yargs writes it: `run <playbook>`. Its first word is the name. */
  readonly usage: string
  readonly summary: string
}
type Example = readonly [command: string, whatItDoes: string]
type OptionSet = { readonly [name: string]: Options }
type PositionalSet = { readonly [name: string]: PositionalOptions }

/** A command that does something. */
export interface Command extends Named {
  readonly positionals: PositionalSet
  readonly options: OptionSet
  readonly examples: readonly Example[]
  /** What may stand behind `--`, as the usage line shows it. */
  readonly behindDashes?: string
  /** Commands below this one. They count where their name stands before a word more: `explain var <host>`. */
  readonly subcommands?: readonly Command[]
  /** Gives the exit code. */
  readonly run: (args: any, context: Context) => Promise<number>
}
/** A command that only holds others: `lab up`, `lab down`. */
export interface CommandGroup extends Named {
  readonly commands: readonly Command[]
}
export type AnyCommand = Command | CommandGroup

/** Positionals and options by name; what stood behind `--` under its own name. */
type Arguments<P extends { [name: string]: PositionalOptions }, O extends { [name: string]: Options }> = InferredOptionTypes<O> &
  InferredOptionTypes<P> & { readonly '--'?: readonly string[] }

/**
 * Writes a command whose `run` knows the types of its arguments. Whatever has `--format` takes `--json` for it, too, and the options
 * for vaults and logins take effect wherever they are.
 */
export function defineCommand<const P extends { [name: string]: PositionalOptions }, const O extends { [name: string]: Options }>(
  command: Omit<Command, 'positionals' | 'options' | 'run'> & {
    readonly positionals: P
    readonly options: O
    readonly run: (args: Arguments<P, O>, context: Context) => Promise<number>
  },
): Command {
  const logging = 'forks' in command.options ? withLogin(command) : command
  const opening = 'vault-id' in logging.options ? withVault(logging) : logging
  return 'format' in opening.options && !('json' in opening.options) ? withJson(opening) : opening
}

/** Takes effect wherever logins are made, like the options for vaults. */
function withLogin(command: Command): Command {
  return {
    ...command,
    run: async (args, context) => {
      const { 'accept-new-host-keys': acceptNewHostKeys = false, 'connect-retries': retries } = args
      if (retries !== undefined && !/^[0-9]{1,3}$/.test(retries))
        throw new RollcallError({
          summary: '--connect-retries needs a whole number from 0',
          detail: `'${retries}'`,
          fix: '--connect-retries 3 tries four times in all, 0 once.',
          exitCode: 1,
        })
      const terminal = openTerminal(context.screen)
      useLoginSettings({
        acceptNewHostKeys,
        ...(retries !== undefined && { connectRetries: Number(retries) }),
        ...(terminal && { ask: (question: string) => terminal.ask(question, { echo: false }) }),
      })
      return command.run(args, context)
    },
  }
}

function withVault(command: Command): Command {
  return {
    ...command,
    run: async (args, context) => {
      const { 'vault-password-file': passwordFiles = [], 'vault-id': ids = [], 'ask-vault-pass': ask = false } = args
      for (const id of ids as readonly string[])
        if (!/^[^@]*@./s.test(id))
          throw new RollcallError({
            summary: '--vault-id needs a label and a source',
            detail: `'${id}'`,
            fix: `--vault-id ${id.replace(/@$/, '') || 'prod'}@prompt`,
            exitCode: 1,
          })
      useVaultSources({ passwordFiles, ids, ask, cwd: context.cwd })
      return command.run(args, context)
    },
  }
}

function withJson(command: Command): Command {
  const { run } = command
  return {
    ...command,
    options: { ...command.options, json: { type: 'boolean', describe: 'short for --format json' } },
    run: async ({ json, ...args }, context) => {
      if (json && args.format !== 'json' && args.format !== command.options.format!.default)
        throw new RollcallError({
          summary: '--json and --format exclude each other',
          detail: `--format ${args.format}`,
          fix: 'Give one of them.',
        })
      return run(json ? { ...args, format: 'json' } : args, context)
    },
  }
}

/** The first word of a usage line. */
export function nameOf({ usage }: Named): string {
  return usage.split(' ')[0]!
}

export function isGroup(command: AnyCommand): command is CommandGroup {
  return 'commands' in command
}
