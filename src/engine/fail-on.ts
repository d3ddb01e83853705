import type { Step } from '../dsl/step.ts'
import { missingDirectory, noDirectory, refusedByValidate } from '../resources/write-script.ts'
import type { Reply } from '../transport/session-types.ts'
import type { PreparedCall } from './evaluate.ts'
import { decode } from './exchange.ts'
import { CallFailed, stepFailure } from './outcome.ts'
import type { Due } from './run-call.ts'

interface Failing {
  readonly name: string
  readonly summary?: string
  readonly step?: Step
}

/** Exit codes of a call's last step that are no failure. */
export function okCodesOf({ definition, params }: PreparedCall): readonly number[] {
  return (definition.kind === 'action' && definition.okCodes?.(params)) || [0]
}

/**
 * Throws for the first reply that failed, or was not run for the exchange was ended. Other exit codes than 0 may be right for the last one.
 * @throws CallFailed with what the host said.
 */
export function failOn(
  replies: readonly Reply[],
  of: (index: number) => Failing,
  { call }: Due,
  okCodes: readonly number[],
  left: (index: number) => { readonly result: object | undefined; readonly touched: boolean } = () => ({
    result: undefined,
    touched: false,
  }),
): void {
  const last = replies.length - 1
  const index = replies.findIndex(({ ran, code }, at) => !ran || !(at === last ? okCodes : [0]).includes(code))
  if (index === -1) return
  const { ran, code, stdout, stderr, time } = replies[index]!
  if (!ran) throw new CallFailed({ summary: 'A step was not run', detail: of(index).name, ...(call.at && { at: call.at }) }, left(index))
  const { name, summary, step } = of(index)
  const reply = { code, stdout: decode(stdout), stderr: decode(stderr) }
  // What a user's own command prints is his.
  const fix = step && call.definition.kind === 'module' ? fixOf(step, reply.stderr) : undefined
  const told = {
    ...stepFailure(call.definition.name, name, reply),
    ...(summary !== undefined && { summary }),
    ...(fix !== undefined && { fix }),
    ...(call.at && { at: call.at }),
  }
  throw new CallFailed(told, { ...left(index), ended: time?.end })
}

/** What to do about a step that failed, where that can be told. */
function fixOf(step: Step, stderr: string): string | undefined {
  const missing = missingDirectory(stderr)
  if (missing !== undefined) return `Make it by a task before this one:\nfile({ path: ${quoted(missing)}, state: 'directory' })`
  if (step.kind !== 'write') return undefined
  const inTheWay = noDirectory(stderr)
  if (inTheWay !== undefined) return `Correct the path, or make sure that ${inTheWay} is a directory.`
  if (step.validate === undefined || !refusedByValidate(stderr)) return undefined
  return `Correct what is to be written, or the check. To try the check on the host:\n${step.validate(step.path).shown.trim()}`
}

/** As it is written in a playbook. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`
}
