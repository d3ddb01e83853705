import { type ControllerFile, Refusal } from '../dsl/definition.ts'
import { defineAction } from '../dsl/module.ts'
import { instanceOf, type Params, parameters, Type } from '../dsl/schema.ts'
import { run } from '../dsl/step.ts'
import type { Secret } from '../util/secret.ts'
import { inLines, Script, sh } from '../util/sh.ts'
import { dueByFiles, type FileConditionsFound, fileConditions } from './file-conditions.ts'
import { secretText } from './request-params.ts'
import { fieldsOf, outputLines, ranFields } from './result-fields.ts'
import { absolutePath } from './shared-params.ts'

const url = instanceOf('URL', URL)
const variable = secretText('')

const params = parameters({
  src: Type.Unsafe<string | URL>({
    anyOf: [{ type: 'string', minLength: 1 }, url],
    description:
      "the script, a file of the controller: a path from the project's root, or new URL('./x', import.meta.url) for one beside the module",
  }),
  args: Type.Optional(Type.Array(Type.String(), { description: 'its arguments, one word each' })),
  executable: Type.Optional(
    Type.String({ minLength: 1, description: "the program that runs it; default what its #! line says, without one the host's sh" }),
  ),
  chdir: Type.Optional(absolutePath('the directory to run in; default /')),
  creates: Type.Optional(absolutePath('does not run when this is there; may be a pattern: /srv/*/done')),
  removes: Type.Optional(absolutePath('does not run unless this is there; may be a pattern')),
  environment: Type.Optional(
    Type.Unsafe<{ readonly [name: string]: string | Secret }>({
      type: 'object',
      patternProperties: { '^[A-Za-z_][A-Za-z0-9_]*$': variable },
      additionalProperties: false,
      description: 'environment variables; a value may be a Secret',
    }),
  ),
})

/** What a script left; in check mode, or where it had nothing to do, it did not run. */
export type ScriptRan =
  | { readonly ran: false; readonly reason: string }
  | {
      readonly ran: true
      readonly rc: number
      readonly stdout: string
      readonly stdoutLines: readonly string[]
      readonly stderr: string
      readonly stderrLines: readonly string[]
    }

/** As the kernel reads a #! line: a program, and all that follows it as one word. */
function interpreterOf(bytes: Uint8Array): readonly string[] {
  if (bytes[0] !== 0x23 || bytes[1] !== 0x21) return ['sh']
  const end = bytes.indexOf(0x0a)
  const line = new TextDecoder().decode(bytes.subarray(2, end < 0 ? bytes.length : end))
  if (line.endsWith('\r'))
    throw new Refusal(
      'the first line of the script ends with a carriage return, so no host finds its program',
      'Save it with Unix line ends.',
    )
  const [, program, rest] = /^[ \t]*([^ \t]+)[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
  if (program === undefined) return ['sh']
  return rest ? [program, rest] : [program]
}

const isProgram = (bytes: Uint8Array) => bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46

// Not executed by its path: where the folder is mounted noexec that would fail, and it needs no mode of its own.
const receive = new Script(`private=
trap '[ -z "$private" ] || rm -rf -- "$private"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
umask 077
private=$(mktemp -d "\${TMPDIR:-/tmp}/rollcall.XXXXXXXXXX") || exit
cat >"$private/script" || exit`)

function scriptFor({ args = [], executable, chdir, environment = {} }: Params<typeof params>, bytes: Uint8Array): Script {
  const variables = Object.entries(environment)
  const program = isProgram(bytes) && executable === undefined
  const words = executable === undefined ? interpreterOf(bytes) : [executable]
  return sh`${receive}
${program ? sh`chmod 700 "$private/script" || exit` : sh`:`}
umask 022
cd -- ${chdir ?? '/'} || exit
${inLines(variables.map(([name, value]) => sh`${new Script(name)}=${value}; export ${name}`))}
${program ? sh`"$private/script"` : sh`${words} "$private/script"`} ${args} </dev/null`
}

const lines = (text: string) => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))

/** Runs a script of the controller on the host, where nothing of it stays behind. */
export const script = defineAction({
  name: 'script',
  summary: 'Run a script of the controller on the host',
  params,
  inputs: ({ src }): { readonly script: ControllerFile } => ({ script: { kind: 'controllerFile', path: src } }),
  reads: fileConditions,
  due: (params, found) => dueByFiles(params, found as FileConditionsFound),
  steps: (params, { script }) => [
    { ...run(scriptFor(params, script.bytes), script.bytes), title: [String(params.src), ...(params.args ?? [])].join(' ') },
  ],
  result: (_, outcomes): ScriptRan => {
    const { code, stdout, stderr } = outcomes.at(-1)!
    const [out, err] = [Buffer.from(stdout).toString('utf8'), Buffer.from(stderr).toString('utf8')]
    return { ran: true, rc: code, stdout: out, stdoutLines: lines(out), stderr: err, stderrLines: lines(err) }
  },
  resultFields: fieldsOf<ScriptRan>({ ...ranFields, ...outputLines }),
})
