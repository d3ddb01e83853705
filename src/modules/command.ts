import { defineAction } from '../dsl/module.ts'
import type { Read } from '../dsl/resource.ts'
import { type Params, parameters, Type } from '../dsl/schema.ts'
import { run } from '../dsl/step.ts'
import { type FileState, file } from '../resources/file.ts'
import { type ProbeState, probe } from '../resources/probe.ts'
import type { Secret } from '../util/secret.ts'
import type { Script } from '../util/sh.ts'
import { sh } from '../util/sh.ts'
import { absolutePath, script, text } from './shared-params.ts'

const common = {
  chdir: Type.Optional(absolutePath('the directory to run in')),
  creates: Type.Optional(absolutePath('does not run when this is there')),
  removes: Type.Optional(absolutePath('does not run unless this is there')),
  stdin: Type.Optional(text('given as standard input; without it there is none; may be a secret')),
  environment: Type.Optional(
    Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), text('text, or a secret'), {
      additionalProperties: false,
      description: 'environment variables; a value may be a secret, which then no other user of the host sees',
    }),
  ),
}

interface Common {
  readonly chdir?: string | undefined
  readonly creates?: string | undefined
  readonly removes?: string | undefined
  readonly stdin?: string | Secret | undefined
  readonly environment?: { readonly [name: string]: string | Secret } | undefined
}

type Condition = { readonly [name: string]: Read<FileState> | Read<ProbeState> }

function fileConditions({ creates, removes }: Common): Condition {
  return { ...(creates !== undefined && { creates: file(creates) }), ...(removes !== undefined && { removes: file(removes) }) }
}

type ConditionsFound = {
  readonly creates?: FileState
  readonly removes?: FileState
  readonly unless?: ProbeState
  readonly onlyIf?: ProbeState
}

function dueNow({ creates, removes }: Common, found: ConditionsFound): true | string {
  if (found.creates?.exists) return `${creates} is there`
  if (found.removes && !found.removes.exists) return `${removes} is not there`
  if (found.unless?.rc === 0) return 'its unless holds'
  if (found.onlyIf && found.onlyIf.rc !== 0) return `its onlyIf does not hold (exit code ${found.onlyIf.rc})`
  return true
}

/** The session's umask is 077; commands get the usual one. */
function inPlace({ chdir, environment = {} }: Common, then: Script): Script {
  const variables = Object.entries(environment).map(([name, value]) => sh`export ${name}=${value}`)
  return sh`umask 022
${variables.length === 0 ? sh`:` : variables.reduce((all, one) => sh`${all}; ${one}`)}
cd -- ${chdir ?? '/'} || exit
${then}`
}

function step(params: Common, then: Script) {
  const { stdin } = params
  return run(
    inPlace(params, then),
    stdin === undefined ? undefined : new TextEncoder().encode(typeof stdin === 'string' ? stdin : stdin.reveal()),
  )
}

/** Runs a program, without a shell that could read its arguments as anything else. */
export const command = defineAction({
  name: 'command',
  summary: 'Run a program with arguments',
  params: parameters({
    argv: Type.Array(text('a word, or a secret'), {
      minItems: 1,
      description: 'the program and its arguments, one word each; every user of the host sees arguments while it runs, secrets too',
    }),
    ...common,
  }),
  reads: fileConditions,
  due: (params, found) => dueNow(params, found as ConditionsFound),
  steps: (params) => [step(params, sh`exec ${params.argv}`)],
})

const shellParams = parameters({
  script: script('a script made with the sh tag'),
  unless: Type.Optional(script('a read-only script: when it ends with 0, nothing runs; runs in check mode too')),
  onlyIf: Type.Optional(script('a read-only script: unless it ends with 0, nothing runs; runs in check mode too')),
  ...common,
})
type ShellParams = Params<typeof shellParams>

function shellConditions(params: ShellParams): Condition {
  const { unless, onlyIf } = params
  return {
    ...fileConditions(params),
    ...(unless !== undefined && { unless: probe(inPlace(params, unless)) }),
    ...(onlyIf !== undefined && { onlyIf: probe(inPlace(params, onlyIf)) }),
  }
}

/** Runs a script through the host's `sh`. */
export const shell = defineAction({
  name: 'shell',
  summary: 'Run a shell script',
  params: shellParams,
  reads: shellConditions,
  due: (params, found) => dueNow(params, found as ConditionsFound),
  steps: (params) => [step(params, params.script)],
})
