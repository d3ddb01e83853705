import { Refusal } from '../dsl/definition.ts'
import { defineQuery } from '../dsl/module.ts'
import { parameters, Type } from '../dsl/schema.ts'
import { job, jobName } from '../resources/background.ts'
import { linesOf } from './command-result.ts'
import { fieldsOf, output, outputLines } from './result-fields.ts'

/** What has become of a job. */
export interface AsyncStatusResult {
  readonly job: string
  /** Until then there is no exit code and no output. */
  readonly finished: boolean
  readonly rc: number
  readonly stdout: string
  readonly stderr: string
  readonly stdoutLines: readonly string[]
  readonly stderrLines: readonly string[]
}

/** Looks at a command that was started with `async` and `poll: 0`, in this run or an earlier one. */
export const asyncStatus = defineQuery({
  name: 'asyncStatus',
  summary: 'Look at a command that runs by itself',
  params: parameters({
    job: Type.Optional(
      Type.String({
        pattern: jobName.source,
        description: 'its name: result(task).job of the task that started it, or as the task named it',
      }),
    ),
    okCodes: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), { minItems: 1, description: 'exit codes that are no failure; default [0]' }),
    ),
  }),
  reads: (params) => ({ job: job(nameOf(params.job)) }),
  result: (params, { job: { status, over, rc, stdout, stderr } }): AsyncStatusResult => {
    const name = nameOf(params.job)
    const { okCodes = [0] } = params
    const lines = { stdoutLines: linesOf(stdout), stderrLines: linesOf(stderr) }
    const result = { job: name, finished: status !== 'running', rc, stdout, stderr, ...lines }
    if (status === 'absent')
      throw new Refusal(
        `there is no job '${name}' on this host`,
        'It is known to the user who started it alone, and for a week after its end.',
        result,
      )
    if (status === 'lost')
      throw new Refusal(`job '${name}' is gone, and nobody knows how it ended: the host was restarted, or it was killed`, undefined, result)
    if (over) throw new Refusal(`job '${name}' was ended since its time was over`, 'Give it more by async.', result)
    if (status === 'done' && !okCodes.includes(rc))
      throw new Refusal(`job '${name}' ended with exit code ${rc}${stderr.trim() === '' ? '' : `: ${stderr.trim()}`}`, undefined, result)
    return result
  },
  resultFields: fieldsOf<AsyncStatusResult>({
    job: 'its name',
    finished: 'whether there is nothing left to wait for; until then rc is 0 and the output empty',
    ...output,
    ...outputLines,
  }),
})

function nameOf(name: string | undefined): string {
  if (name !== undefined) return name
  throw new Refusal('no job is named', 'result(task).job is of a command with async and poll: 0.')
}
