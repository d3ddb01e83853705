import { openHost } from './connect.ts'
import { noMemory } from './engine/fact-memory.ts'
import { usualTimeout } from './engine/fact-wishes.ts'
import { type Gathered, type GatherRequest, gatherFacts } from './engine/gather-facts.ts'
import { openFactMemory } from './fact-memory.ts'
import type { Becoming } from './model/become.ts'
import type { HostRecord, InventoryModel } from './model/inventory.ts'
import { startLab } from './start-lab.ts'
import { unlockSecrets } from './unlock-secrets.ts'
import type { Secret } from './util/secret.ts'

export interface AskRequest extends Pick<GatherRequest, 'hosts' | 'targets' | 'wishes' | 'forks'> {
  readonly inventory: InventoryModel
  readonly inventoryPath: string
  /** All hosts outside the targets have so many seconds together; default 10. */
  readonly timeoutSeconds?: number | undefined
  /** In check mode the ways that are opened cannot write. */
  readonly check: boolean
  /** Hosts on which tasks will become another user: see {@link ConnectOptions}. */
  readonly becoming?: ReadonlyMap<string, Becoming>
  /** As {@link ConnectOptions} has it. */
  readonly becomePassword?: Secret | undefined
  readonly progress: (line: string) => void
  /** Facts are neither looked up in the memory nor kept there: of a host that may be another one of the same name. */
  readonly forget?: boolean
  /** How a host is reached; default is as its inventory says. */
  readonly open?: typeof openHost | undefined
}

/** Starts the lab where it is needed and asks hosts for their facts: the one way to real hosts of every command. */
export async function askHosts({
  inventory,
  inventoryPath,
  check,
  becoming,
  becomePassword,
  progress,
  timeoutSeconds = usualTimeout,
  forget = false,
  open = openHost,
  ...asked
}: AskRequest): Promise<Gathered> {
  await unlockSecrets() // A missing identity ends here, before any host is contacted.
  await startLab(inventory, asked.hosts, progress)
  const memory = forget || asked.wishes.size === 0 ? noMemory : await openFactMemory(inventoryPath, inventory)
  // Many may be down, and no task needs them: one attempt each.
  const retries = (host: HostRecord) => (asked.targets.has(host.name) ? {} : { usualRetries: 0 })
  const way = (host: HostRecord) => open(host, { check, becomes: becoming?.get(host.name), becomePassword, ...retries(host) })
  return gatherFacts({ ...asked, memory, deadlineMs: timeoutSeconds * 1000, open: way, now: Date.now })
}
