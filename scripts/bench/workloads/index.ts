import type { Workload } from '../workload.ts'
import { converged } from './converged.ts'
import { facts } from './facts.ts'
import { file } from './file.ts'
import { first } from './first.ts'
import { loop } from './loop.ts'
import { many } from './many.ts'
import { reconnect } from './reconnect.ts'
import { startup } from './startup.ts'
import { tree } from './tree.ts'

/** In the order in which they run. */
export const workloads: readonly Workload[] = [converged, first, loop, many, file, tree, startup, facts, reconnect]
