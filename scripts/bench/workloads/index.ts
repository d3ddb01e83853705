import type { Workload } from '../workload.ts'
import { converged } from './converged.ts'

export const workloads: readonly Workload[] = [converged]
