import type { Read } from '../dsl/resource.ts'
import type { Job, Reply } from '../transport/session-types.ts'
import type { Script } from '../util/sh.ts'
import type { State } from './compare.ts'
import { before } from './environment.ts'
import type { As } from './host-access.ts'
import { type HostState, remember } from './host-state.ts'

/** Read jobs ready to ride in an exchange, and what to do with their replies. */
export interface ReadBatch {
  /** The reads that are made, one a key, at the largest need asked for. */
  readonly reads: readonly Read[]
  readonly jobs: readonly Job[]
  /** States by key. A kind whose script or parser failed gives an error for each of its keys instead. */
  readonly parse: (replies: readonly Reply[]) => ReadonlyMap<string, State | Error>
}

/** Makes one job per kind and environment: reads of one key merge to the largest need. */
export function compileReads(reads: readonly Read[]): ReadBatch {
  const byKey = new Map<string, Read>()
  for (const read of reads) {
    const other = byKey.get(read.key)
    if (!other || read.kind.needs.indexOf(read.need) > read.kind.needs.indexOf(other.need)) byKey.set(read.key, read)
  }
  const batches: { readonly kind: Read['kind']; readonly environment: Script | undefined; readonly reads: Read[] }[] = []
  for (const read of byKey.values()) {
    const { kind, environment } = read
    const batch = batches.find((other) => other.kind === kind && other.environment?.text === environment?.text)
    if (batch) batch.reads.push(read)
    else batches.push({ kind, environment, reads: [read] })
  }
  return {
    reads: [...byKey.values()],
    jobs: batches.map(({ kind, environment, reads: of }) => {
      const script = kind.script(of)
      return { script: environment ? before(environment, script) : script, own: kind.sharesShell === true }
    }),
    parse: (replies) => {
      const states = new Map<string, State | Error>()
      batches.forEach(({ kind, reads: of }, index) => {
        const reply = replies[index]!
        try {
          if (reply.code !== 0)
            throw new Error(
              `reading ${of.map((read) => read.key).join(', ')} ended with exit code ${reply.code}: ${decode(reply.stderr).trim()}`,
            )
          const parsed = kind.parse(reply.stdout, of)
          if (parsed.length !== of.length) throw new Error(`the parser of ${kind.name} gave ${parsed.length} states for ${of.length} reads`)
          for (const [at, read] of of.entries()) states.set(read.key, parsed[at] as State)
        } catch (error) {
          for (const read of of) states.set(read.key, error instanceof Error ? error : new Error(String(error)))
        }
      })
      return states
    },
  }
}

/** Keeps the states of own reads for later tasks; errors are not kept, the task that is due reads again. */
export function keep(state: HostState, as: As, batch: ReadBatch, states: ReadonlyMap<string, State | Error>): void {
  for (const read of batch.reads) {
    const value = states.get(read.key)
    if (value && !(value instanceof Error) && read.kind.freshness === 'own') remember(state, as, read, value)
  }
}

/** Bytes as text for people; invalid UTF-8 shows as replacement characters. */
export function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}
