import { createHash } from 'node:crypto'
import type { Job, Reply } from '../transport/session-types.ts'
import { type Script, sh } from '../util/sh.ts'
import { stateFolder } from '../util/state-folder.ts'
import { decode } from './exchange.ts'
import type { As, HostWriter } from './host-access.ts'
import { noteLock, readLock } from './host-lock.ts'
import { type HostState, handlerOf, recordOf } from './host-state.ts'
import { noteLost, readLost } from './lost-steps.ts'

function directory(user: string): Script {
  return sh`d=${stateFolder(user)}/pending`
}
const fileOf = (handler: string) => `${createHash('sha256').update(handler).digest('hex').slice(0, 24)}.1`

/**
 * Records handlers as pending before the change that notifies them, in the same exchange: if the run dies in between,
 * the next one finds them. A state directory that cannot be written fails the task before the change.
 */
export function recordPending(user: string, handlers: readonly { readonly id: string }[], playbook: string, now: Date): Job {
  const writes = handlers.map(({ id }) => {
    const text = `${JSON.stringify({ handler: id, playbook, since: now.toISOString() })}\n`
    return sh`printf %s ${text} >"$d"/${`.${fileOf(id)}`} && mv -f "$d"/${`.${fileOf(id)}`} "$d"/${fileOf(id)}`
  })
  const all = writes.reduce((left, right) => sh`${left} && ${right}`)
  return { script: sh`${directory(user)}; { [ -d "$d" ] || mkdir -p "$d"; } && ${all}`, step: true }
}

/** Forgets handlers that have run. */
export function clearPending(user: string, handlers: readonly { readonly id: string }[]): Job {
  return { script: sh`${directory(user)}; cd "$d" 2>/dev/null || exit 0; rm -f ${handlers.map(({ id }) => fileOf(id))}`, step: true }
}

/** Forgets handlers that a call alone recorded and, as it turned out, need not run. Those owed before it stay. */
export async function withdrawPending(state: HostState, writer: HostWriter, as: As, call: object): Promise<void> {
  const recorded = state.pending.release(call, as).map((id) => ({ id }))
  if (recorded.length === 0) return
  await writer.apply(as, [clearPending(state.access.userOf(as), recordsOf(state, recorded))])
  for (const { id } of recorded) state.pending.drop(id, as)
}

/** Reads what an earlier run left, and whether another one holds the host; starts no process. */
export function readPending(user: string): Job {
  return {
    script: sh`${directory(user)}; for f in "$d"/*.1; do [ -f "$f" ] && while IFS= read -r l; do printf '%s\n' "$l"; done <"$f"; done
${readLost}
${readLock(user)}`,
    own: true,
  }
}

/** What is said where they cannot be recorded. */
export const cannotRecord = 'The handlers to run could not be recorded on the host, so nothing was changed'

export interface Pending {
  readonly handler: string
  readonly playbook: string
  /** ISO time of the change. */
  readonly since: string
}

/** The records of a reply; a damaged line is left out (it was never a whole record: records are renamed into place). */
export function parsePending({ stdout }: Pick<Reply, 'stdout'>): readonly Pending[] {
  return decode(stdout)
    .split('\n')
    .flatMap((line) => {
      try {
        const record = JSON.parse(line) as Partial<Pending>
        return typeof record.handler === 'string' && typeof record.playbook === 'string' && typeof record.since === 'string'
          ? [record as Pending]
          : []
      } catch {
        return []
      }
    })
}

/** Handlers as the records on the host name them. */
export function recordsOf(state: HostState, handlers: readonly { readonly id: string }[]): readonly { readonly id: string }[] {
  return handlers.map(({ id }) => ({ id: recordOf(state, id) }))
}

/** Learns which handlers and steps an earlier run left on the host, and whether another one is at work there. */
export function notePending(state: HostState, as: As, reply: Pick<Reply, 'stdout'>): void {
  state.pendingRead.add(as)
  noteLock(state, as, reply)
  noteLost(state, as, reply)
  for (const { handler: record, since } of parsePending(reply)) {
    const handler = handlerOf(state, record)
    if (handler !== undefined) state.pending.add(handler, as, since)
  }
}
