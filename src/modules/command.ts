import { type Happening, Refusal, type StepOutcome } from '../dsl/definition.ts'
import { defineAction } from '../dsl/module.ts'
import type { Read } from '../dsl/resource.ts'
import { type Params, parameters, Type } from '../dsl/schema.ts'
import { run } from '../dsl/step.ts'
import type { GlobState } from '../resources/glob.ts'
import { type ProbeState, probe } from '../resources/probe.ts'
import { Secret } from '../util/secret.ts'
import { Script, sh } from '../util/sh.ts'
import { splitWords, WordsError } from '../util/split-words.ts'
import { type CommandResult, commandFields, commandResult, idleCommand } from './command-result.ts'
import { dueByFiles, type FileConditionsFound, fileConditions } from './file-conditions.ts'
import { type Background, backgroundParams, backgroundStep, checkBackground, isLeftAlone, startedJob, waitingFor } from './in-background.ts'
import { fieldsOf } from './result-fields.ts'
import { absolutePath, script, text } from './shared-params.ts'

const common = {
  chdir: Type.Optional(absolutePath('the directory to run in')),
  creates: Type.Optional(absolutePath('does not run when this is there; may be a pattern: /srv/*/done')),
  removes: Type.Optional(absolutePath('does not run unless this is there; may be a pattern')),
  stdin: Type.Optional(text('given as standard input; without it there is none; may be a secret')),
  environment: Type.Optional(
    Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), text('text, or a secret'), {
      additionalProperties: false,
      description: 'environment variables; a value may be a secret, which then no other user of the host sees',
    }),
  ),
  okCodes: Type.Optional(
    Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), { minItems: 1, description: 'exit codes that are no failure; default [0]' }),
  ),
  stripEmptyEnds: Type.Optional(
    Type.Boolean({ description: 'leave empty lines at the end of stdout and stderr out of the result; default true' }),
  ),
  ...backgroundParams,
}

interface Common extends Background {
  readonly chdir?: string | undefined
  readonly creates?: string | undefined
  readonly removes?: string | undefined
  readonly stdin?: string | Secret | undefined
  readonly environment?: { readonly [name: string]: string | Secret } | undefined
  readonly okCodes?: readonly number[] | undefined
  readonly stripEmptyEnds?: boolean | undefined
}

interface ConditionsFound extends FileConditionsFound {
  readonly unless?: ProbeState
  readonly onlyIf?: ProbeState
}

/** The session's umask is 077; commands get the usual one. */
function inPlace({ chdir, environment = {} }: Common, then: Script): Script {
  const variables = Object.entries(environment).map(([name, value]) => sh`export ${name}=${value}`)
  const whole = sh`umask 022
${variables.length === 0 ? sh`:` : variables.reduce((all, one) => sh`${all}; ${one}`)}
cd -- ${chdir ?? '/'} || exit
${then}`
  // What people are shown is what they wrote.
  return shownAs(whole, `${chdir === undefined ? '' : sh`cd ${chdir} && `}${then.shown}`)
}

/** A script that people see otherwise than it is sent. */
function shownAs(script: Script, shown: string): Script {
  return new Script(script.sealed ? () => script.text : script.text, shown)
}

function step(params: Common, then: Script) {
  const { stdin } = params
  const input = stdin === undefined ? undefined : new TextEncoder().encode(typeof stdin === 'string' ? stdin : stdin.reveal())
  const whole = inPlace(params, then)
  return params.async === undefined ? run(whole, input) : backgroundStep(params, whole, input, stdin instanceof Secret)
}

/** Of what is only started the start itself must go well. */
function okCodesOf(params: Common): readonly number[] {
  return isLeftAlone(params) ? [0] : (params.okCodes ?? [0])
}

function resultOf(params: Common, cmd: CommandResult['cmd'], outcome: StepOutcome, happening: Happening): CommandResult {
  if (!isLeftAlone(params)) return commandResult(cmd, outcome, happening, params.stripEmptyEnds)
  return { ...commandResult(cmd, { ...outcome, stdout: new Uint8Array() }, happening), job: startedJob(outcome) }
}

