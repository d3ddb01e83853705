import type { Step } from '../dsl/step.ts'
import type { Job, Reply } from '../transport/session-types.ts'
import { stepJob } from './step-job.ts'

/** Steps as jobs, and one reply for each step from the replies of the jobs. */
export function compileSteps(
  steps: readonly Step[],
  nonce: string,
): { readonly jobs: readonly Job[]; readonly replies: (replies: readonly Reply[]) => readonly Reply[] } {
  return { jobs: steps.map((step, index) => stepJob(step, `${nonce}y${index}`)), replies: (replies) => replies }
}
