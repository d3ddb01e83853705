import type { TaskRecord } from '../dsl/record.ts'
import { RollcallError, type UnreachableError } from '../model/errors.ts'
import type { PlayContext, PlayHost } from './context.ts'
import { decode } from './exchange.ts'
import type { As } from './host-access.ts'
import { discard, type HostState } from './host-state.ts'
import { cannotRecord, recordPending, recordsOf } from './pending.ts'

/** The machine that Rollcall runs on, which every inventory has. */
export const controller = 'localhost'

/** Where the delegated tasks of a run act: opened when first needed, and one for all who delegate to it. */
export interface Delegates {
  /** @throws UnreachableError where the host does not answer. */
  open(name: string): Promise<HostState>
  has(name: string): boolean
}

/**
 * The host that a task acts on in place of its own; undefined where it does not delegate, or to the host itself.
 * @throws RollcallError for what is no host of the inventory, and whatever the closure throws.
 */
export function delegateOf(context: PlayContext, { delegateTo, at }: TaskRecord, host: string, scope: object): string | undefined {
  if (delegateTo === undefined) return undefined
  const chosen: unknown = typeof delegateTo === 'function' ? delegateTo(scope) : delegateTo
  const name = typeof chosen === 'string' ? chosen : (chosen as { name?: unknown } | null)?.name
  if (name === host) return undefined
  if (typeof name === 'string' && context.delegates?.has(name) !== false) return name
  throw new RollcallError({
    summary: 'A task is delegated to what is no host of the inventory',
    detail: typeof name === 'string' ? `'${name}'` : `delegateTo gave ${String(chosen)}`,
    fix: `Give a host of the fleet, as in delegateTo: ({ fleet }) => fleet.host('…'), or '${controller}'.`,
    ...(at && { at }),
  })
}

/**
 * A host of a play, acting on another one: what is read, changed and remembered is the other's, while the closures, the results
 * and what becomes of it in the play are its own.
 */
export function actingOn(playHost: PlayHost, on: HostState): PlayHost {
  const { state: own } = playHost
  const state = Object.create(on, {
    host: { value: own.host },
    status: { get: () => own.status, set: (status: HostState['status']) => (own.status = status) },
    counts: { value: own.counts },
    window: { get: () => on.window, set: (window: number) => (on.window = window) },
    readsAlone: { get: () => on.readsAlone, set: (alone: boolean) => (on.readsAlone = alone) },
  }) as HostState
  return { ...playHost, state, evaluations: new Map(), prepared: new Map() }
}

/** Records on the task's own host what handlers it will owe, before anything changes on another one. */
export async function recordOwed(context: PlayContext, { state }: PlayHost, task: TaskRecord, as: As): Promise<void> {
  const owed = task.notify.filter(({ id }) => !state.pending.has(id, as))
  const { writer } = state.access
  if (!writer || owed.length === 0) return
  const [reply] = await writer.apply(as, [recordPending(state.access.userOf(as), recordsOf(state, owed), context.playbook, context.now())])
  if (reply?.code !== 0)
    throw new RollcallError({
      summary: cannotRecord,
      detail: decode(reply?.stderr ?? new Uint8Array()).trim(),
      host: state.host.name,
    })
  for (const { id } of owed) state.pending.add(id, as, context.now().toISOString())
}

/** After a change on another machine, which may be this one under another name. */
export function forgetAfter(context: PlayContext, playHost: PlayHost, delegate: string): void {
  discard(playHost.state)
  if (delegate !== controller) return
  for (const { state } of context.hosts.values()) if (state.host.connection.type === 'local') discard(state)
}

/** A host that only tasks of others act on does not answer: those tasks fail, their hosts are well. */
export function deadDelegate({ details }: UnreachableError, delegate: string): RollcallError {
  return new RollcallError({
    summary: `The host that the task is delegated to cannot be reached: ${delegate}`,
    detail: details.detail ?? details.summary,
    ...(details.fix !== undefined && { fix: details.fix }),
  })
}
