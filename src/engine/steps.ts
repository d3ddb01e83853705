import type { Step } from '../dsl/step.ts'
import { mask } from '../util/redact.ts'

/** A step as shown to people: the command, or what is written where; never content, and of sealed content not its length. */
export function describeStep(step: Step, sealed = false): string {
  return step.kind === 'write'
    ? `write ${step.path} (${sealed ? mask : `${step.content.length} bytes`}${step.mode === undefined ? '' : `, mode ${step.mode}`})`
    : step.script.shown.trim()
}
