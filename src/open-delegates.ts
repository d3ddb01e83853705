import { openHost } from './connect.ts'
import { controller, type Delegates } from './engine/delegate.ts'
import { type Holding, openLock } from './engine/host-lock.ts'
import { type HostState, openHostState } from './engine/host-state.ts'
import type { HostRecord, InventoryModel } from './model/inventory.ts'
import type { States } from './open-states.ts'

/** What each delegate needs: targets are open already, other hosts are opened when a task first acts on them. */
export interface DelegateOptions {
  /** Its inventory grows by hosts that tasks add. */
  readonly roster: { readonly inventory: InventoryModel }
  readonly states: Pick<States, 'onHosts'>
  readonly check: boolean
  readonly open?: typeof openHost | undefined
  readonly holding?: Holding | undefined
}

/** The machine itself, for inventories that have no host of its name. */
const machine: HostRecord = { name: controller, groups: [], vars: {}, connection: { type: 'local' } }

/** Hosts that tasks of a run are delegated to. */
export function openDelegates({
  roster,
  states,
  check,
  open = openHost,
  holding,
}: DelegateOptions): Delegates & { close(): Promise<void> } {
  const hostOf = (name: string) => roster.inventory.hosts.get(name) ?? (name === controller ? machine : undefined)
  const opened = new Map<string, Promise<HostState>>()
  return {
    has: (name) => hostOf(name) !== undefined,
    open: (name) => {
      const target = states.onHosts.get(name)
      if (target) return Promise.resolve(target)
      const known = opened.get(name)
      if (known) return known
      const host = hostOf(name)!
      const opening = open(host, { check }).then((access) =>
        openHostState(
          host,
          access,
          check,
          host.connection.type === 'local' ? { onController: true } : { lock: holding && openLock(holding, false) },
        ),
      )
      opened.set(name, opening)
      // Whoever comes later may find it up again.
      opening.catch(() => opened.delete(name))
      return opening
    },
    close: async () => {
      const all = await Promise.allSettled(opened.values())
      await Promise.all(all.map((one) => (one.status === 'fulfilled' ? one.value.access.close() : undefined)))
    },
  }
}
