import type { Step } from '../dsl/step.ts'

/** A step as shown to people: the command, or what is written where; never content. */
export function describeStep(step: Step): string {
  return step.kind === 'write'
    ? `write ${step.path} (${step.content.length} bytes${step.mode === undefined ? '' : `, mode ${step.mode}`})`
    : (step.title ?? step.script.shown.trim())
}
