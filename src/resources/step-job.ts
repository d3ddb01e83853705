import type { RunStep, Step } from '../dsl/step.ts'
import type { Job } from '../transport/session-types.ts'
import { writeJob } from './write-script.ts'

/** A command step as a job; without payload it reads nothing. */
export function runJob(step: RunStep): Job {
  return step.stdin === undefined ? { script: step.script, step: true } : { script: step.script, stdin: step.stdin, step: true }
}

/** A step as the job a session runs. `nonce`: letters and digits; two writes of one file never share one. */
export function stepJob(step: Step, nonce: string): Job {
  return step.kind === 'write' ? writeJob(step, nonce) : runJob(step)
}
