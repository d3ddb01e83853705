import { type ConnectOptions, openHost } from './connect.ts'
import type { Gathered } from './engine/gather-facts.ts'
import type { HostAccess } from './engine/host-access.ts'
import { type Holding, openLock } from './engine/host-lock.ts'
import { type HostState, onController, openHostState, openTogether, sharing } from './engine/host-state.ts'
import { noAccess } from './engine/no-access.ts'
import type { SelectedPlay } from './engine/select.ts'
import type { HostRecord, LocalSettings } from './model/inventory.ts'
import type { OpenedPlaybook } from './open-playbook.ts'

/** The targets of a run, by where tasks for them run. A target that cannot be reached is in neither. */
export interface States {
  readonly onHosts: ReadonlyMap<string, HostState>
  /** For plays with `connection: 'local'`: the same hosts, the same counts, another machine. */
  readonly onController: ReadonlyMap<string, HostState>
  /** Opens what is not open of hosts that were added and that a play is about to begin on. */
  readonly take: (play: SelectedPlay, hosts: readonly HostRecord[], access: Gathered['access']) => Promise<void>
  /** Says of an added host that it does not answer: no play comes to it any more, and it may count as unreachable. */
  readonly lose: (name: string, counts: boolean) => void
  readonly lost: (name: string) => boolean
  /** Closes the ways to the controller; those to hosts belong to who opened them. */
  close(): Promise<void>
}

/** Opens what the engine knows of each target. */
export async function openStates(
  { playbook, selection }: Pick<OpenedPlaybook, 'playbook' | 'selection'>,
  { access, failures }: Pick<Gathered, 'access' | 'failures'>,
  { check, becomePassword }: Pick<ConnectOptions, 'check' | 'becomePassword'>,
  holding?: Holding,
): Promise<States> {
  const { hosts } = playbook.inventory.model
  const down = new Set(selection.contacted.filter((name) => failures.has(name) || !access.has(name)))
  const contacted = selection.contacted.filter((name) => !down.has(name))
  const local = new Map<string, LocalSettings>()
  for (const { play, hosts: names } of selection.plays)
    if (play.connection) for (const name of names) if (!down.has(name)) local.set(name, { ...local.get(name), ...play.connection })
  // Two hosts that are the controller share what is on it, however they came to be it.
  const isLocal = ({ connection }: HostRecord) => connection.type === 'local'
  const here = contacted.filter((name) => isLocal(hosts.get(name)!)).length + local.size
  // Of hosts that tasks add nobody knows yet whether they are the controller.
  const together = here > 1 || selection.plays.some(({ grows }) => grows) ? openTogether(check) : undefined

  const onHost = (host: HostRecord, way: HostAccess) =>
    openHostState(host, way, check, isLocal(host) ? { together, onController: true } : { lock: holding && openLock(holding, true) })
  const onHosts = new Map(contacted.map((name) => [name, onHost(hosts.get(name)!, access.get(name)!)]))
  const opened: HostAccess[] = []
  const there = new Map<string, HostState>()
  const close = async () => {
    await Promise.all(opened.map((way) => way.close()))
  }
  const openThere = async (host: HostRecord, connection: LocalSettings) => {
    const way = await openHost({ ...host, connection }, { check, becomePassword })
    opened.push(way)
    there.set(host.name, onController(onHosts.get(host.name) ?? openHostState(host, noAccess, check), way, check, together))
  }
  try {
    for (const [name, connection] of local) await openThere(hosts.get(name)!, connection)
  } catch (error) {
    await close()
    throw error
  }
  const lost = new Set<string>()
  const grownLocal = selection.plays.flatMap(({ play, grows }) => (grows && play.connection ? [play.connection] : []))
  return {
    onHosts,
    onController: there,
    take: async ({ play }, added, ways) => {
      for (const host of added) {
        const { name } = host
        if (play.connection) {
          if (!there.has(name)) await openThere(host, Object.assign({}, ...grownLocal))
          continue
        }
        const way = ways.get(name)
        if (onHosts.has(name) || !way) continue
        const state = onHost(host, way)
        const known = there.get(name)
        onHosts.set(name, known ? sharing(state, known) : state)
      }
    },
    lose: (name, counts) => {
      lost.add(name)
      const state = there.get(name)
      if (!state || !counts) return
      state.status = 'unreachable'
      state.counts.unreachable += 1
    },
    lost: (name) => lost.has(name),
    close,
  }
}
