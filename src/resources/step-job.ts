import type { RunStep, Step } from '../dsl/step.ts'
import type { Job } from '../transport/session-types.ts'
import { writeJob } from './write-script.ts'

/** A command step as a job; without payload it reads nothing. */
export function runJob(step: RunStep): Job {
  const { script, stdin, countsInput } = step
  return { script, step: true, ...(stdin !== undefined && { stdin }), ...(countsInput && { countsInput }) }
}

/** A step as the job a session runs. `nonce`: letters and digits; two writes of one file never share one. */
export function stepJob(step: Step, nonce: string): Job {
  return step.kind === 'write' ? writeJob(step, nonce) : runJob(step)
}
