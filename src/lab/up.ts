import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { RollcallError } from '../model/errors.ts'
import { withLock } from '../util/lock.ts'
import { request } from './control.ts'
import { ensureImage } from './image.ts'
import { subnetOf } from './network.ts'
import { builtProgram, factsFolder, requireStatesFolder, stateFolder } from './paths.ts'
import { requireLabCapable } from './probe.ts'
import { isAlive, sleep } from './process.ts'
import { readState, requireState } from './state.ts'
import type { SupervisorSettings } from './supervise.ts'
import type { SupervisorGreeting } from './supervisor.ts'
import { installTools, labTools, toolEnvironment } from './tools.ts'
import type { LabHost, LabId, LabState, Progress } from './types.ts'
import { waitForSsh } from './wait.ts'

export interface UpOptions {
  readonly progress?: Progress
  /** The lab ends by itself after this time; 8 hours. */
  readonly lifetimeMs?: number
  /** Whether to wait until the hosts that were started let users in; true. */
  readonly wait?: boolean
}

const silent: Progress = () => {}

async function startSupervisor(lab: LabId, settings: SupervisorSettings): Promise<void> {
  const folder = stateFolder(lab)
  // What a supervisor that was killed has left.
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const log = openSync(join(folder, 'supervisor.log'), 'a', 0o600)
  const child = spawn(process.execPath, [settings.program], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    cwd: folder,
    env: toolEnvironment(),
  })
  child.send(settings)
  const greeting = await Promise.race([
    once(child, 'message').then(([message]) => message as SupervisorGreeting),
    once(child, 'exit').then(
      ([code]): SupervisorGreeting => ({ error: { summary: 'The supervisor of the lab ended at once', detail: `exit code ${code}` } }),
    ),
  ])
  if (child.connected) child.disconnect()
  child.unref()
  if ('ready' in greeting) return
  rmSync(folder, { recursive: true, force: true })
  throw new RollcallError(greeting.error)
}

/** The hosts that are running as wanted, or were stopped on purpose: nothing is to be done about them. */
function isPresent(state: LabState, host: LabHost): boolean {
  return state.hosts.some((known) => known.name === host.name && known.address === host.address && known.kind === host.kind)
}

/**
 * Sees to it that a lab with these hosts is up, doing whatever is not done yet: tools, image, supervisor, hosts. Costs
 * a millisecond when it is. A host that was stopped stays stopped.
 * @throws RollcallError when this machine cannot have a lab, or the running one contradicts the inventory.
 */
export async function up(lab: LabId, hosts: readonly LabHost[], options: UpOptions = {}): Promise<LabState> {
  const progress = options.progress ?? silent
  subnetOf(hosts)
  const running = readState(lab)
  if (running === undefined || !hosts.every((host) => isPresent(running, host)))
    await bring(lab, hosts, options.lifetimeMs ?? 8 * 3600_000, progress)
  const state = requireState(lab)
  if (options.wait === false) return state
  // Also those that another process has started and still waits for, or that are rebooting.
  const silentHosts = state.hosts.filter((host) => host.state === 'running' && host.answered === undefined).map((host) => host.name)
  if (silentHosts.length === 0) return state
  progress(`waiting for SSH on ${silentHosts.join(', ')}`)
  await waitForSsh(lab, silentHosts)
  return requireState(lab)
}

/** Starts what is missing, whoever else does so at the same time. */
async function bring(lab: LabId, hosts: readonly LabHost[], lifetimeMs: number, progress: Progress): Promise<void> {
  // Before anything is written: what is missing shall be said, and not be met half-way.
  if (process.getuid?.() !== 0) await requireLabCapable()
  requireStatesFolder()
  await withLock(
    `${stateFolder(lab)}.lock`,
    () => progress('waiting: another process is starting the lab'),
    async () => {
      if (readState(lab) === undefined) {
        if (process.getuid?.() === 0) await installTools(labTools, progress)
        await requireLabCapable()
        const image = await ensureImage(progress)
        progress(`starting lab ${lab.name}`)
        await startSupervisor(lab, { name: lab.name, image, hosts, lifetimeMs, program: builtProgram('lab-supervisor') })
      }
      const state = requireState(lab)
      const missing = hosts.filter((host) => !state.hosts.some((known) => known.name === host.name))
      if (missing.length > 0) progress(`booting ${missing.map((host) => host.name).join(', ')}`)
      await request(state, { verb: 'hosts', hosts }, progress)
    },
  )
}

/** Ends a lab with all in it, and returns whether there was one. When this returns, nothing of it is left. */
export async function down(lab: LabId): Promise<boolean> {
  const state = readState(lab)
  const folder = stateFolder(lab)
  if (state === undefined) {
    const stale = existsSync(folder)
    rmSync(folder, { recursive: true, force: true })
    return stale
  }
  // A supervisor that does not answer any more is killed; its lab ends with it.
  await request(state, { verb: 'down' }, silent).catch(() => process.kill(state.supervisor.pid, 'SIGTERM'))
  const deadline = Date.now() + 10_000
  while (isAlive(state.supervisor) && Date.now() < deadline) await sleep(10)
  if (isAlive(state.supervisor)) process.kill(state.supervisor.pid, 'SIGKILL')
  rmSync(folder, { recursive: true, force: true })
  return true
}

/** Makes a host really unreachable, as when its power is cut: its disk stays, its processes and its network interface are gone. */
export async function stopHost(lab: LabId, host: string): Promise<void> {
  await request(requireState(lab), { verb: 'stop', host }, silent)
}

/** Boots a stopped host from its disk; nothing when it runs. */
export async function startHost(lab: LabId, host: string, options: Pick<UpOptions, 'wait'> = {}): Promise<void> {
  const started = await request(requireState(lab), { verb: 'start', host }, silent)
  if (options.wait ?? true) await waitForSsh(lab, started)
}

/** Gives the hosts (all, or those named) a pristine disk and boots them, stopped ones too. Names, addresses and keys stay. */
export async function reset(lab: LabId, options: Pick<UpOptions, 'wait'> & { readonly hosts?: readonly string[] } = {}): Promise<void> {
  const started = await request(requireState(lab), { verb: 'reset', hosts: options.hosts }, silent)
  for (const host of options.hosts ?? ['']) rmSync(join(factsFolder(lab), host), { recursive: true, force: true })
  if (options.wait ?? true) await waitForSsh(lab, started)
}