const commandParams = parameters({
  argv: Type.Optional(
    Type.Array(text('a word, or a secret'), {
      minItems: 1,
      description: 'the program and its arguments, one word each; every user of the host sees arguments while it runs, secrets too',
    }),
  ),
  cmd: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'instead of argv: a command line, split into words as a shell does it; quotes count, nothing is expanded. Put values into argv',
    }),
  ),
  ...common,
})

function wordsOf({ argv, cmd }: Params<typeof commandParams>): readonly (string | Secret)[] {
  if ((argv === undefined) === (cmd === undefined)) throw new Refusal('command takes either argv or cmd', 'Give exactly one of the two.')
  if (argv !== undefined) return argv
  try {
    const words = splitWords(cmd!)
    if (words.length > 0) return words
  } catch (error) {
    if (!(error instanceof WordsError)) throw error
    throw new Refusal(
      `cmd is no command line that runs without a shell: ${error.message}`,
      `If a shell is meant: shell({ script: sh\`…\` }). If the character is: put it into quotes, or use argv.`,
    )
  }
  throw new Refusal('cmd holds no word', 'Name a program.')
}

/** Runs a program, without a shell that could read its arguments as anything else. */
export const command = defineAction({
  name: 'command',
  summary: 'Run a program with arguments',
  params: commandParams,
  inputs: (params) => {
    checkBackground(params)
    wordsOf(params) // What is no command line is refused before anything is read.
    return {}
  },
  reads: fileConditions,
  due: (params, found) => dueByFiles(params, found as FileConditionsFound),
  steps: (params) => {
    const exec = sh`exec ${wordsOf(params)}`
    return [step(params, shownAs(exec, params.cmd ?? sh`${wordsOf(params)}`.shown))]
  },
  okCodes: okCodesOf,
  waits: waitingFor,
  result: (params, outcomes, happening) => resultOf(params, wordsOf(params).map(String), outcomes[0]!, happening),
  idle: (params, reason) => idleCommand(wordsOf(params).map(String), reason),
  resultFields: fieldsOf<CommandResult>(commandFields),
})

const shellParams = parameters({
  script: script('a script made with the sh tag'),
  unless: Type.Optional(script('a read-only script: when it ends with 0, nothing runs; runs in check mode too')),
  onlyIf: Type.Optional(script('a read-only script: unless it ends with 0, nothing runs; runs in check mode too')),
  ...common,
})
type ShellParams = Params<typeof shellParams>

function shellConditions(params: ShellParams): { readonly [name: string]: Read<GlobState> | Read<ProbeState> } {
  const { unless, onlyIf } = params
  return {
    ...fileConditions(params),
    ...(unless !== undefined && { unless: probe(inPlace(params, unless)) }),
    ...(onlyIf !== undefined && { onlyIf: probe(inPlace(params, onlyIf)) }),
  }
}

function shellDue(params: ShellParams, found: ConditionsFound): true | string {
  const due = dueByFiles(params, found)
  if (due !== true) return due
  if (found.unless?.rc === 0) return 'its unless holds'
  return found.onlyIf && found.onlyIf.rc !== 0 ? `its onlyIf does not hold (exit code ${found.onlyIf.rc})` : true
}

/** Runs a script through the host's `sh`. */
export const shell = defineAction({
  name: 'shell',
  summary: 'Run a shell script',
  params: shellParams,
  inputs: (params) => {
    checkBackground(params)
    return {}
  },
  reads: shellConditions,
  due: (params, found) => shellDue(params, found as ConditionsFound),
  steps: (params) => [step(params, params.script)],
  okCodes: okCodesOf,
  waits: waitingFor,
  result: (params, outcomes, happening) => resultOf(params, params.script.shown, outcomes[0]!, happening),
  idle: (params, reason) => idleCommand(params.script.shown, reason),
  resultFields: fieldsOf<CommandResult>(commandFields),
})
