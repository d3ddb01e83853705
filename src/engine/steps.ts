import type { Step, WriteStep } from '../dsl/step.ts'
import { mask } from '../util/redact.ts'

/** A step as shown to people: the command, or what is written where; never content, and of sealed content not its length. */
export function describeStep(step: Step, sealed = false): string {
  return step.kind === 'write'
    ? `write ${step.path} (${contentOf(step, sealed)}${step.mode === undefined ? '' : `, mode ${step.mode}`})`
    : (step.title ?? step.script.shown.trim())
}

function contentOf({ from, content }: WriteStep, sealed: boolean): string {
  if (from !== undefined) return `from ${from}`
  return sealed ? mask : `${content.length} bytes`
}
