import { matchPattern } from '../engine/limit.ts'
import { limitFiles } from '../limit-files.ts'
import { type ErrorDetails, RollcallError, UnreachableError } from '../model/errors.ts'
import type { HostRecord } from '../model/inventory.ts'
import { type InventoryRequest, openInventory } from '../open-inventory.ts'
import { unlockSecrets } from '../unlock-secrets.ts'
import { limitConcurrency } from '../util/concurrency.ts'
import { keptHere, removeHere } from './controller.ts'
import { type HostCleanup, openCleanup } from './hosts.ts'
import type { Kept, Kind } from './kept.ts'

export interface CleanupRequest extends InventoryRequest {
  /** Which hosts; default all. */
  readonly pattern?: string
  readonly hosts: boolean
  readonly controller: boolean
  /** Default all. */
  readonly only?: readonly Kind[]
  readonly clearPending: boolean
  readonly forks: number
  /** Asked once with what would be removed; without it nothing is. */
  readonly confirm?: (going: readonly Kept[]) => Promise<boolean>
}
export interface Cleaned {
  readonly kept: readonly Kept[]
  /** What was removed, or would be: neither in use nor owed. */
  readonly removable: readonly Kept[]
  readonly removed: boolean
  /** Hosts that could not be looked at, or only in part. */
  readonly failures: readonly {
    readonly host: string
    readonly outcome: 'unreachable' | 'failed' | 'partly'
    readonly error: ErrorDetails
  }[]
  /** Lab hosts where no lab is up: they keep nothing. */
  readonly down: readonly string[]
}

/**
 * Lists what Rollcall keeps on hosts and on this machine, and removes it where `confirm` agrees. What a run or a lab in
 * progress uses stays; so do handlers that are owed, unless they are to be cleared.
 * @throws RollcallError (exit 1) for a pattern that names an unknown host or group.
 */
export async function cleanup(request: CleanupRequest): Promise<Cleaned> {
  const failures: Cleaned['failures'][number][] = []
  const open: HostCleanup[] = []
  const { asked, down } = request.hosts ? await hostsOf(request) : { asked: [], down: [] }
  if (asked.length > 0) await unlockSecrets()
  const fail = (host: string, error: unknown) => {
    if (!(error instanceof RollcallError)) throw error
    failures.push({ host, outcome: error instanceof UnreachableError ? 'unreachable' : 'failed', error: error.details })
  }
  const together = limitConcurrency(request.forks)
  try {
    const here = request.controller ? await keptHere(request.root) : []
    const look = async (host: HostRecord) => void open.push(await openCleanup(host, request.confirm !== undefined))
    await Promise.all(asked.map((host) => together(() => look(host).catch((error: unknown) => fail(host.name, error)))))
    for (const { host, rootUnseen } of open) if (rootUnseen) failures.push({ host, outcome: 'partly', error: rootUnseen })
    const order = new Map(asked.map(({ name }, at) => [name, at]))
    open.sort((a, b) => order.get(a.host)! - order.get(b.host)!)
    const wanted = ({ kind }: Kept) => request.only === undefined || request.only.includes(kind)
    // A host that is this machine keeps what this machine keeps; it is told once.
    const local = new Set(asked.filter(({ connection }) => connection.type === 'local').map(({ name }) => name))
    const twice = new Set(open.flatMap(({ host, kept: there }) => (local.has(host) ? there.map(({ path }) => path) : [])))
    const kept = [
      ...here.filter(({ path }) => !twice.has(path)),
      ...open.flatMap(({ kept: there }) => there.map(({ as: _, ...item }) => item)),
    ].filter(wanted)
    const removable = kept.filter(({ kind, inUse }) => inUse === undefined && (kind !== 'pending' || request.clearPending))
    const removed = removable.length > 0 && ((await request.confirm?.(removable)) ?? false)
    if (removed) {
      await removeHere(
        request.root,
        removable.filter(({ host }) => host === undefined),
      )
      await Promise.all(
        open.map((host) =>
          host.remove(removable.filter((item) => item.host === host.host)).catch((error: unknown) => fail(host.host, error)),
        ),
      )
    }
    return { kept, removable, removed, failures, down }
  } finally {
    await Promise.all(open.map((host) => host.close()))
  }
}

/** Where no lab is up, its hosts are not there; none is started to look for what it keeps. */
async function hostsOf(request: CleanupRequest): Promise<{ asked: readonly HostRecord[]; down: readonly string[] }> {
  const { model } = await openInventory(request)
  const chosen = matchPattern(request.pattern ?? 'all', model, 'The pattern', limitFiles(request.root)).map(
    (name) => model.hosts.get(name)!,
  )
  const inLab = chosen.filter(({ connection }) => connection.type === 'lab')
  if (inLab.length === 0) return { asked: chosen, down: [] }
  const { defaultLab, status } = await import('../lab/index.ts')
  if (status(defaultLab()) !== undefined) return { asked: chosen, down: [] }
  return { asked: chosen.filter((host) => !inLab.includes(host)), down: inLab.map(({ name }) => name) }
}
