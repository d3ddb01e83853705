import { factsJobs, parseFacts } from '../facts/index.ts'
import type { RollcallError } from '../model/errors.ts'
import type { FactValues } from '../model/facts.ts'
import type { HostRecord } from '../model/inventory.ts'
import type { HostAccess } from './host-access.ts'

export interface AskHost {
  readonly families: readonly string[]
  readonly open: (host: HostRecord, signal: AbortSignal) => Promise<HostAccess>
  readonly signal: AbortSignal
  /** Gets the way as soon as it is open, whatever becomes of the facts. */
  readonly onOpen: (access: HostAccess) => void
  readonly onProblem: (family: string, error: RollcallError) => void
}

/** Opens the way to a host and reads families of its facts in one exchange. A way that opens too late is closed again. */
export async function askHost(host: HostRecord, { families, open, signal, onOpen, onProblem }: AskHost): Promise<FactValues> {
  const opened = await open(host, signal)
  if (signal.aborted) {
    await opened.close()
    return {}
  }
  onOpen(opened)
  const jobs = factsJobs(families)
  // Without families the open way is the whole answer: a session of the login user may never be needed.
  return parseFacts(families, jobs.length === 0 ? [] : await opened.reader.read('login', jobs, 'facts'), onProblem)
}
