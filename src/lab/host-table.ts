import { requireHost } from './state.ts'
import type { LabHost, LabHostState, ProcessId } from './types.ts'

/** The hosts of a lab as its supervisor knows them, and a way to wait for what lab-init tells of them. */
export interface HostTable {
  all(): readonly LabHostState[]
  has(name: string): boolean
  /** @throws RollcallError when there is none of this name. */
  get(name: string): LabHostState
  /** Enters a host that has not booted yet. */
  add(host: LabHost): void
  markRunning(name: string, init: ProcessId): void
  markStopped(name: string, reason?: string): void
  /** Without effect when the host has booted again since. */
  markAnswered(name: string, init: ProcessId): void
  /** Resolves at the next change of this host that satisfies `wanted`. */
  next(name: string, wanted?: (host: LabHostState) => boolean): Promise<void>
}

/** `publish` is called after each change. */
export function hostTable(publish: (hosts: readonly LabHostState[]) => void): HostTable {
  const hosts = new Map<string, LabHostState>()
  const waiters = new Set<(host: LabHostState) => void>()
  const set = (host: LabHostState) => {
    hosts.set(host.name, host)
    publish([...hosts.values()])
    for (const waiter of waiters) waiter(host)
  }
  const table: HostTable = {
    all: () => [...hosts.values()],
    has: (name) => hosts.has(name),
    get: (name) => requireHost(table.all(), name),
    add: ({ name, address, kind }) => set({ name, address, kind, state: 'stopped' }),
    markRunning(name, init) {
      const { address, kind } = table.get(name)
      set({ name, address, kind, state: 'running', init })
    },
    markStopped(name, reason) {
      const { address, kind } = table.get(name)
      set({ name, address, kind, state: 'stopped', ...(reason !== undefined && { reason }) })
    },
    markAnswered(name, init) {
      const host = table.get(name)
      if (host.init?.pid === init.pid && host.init.startTime === init.startTime) set({ ...host, answered: true })
    },
    next: (name, wanted = () => true) =>
      new Promise((resolve) => {
        const waiter = (host: LabHostState) => {
          if (host.name !== name || !wanted(host)) return
          waiters.delete(waiter)
          resolve()
        }
        waiters.add(waiter)
      }),
  }
  return table
}
