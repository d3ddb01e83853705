import { type ConnectOptions, openHost } from './connect.ts'
import type { Gathered } from './engine/gather-facts.ts'
import type { HostAccess } from './engine/host-access.ts'
import { type Holding, openLock } from './engine/host-lock.ts'
import { type HostState, onController, openHostState, openTogether } from './engine/host-state.ts'
import { noAccess } from './engine/no-access.ts'
import type { LocalSettings } from './model/inventory.ts'
import type { OpenedPlaybook } from './open-playbook.ts'

/** The targets of a run, by where tasks for them run. A target that cannot be reached is in neither. */
export interface States {
  readonly onHosts: ReadonlyMap<string, HostState>
  /** For plays with `connection: 'local'`: the same hosts, the same counts, another machine. */
  readonly onController: ReadonlyMap<string, HostState>
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
  const isLocal = (name: string) => hosts.get(name)!.connection.type === 'local'
  const together = contacted.filter(isLocal).length + local.size > 1 ? openTogether(check) : undefined

  const onHosts = new Map(
    contacted.map((name) => {
      const options = isLocal(name) ? { together, onController: true } : { lock: holding && openLock(holding, true) }
      return [name, openHostState(hosts.get(name)!, access.get(name)!, check, options)]
    }),
  )
  const opened: HostAccess[] = []
  const there = new Map<string, HostState>()
  for (const [name, connection] of local) {
    const host = hosts.get(name)!
    const way = await openHost({ ...host, connection }, { check, becomePassword }).catch(async (error: unknown) => {
      await Promise.all(opened.map((one) => one.close()))
      throw error
    })
    opened.push(way)
    there.set(name, onController(onHosts.get(name) ?? openHostState(host, noAccess, check), way, check, together))
  }
  return {
    onHosts,
    onController: there,
    close: async () => {
      await Promise.all(opened.map((way) => way.close()))
    },
  }
}
